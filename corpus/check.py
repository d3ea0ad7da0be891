"""Build one extension of the original corpus with a given interpreter and run its behaviour tests.

    python corpus/check.py csvlite
    python corpus/check.py csvlite --python /path/to/python3.9 --source build/migrated-csvlite

The compiler is called directly with the flags of the target interpreter, so an interpreter
without setuptools serves too.  What to compile stands in `corpus.toml` beside the sources; the
`setup.py` there says the same to setuptools.  Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

CORPUS = Path(__file__).resolve().parent

WARNINGS = (
    "-Wall",
    "-Wextra",
    "-Wno-unused-parameter",
    "-Wno-missing-field-initializers",
    "-Wno-cast-function-type",
)
"""Warnings that hand-written extensions are held to; the C API itself fails the rest."""

_ASK = """
import json, sysconfig
get = sysconfig.get_config_var
print(json.dumps({"cc": get("CC"), "ldshared": get("LDSHARED"), "suffix": get("EXT_SUFFIX"),
                  "ccshared": get("CCSHARED"), "include": sysconfig.get_paths()["include"]}))
"""


class CorpusError(Exception):
    """A mistake in the request or a failed build, told in a line or with the compiler's words."""


@dataclass(frozen=True)
class Extension:
    """One shared library to build: its import name, and paths relative to the corpus folder."""

    name: str
    sources: tuple[str, ...]
    include: tuple[str, ...] = ()
    define: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What the behaviour tests said: the result of each test id, and the whole output."""

    returncode: int
    output: str
    results: dict[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the run succeeded and at least one test ran."""
        return self.returncode == 0 and bool(self.results)


def names() -> list[str]:
    """Return the names of the original extensions, sorted."""
    return sorted(path.parent.name for path in CORPUS.glob("*/corpus.toml"))


def folder(name_or_dir: str | os.PathLike[str]) -> Path:
    """Return the folder of a corpus extension, given by its name or as a folder.

    Raises:
        CorpusError: there is no `corpus.toml` in it.
    """
    for candidate in (CORPUS / name_or_dir, Path(name_or_dir)):
        if (candidate / "corpus.toml").is_file():
            return candidate.resolve()
    raise CorpusError(
        f"no corpus extension {os.fspath(name_or_dir)!r}; known: {', '.join(names())}"
    )


def extensions(directory: Path) -> list[Extension]:
    """Read the `corpus.toml` of a corpus folder."""
    entries = tomllib.loads((directory / "corpus.toml").read_text(encoding="utf-8"))["extension"]
    return [
        Extension(
            name=entry["name"],
            sources=tuple(entry["sources"]),
            include=tuple(entry.get("include", ())),
            define=tuple((key, value or None) for key, value in entry.get("define", {}).items()),
        )
        for entry in entries
    ]


def build(
    name_or_dir: str | os.PathLike[str],
    interpreter: str | os.PathLike[str] = sys.executable,
    out_dir: str | os.PathLike[str] = ".",
    *,
    werror: bool = True,
    cflags: Sequence[str] = (),
) -> Path:
    """Compile every extension of a corpus folder for `interpreter` into `out_dir`; return that.

    Raises:
        CorpusError: unknown name, no such interpreter, or a compiler message.
    """
    directory = folder(name_or_dir)
    target = Path(out_dir).resolve()
    target.mkdir(parents=True, exist_ok=True)
    config = _ask(interpreter)
    strict = [*WARNINGS, "-Werror"] if werror else ["-Wall"]
    for extension in extensions(directory):
        defines = [
            f"-D{key}" if value is None else f"-D{key}={value}" for key, value in extension.define
        ]
        includes = [f"-I{path}" for path in (config["include"], *extension.include)]
        library = target / (extension.name + (config["suffix"] or ".so"))
        _run(
            [
                *shlex.split(config["ldshared"] or f"{config['cc']} -shared"),
                *shlex.split(config["ccshared"] or "-fPIC"),
                "-O1",
                "-g",
                *strict,
                *cflags,
                *defines,
                *includes,
                *extension.sources,
                "-o",
                str(library),
            ],
            directory,
        )
    return target


def run_behaviour(
    name_or_dir: str | os.PathLike[str],
    interpreter: str | os.PathLike[str],
    build_dir: str | os.PathLike[str],
    *,
    timeout: float = 120,
) -> Outcome:
    """Run `behaviour.py` of a corpus folder against the libraries in `build_dir`.

    The tests run from a copy in an empty folder, so that no stray library beside the sources is
    loaded in place of the built one.
    """
    script = folder(name_or_dir) / "behaviour.py"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment["PYTHONPATH"] = str(Path(build_dir).resolve())
    with tempfile.TemporaryDirectory(prefix="behaviour-") as scratch:
        shutil.copy(script, scratch)
        try:
            done = subprocess.run(
                [os.fspath(interpreter), "-B", "behaviour.py", "-v"],
                cwd=scratch,
                env=environment,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Outcome(124, f"no result after {timeout} seconds")
    output = done.stdout + done.stderr
    return Outcome(done.returncode, output, _results(done.stderr))


def _results(log: str) -> dict[str, str]:
    """Read `test id -> ok | FAIL | ERROR | skipped ...` from the log of a verbose unittest run."""
    found = re.finditer(r"^(test\w+) \(([\w.]+)\)(?:\n[^\n]*)?? \.\.\. (.*)$", log, re.MULTILINE)
    return {f"{match[2].removesuffix('.' + match[1])}.{match[1]}": match[3] for match in found}


def _ask(interpreter: str | os.PathLike[str]) -> dict[str, str | None]:
    """Return what the target interpreter's sysconfig says about building extensions."""
    try:
        done = subprocess.run(
            [os.fspath(interpreter), "-c", _ASK], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise CorpusError(f"cannot run {os.fspath(interpreter)}: {error.strerror}") from error
    if done.returncode:
        raise CorpusError(f"{os.fspath(interpreter)} is no usable Python: {done.stderr.strip()}")
    answer: dict[str, str | None] = json.loads(done.stdout)
    return answer


def _run(command: list[str], directory: Path) -> None:
    """Run the compiler in `directory`; raise CorpusError with what it said if it fails or warns."""
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CorpusError(f"cannot run {command[0]}: {error.strerror}") from error
    if done.returncode:
        raise CorpusError(f"{shlex.join(command)}\n{done.stderr}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Build and check what the command line names; return the exit status."""
    parser = argparse.ArgumentParser(
        description="Build a corpus extension and run its behaviour tests."
    )
    parser.add_argument("name", help=f"one of: {', '.join(names())}")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to build for")
    parser.add_argument("--source", help="a folder to build in place of corpus/NAME")
    parser.add_argument("--no-werror", action="store_true", help="let compiler warnings pass")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="corpus-") as scratch:
            source = options.source or options.name
            build(source, options.python, scratch, werror=not options.no_werror)
            outcome = run_behaviour(options.name, options.python, scratch)
    except CorpusError as error:
        print(f"check.py: {error}", file=sys.stderr)
        return 2
    print(outcome.output, end="")
    print(
        f"{options.name}: {'passed' if outcome.passed else 'FAILED'}, {len(outcome.results)} tests"
    )
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
