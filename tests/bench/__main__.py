"""CPU time and memory of `migrate --dry-run --no-compile` beside `gcc -fsyntax-only`.

    python tests/bench --source CPYTHON_3_9_TREE [--include DIR] [--runs N]

Takes every single-phase C file of the tree's ``Modules`` that gcc accepts against 3.9 headers, and
measures both on the same files in the same run: gcc once a file, the tool once in one process.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
from pathlib import Path

_LEGACY = re.compile(rb"\bPyModule_Create2?\s*\(")
_DRIVER = """
import resource, sys
from pathlib import Path
from isolate_ext.app.migrate import migrate
from isolate_ext.app.options import MigrateOptions
paths = [Path(line) for line in sys.stdin.read().split("\\n") if line]
for path in paths:
    migrate(MigrateOptions(paths=(path,), dry_run=True, compile=False, allow_dirty=True))
usage = resource.getrusage(resource.RUSAGE_SELF)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""


def chosen(source: Path, include: Path) -> list[Path]:
    """Single-phase files under ``Modules`` that pass ``gcc -fsyntax-only``."""
    found = []
    for path in sorted((source / "Modules").rglob("*.c")):
        if _LEGACY.search(path.read_bytes()) and _gcc(path, source, include) == 0:
            found.append(path)
    return found


def _gcc(path: Path, source: Path, include: Path) -> int:
    folders = (include, include / "internal", source / "Modules", source / "Include/internal")
    flags = ["-fsyntax-only", "-w", "-DPy_BUILD_CORE_MODULE", *(f"-I{each}" for each in folders)]
    command = ["gcc", *flags, str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def gcc_seconds(files: list[Path], source: Path, include: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for path in files:
        _gcc(path, source, include)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tool_seconds(files: list[Path]) -> tuple[float, float]:
    """CPU seconds and peak memory in MB of one process over all files."""
    run = subprocess.run(
        [sys.executable, "-c", _DRIVER], input="\n".join(map(str, files)),
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": "0"},
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
    files = chosen(options.source, include)
    size = sum(path.stat().st_size for path in files)
    sys.stdout.write(f"{len(files)} files, {size / 1e6:.1f} MB\n")
    ratios = []
    for _ in range(options.runs):
        gcc = gcc_seconds(files, options.source, include)
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
