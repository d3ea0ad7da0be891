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
from mutants import real, reasons, report, subjects
from mutants.records import Records
from mutants.running import Outcome, Run
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

    run = Run(
        given.most, given.seed, given.jobs, frozenset(given.without),
        Records(given.records, given.without, given.trust), say,
    )  # fmt: skip
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        for name in given.only or (*ORIGINALS, *real.CHOSEN):
            folder = Path(scratch) / name
            try:
                for subject in _subjects(name, given, folder):
                    outcomes += run.of(subject, folder)
            except VerifyError as error:
                say(f"{name}: left out: {error.message}")
    known = reasons.load()
    outcomes = reasons.explained(outcomes, known)
    wrong = list(reasons.stale(outcomes, known))
    print(report.text(outcomes), *wrong, sep="\n")
    if not outcomes:
        return 5
    return 0 if report.share(outcomes) >= report.ENOUGH and not wrong else 4


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
    add("--without", action="append", default=[], metavar="RUNG", help="do not climb it")
    add("--records", type=Path, metavar="FILE", help="keep results there, and use those that hold")
    add("--trust", action="store_true", help="what an earlier ladder caught is not tried again")
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
