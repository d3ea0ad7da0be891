"""CPU time and memory of `migrate --dry-run --no-compile` beside `gcc -fsyntax-only`.

    python tests/bench --source CPYTHON_3_9_TREE [--include DIR] [--runs N]

Takes every single-phase C file of the tree's ``Modules`` that gcc accepts against 3.9 headers, and
measures both on the same files in the same run: gcc once a file, the tool once in one process, the
patch included.  A first run on one file is not counted: Python compiles its modules then, as it
does once after an installation.  A header that gcc does not find is looked for below the folder of
its file, and in the folders of ``/usr/include``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

Files = Mapping[Path, Sequence[str]]
"""Each file with the flags that it needs besides those of all."""

_LEGACY = re.compile(rb"\bPyModule_Create2?\s*\(")
_MISSING = re.compile(r"fatal error: (\S+): No such file")
_DEFINES = ("-DPy_BUILD_CORE_MODULE", '-DMODULE_NAME="module"', "-DCONFIG_64", "-DANSI")
"""What CPython's build defines for all of its modules, or for some and the others do not heed."""
_DRIVER = """
import json, resource, sys
from pathlib import Path
from isolate_ext.app.migrate import migrate
from isolate_ext.app.options import MigrateOptions
from isolate_ext.report.diff import patch
for path, flags in json.load(sys.stdin):
    options = MigrateOptions(
        (Path(path),), dry_run=True, compile=False, cflags=tuple(flags), allow_dirty=True
    )
    patch(migrate(options))
usage = resource.getrusage(resource.RUSAGE_SELF)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""


class Compiler:
    """``gcc -fsyntax-only`` for the modules of one tree."""

    def __init__(self, source: Path, include: Path) -> None:
        folders = (include, include / "internal", source / "Modules", source / "Include/internal")
        self._flags = (*_DEFINES, *(f"-I{each}" for each in folders))

    def run(self, path: Path, flags: Iterable[str]) -> subprocess.CompletedProcess[str]:
        command = ["gcc", "-fsyntax-only", "-w", *self._flags, *flags, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def flags_for(self, path: Path) -> tuple[str, ...] | None:
        """The folders that a file needs besides those of all; None where gcc refuses it."""
        flags: tuple[str, ...] = ()
        while (done := self.run(path, flags)).returncode:
            missing = _MISSING.search(done.stderr)
            folder = _folder_with(missing[1], path) if missing else None
            if folder is None or f"-I{folder}" in flags:
                return None
            flags = (*flags, f"-I{folder}")
        return flags


def _folder_with(header: str, source: Path) -> Path | None:
    """Where a header that gcc missed is: below the folder of the source, or in one of a library."""
    below = (each for each in sorted(source.parent.rglob("*")) if each.is_dir())
    libraries = sorted(Path("/usr/include").glob("*/"))
    return next((each for each in (*below, *libraries) if (each / header).is_file()), None)


def chosen(source: Path, compiler: Compiler) -> Files:
    """Single-phase files under ``Modules`` that pass ``gcc -fsyntax-only``, with their flags."""
    found = {}
    for path in sorted((source / "Modules").rglob("*.c")):
        if _LEGACY.search(path.read_bytes()):
            flags = compiler.flags_for(path)
            if flags is not None:
                found[path] = flags
    return found


def gcc_seconds(files: Files, compiler: Compiler) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for path, flags in files.items():
        compiler.run(path, flags)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tool_seconds(files: Files) -> tuple[float, float]:
    """CPU seconds and peak memory in MB of one process over all files."""
    given = json.dumps([(str(path), flags) for path, flags in files.items()])
    kept = {name: it for name, it in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = subprocess.run(
        [sys.executable, "-c", _DRIVER], input=given,
        capture_output=True, text=True, check=True, env={**kept, "PYTHONHASHSEED": "0"},
    )  # fmt: skip
    seconds, memory = run.stdout.split()[-2:]
    return float(seconds), float(memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="unpacked CPython 3.9 tree")
    parser.add_argument("--include", type=Path, help="include folder of a CPython 3.9")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    include = options.include or include_of_39()
    compiler = Compiler(options.source, include)
    files = chosen(options.source, compiler)
    size = sum(path.stat().st_size for path in files)
    sys.stdout.write(f"{len(files)} files, {size / 1e6:.1f} MB\n")
    tool_seconds(dict([*files.items()][:1]))
    ratios = []
    for _ in range(options.runs):
        gcc = gcc_seconds(files, compiler)
        tool, memory = tool_seconds(files)
        ratios.append(tool / gcc)
        sys.stdout.write(
            f"gcc -fsyntax-only {gcc:6.2f} s   isolate-ext {tool:6.2f} s   "
            f"ratio {tool / gcc:.2f}   peak {memory:.0f} MB\n"
        )
    sys.stdout.write(f"median ratio {statistics.median(ratios):.2f} (at most 1.5)\n")


def include_of_39() -> Path:
    from isolate_ext.project import find_interpreters

    for each in find_interpreters():
        if each.version[:2] == (3, 9) and each.include is not None:
            return Path(each.include)
    raise SystemExit("no CPython 3.9 with headers was found; name its include folder by --include")


if __name__ == "__main__":
    main()
