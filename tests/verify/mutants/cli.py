"""The command line: which extensions, how many mutants, and the table."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from isolate_ext.verify.process import VerifyError
from mutants import real, report, running, subjects
from mutants.running import Outcome
from mutants.subjects import CORPUS, Subject

ROOT = CORPUS.parent
ORIGINALS = tuple(sorted(path.parent.name for path in CORPUS.glob("*/golden")))


def main(arguments: Sequence[str]) -> int:
    """Mutate, climb and tell; 0 where enough is caught, 4 where not."""
    given = _parser().parse_args(arguments)
    printing = threading.Lock()

    def say(line: str) -> None:
        with printing:
            print(line, file=sys.stderr, flush=True)

    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        for name in given.only or (*ORIGINALS, *real.CHOSEN):
            folder = Path(scratch) / name
            try:
                for subject in _subjects(name, given, folder):
                    outcomes += running.run(
                        subject, given.most, given.seed, given.jobs, folder, say
                    )
            except VerifyError as error:
                say(f"{name}: left out: {error.message}")
    print(report.text(outcomes))
    if not outcomes:
        return 5
    return 0 if report.share(outcomes) >= report.ENOUGH else 4


def _subjects(name: str, given: argparse.Namespace, folder: Path) -> list[Subject]:
    if name in ORIGINALS:
        return subjects.original(name, given.python, folder / "subject")
    shim = given.shim or os.environ.get("ISOLATE_EXT_SHIM")
    options = real.options(
        given.cache.resolve(), Path(shim).resolve() if shim else None, given.stdlib_source
    )
    return real.subjects(name, given.python, options, folder / "subject")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    add = parser.add_argument
    add("--only", action="append", metavar="NAME", help="this extension (repeatable)")
    add("--python", default="3.13", metavar="X.Y", help="the interpreter (%(default)s)")
    add("--most", type=int, default=25, help="mutants an extension (%(default)s)")
    add("--seed", type=int, default=1, help="which ones are chosen (%(default)s)")
    add("--jobs", type=int, default=2, help="mutants at a time (%(default)s)")
    add(
        "--cache",
        type=Path,
        default=ROOT / ".cache" / "corpus",
        metavar="DIR",
        help="sdists, environments and builds, as for the corpus (%(default)s)",
    )
    add("--shim", metavar="DIR", help="as for the corpus")
    add("--stdlib-source", type=Path, metavar="DIR", help="as for the corpus")
    return parser
