"""Show the csv bug, migrate the extension that has it, and show that it is gone.

    python corpus/demo.py [--python PYTHON] [--directory .demo] [--lines 60]

Works on a copy; the corpus stays as it is.  Exits with 1 if any step went otherwise than it should.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from check import CORPUS, CorpusError, build, run_behaviour

ISOLATED = """
import sys, _interpreters as interpreters
made = [interpreters.create("isolated") for _ in range(8)]
for one in made:
    failed = interpreters.exec(one, "import csvlite; list(csvlite.reader(['a,b']))")
    if failed:
        sys.exit(failed.formatted)
print("imported in", len(made), "interpreters, each with its own GIL")
"""

IGNORED = shutil.ignore_patterns("build", "__pycache__", "*.so", "golden")


class DemoError(Exception):
    """A step of the demonstration did not go as it should."""


class Demo:
    """The steps, with the folder they work in and the interpreter they build for."""

    def __init__(self, directory: Path, python: str, lines: int) -> None:
        self.directory = directory
        self.python = python
        self.lines = lines
        self.copy = directory / "csvlite"

    def run(self) -> None:
        """Play the whole scene."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        shutil.copytree(CORPUS / "csvlite", self.copy, ignore=IGNORED)

        self.title("1. The legacy extension, imported twice in one interpreter")
        self.scene("before", caught=False)
        self.title("2. What the migration would change")
        self.preview()
        self.title("3. The migration")
        self.show(self.isolate_ext("migrate", str(self.copy), expected=0, what="the migration"))
        self.title("4. The migrated extension, imported twice in one interpreter")
        self.scene("after", caught=True)
        self.title("5. Its behaviour tests, unchanged")
        outcome = run_behaviour("csvlite", self.python, self.directory / "after")
        if not outcome.passed:
            raise DemoError(f"the behaviour tests fail after the migration\n{outcome.output}")
        print(f"{len(outcome.results)} tests passed")
        print(f"\nThe migrated source is {self.copy / 'csvlite.c'}")

    def scene(self, stage: str, *, caught: bool) -> None:
        """Build the copy as it is now and play the csv scene with it."""
        libraries = build(self.copy, self.python, self.directory / stage, werror=False)
        done = self.python_with(libraries, str(CORPUS / "csvlite" / "scene.py"))
        print(done.stdout, end="")
        if done.returncode not in (0, 1) or (done.returncode == 0) != caught:
            wanted = "to be caught" if caught else "not to be caught"
            raise DemoError(f"the error of the {stage} build was expected {wanted}\n{done.stderr}")
        self.isolated(libraries, works=caught)

    def isolated(self, libraries: Path, *, works: bool) -> None:
        """Import the extension in interpreters with their own GIL, where Python can make them."""
        probe = self.python_with(
            libraries, "-c", "import sys; sys.exit(sys.version_info < (3, 13))"
        )
        if probe.returncode:
            return
        done = self.python_with(libraries, "-c", ISOLATED)
        print((done.stdout or done.stderr).strip())
        if (done.returncode == 0) != works:
            raise DemoError(
                f"interpreters with their own GIL: {'refused' if works else 'not refused'}"
            )

    def preview(self) -> None:
        """Make the patch by a dry run, keep it in a file, and show how it begins."""
        before = (self.copy / "csvlite.c").read_bytes()
        patch = self.isolate_ext(
            "migrate", str(self.copy), "--dry-run", expected=1, what="the dry run"
        )
        if (self.copy / "csvlite.c").read_bytes() != before:
            raise DemoError("the dry run changed the source")
        if "+++ " not in patch:
            raise DemoError("the dry run printed no patch")
        (self.directory / "csvlite.patch").write_text(patch, encoding="utf-8")
        self.show(patch)

    def isolate_ext(self, *arguments: str, expected: int, what: str) -> str:
        """Run the tool, whose own words go to standard error; return its standard output."""
        tool = Path(sys.executable).with_name("isolate-ext")
        found = str(tool) if tool.exists() else shutil.which("isolate-ext")
        if found is None:
            raise DemoError("isolate-ext is not installed for this Python: pip install -e .")
        print("$", shlex.join(["isolate-ext", *arguments]), flush=True)
        done = subprocess.run([found, *arguments], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != expected:
            raise DemoError(f"{what} exited with {done.returncode}, not {expected}\n{done.stdout}")
        return done.stdout

    def python_with(self, libraries: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the target interpreter with the built libraries on its path."""
        environment = {**os.environ, "PYTHONPATH": str(libraries)}
        return subprocess.run(
            [self.python, "-B", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def show(self, text: str) -> None:
        """Print the first lines of a text, and say how many more there are."""
        lines = text.splitlines()
        print("\n".join(lines[: self.lines]))
        if len(lines) > self.lines:
            print(f"... and {len(lines) - self.lines} more lines")

    def title(self, text: str) -> None:
        """Print a heading."""
        print(f"\n{text}\n{'-' * len(text)}", flush=True)


def main() -> int:
    """Read the command line and play the demonstration."""
    parser = argparse.ArgumentParser(description="Show the csv bug before and after a migration.")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to build for")
    parser.add_argument("--directory", type=Path, default=CORPUS.parent / ".demo")
    parser.add_argument("--lines", type=int, default=60, help="how much of the patch to print")
    options = parser.parse_args()
    directory = Path(os.path.relpath(options.directory.resolve()))
    if CORPUS.is_relative_to(directory.resolve()):
        parser.error(f"{directory} contains the corpus; name a folder of its own")
    try:
        Demo(directory, options.python, options.lines).run()
    except (DemoError, CorpusError) as error:
        print(f"\ndemo.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
