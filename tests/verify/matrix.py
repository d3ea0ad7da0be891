"""All mistakes on all Pythons that are here, and their twins on every rung, many times.

    python tests/verify/matrix.py [--times 20] [--jobs 2] [--only NAME ...] [--python 3.13 ...]

Without ``--times`` every mistake must be found on every version on which it shows, and every twin
must pass all rungs once.  With it, each twin climbs all rungs that often on each version, and only
that.  ``--skip RUNG`` leaves rungs out.  Exit status 1 if anything was missed or a twin failed.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from faulty import PRESENT, Fault, climb, faults, findings, offered, slower


def main() -> int:
    """One line a mistake and version; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--python", nargs="*", default=list(PRESENT))
    parser.add_argument("--skip", nargs="*", default=[])
    options = parser.parse_args()
    work = [
        (fault, version)
        for fault in faults()
        for version in options.python
        if (options.only is None or fault.name in options.only)
    ]
    started, bad, runs = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:

        def one(item: tuple[Fault, str]) -> tuple[str, list[str]]:
            fault, version = item
            place = Path(folder) / fault.name
            rungs = [name for name in offered(version) if name not in options.skip]
            found = []
            for _ in range(options.times or 1):
                found += _twin(fault, version, place, rungs)
            if not options.times and version in fault.versions:
                found += _mistake(fault, version, place)
            return f"{version} {fault.name} (row {fault.row}, {fault.rung})", found

        for title, found in pool.map(one, work):
            bad += bool(found)
            runs += options.times or 1
            print(f"{'FAIL' if found else 'ok  '} {title}", *found, sep="\n     ", flush=True)
    print(
        f"{len(work)} pairs, {runs} climbs of twins, {bad} bad, {time.monotonic() - started:.0f} s"
    )
    return 1 if bad else 0


def _twin(fault: Fault, version: str, place: Path, rungs: list[str]) -> list[str]:
    twin = findings(None, climb(fault, version, place, rungs=rungs), version)
    return [f"twin: {rung}: {line}" for rung, lines in twin.items() for line in lines]


def _mistake(fault: Fault, version: str, place: Path) -> list[str]:
    twin = climb(fault, version, place, rungs=fault.needed)
    faulty = climb(fault, version, place, "FAULTY", rungs=fault.needed)
    problems = findings(twin, faulty, version)
    told = problems.get(fault.rung, ())
    if fault.rung == "cost":
        told = tuple(slower(fault, version, place))
    if any(re.search(fault.words, line) for line in told):
        return []
    return [f"missed; found instead: {problems}"]


if __name__ == "__main__":
    sys.exit(main())
