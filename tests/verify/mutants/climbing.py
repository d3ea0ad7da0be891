"""Takes a mutant up the ladder, the cheap rungs first, until one fails."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isolate_ext.report.ladder import Verdict
from isolate_ext.verify.drive import SCENES, probe
from isolate_ext.verify.judging import judge
from isolate_ext.verify.static_storage import storage
from mutants.subjects import Subject

GROUPS = (
    ("protocol", "references", "surface", "blank"),
    ("reimport", *SCENES),
    ("cycles",),
    ("shared-gil",),
    ("own-gil",),
)
CYCLES = 64
NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True)
class Caught:
    """The rung that fails, and its first line; both empty for a survivor."""

    rung: str = ""
    problem: str = ""


SURVIVES = Caught()


class Climber:
    """Climbs with the libraries of one extension; ``before`` is the original's climb.

    ``groups`` of rungs run in turn.  ``unjudged`` are the problems that the build without a
    mistake has already, by rung.
    """

    def __init__(self, subject: Subject, groups: Sequence[Sequence[str]] = GROUPS) -> None:
        self.subject = subject
        self.groups = groups
        self.before: dict[str, Any] = {}
        if subject.before is not None:
            self.before = self._probe(subject.before, self._rungs(), subject.skip, None)
        self.unjudged = dict(self._failing(subject.after))
        self._known = {_plain(line) for lines in self.unjudged.values() for line in lines}

    def climb(self, library: Path) -> Caught:
        """The first rung of all that fails with a problem of its own."""
        for name, problems in self._failing(library):
            for line in problems:
                if _plain(line) not in self._known:
                    return Caught(name, line)
        return SURVIVES

    def _failing(self, library: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
        """(rung, problems), one rung after the other, as far as it is asked for."""
        binary = storage(None, library, self.subject.own)
        if binary.verdict is Verdict.FAILS:
            yield binary.name, binary.problems
        skip = self.before["skip"] if self.before else self.subject.skip
        done: dict[str, Any] = {"rungs": {}, "crashes": [], "skip": skip, "only": None}
        for group in self.groups:
            names = [name for name in group if name in self._rungs()]
            if names:
                more = self._probe(library, names, done["skip"], done["only"])
                done = {**more, "rungs": {**done["rungs"], **more["rungs"]}}
                verdict = judge(self.before or None, done, self.subject.version, names)
                for rung in verdict.rungs:
                    if rung.verdict is Verdict.FAILS:
                        yield rung.name, rung.problems

    def _rungs(self) -> list[str]:
        own = self.subject.version >= (3, 13)
        return [name for group in self.groups for name in group if own or name != "own-gil"]

    def _probe(
        self, library: Path, rungs: Sequence[str], skip: Sequence[str], only: Sequence[str] | None
    ) -> dict[str, Any]:
        subject = self.subject
        return probe(
            library,
            subject.python,
            module=subject.module,
            sys_path=subject.sys_path,
            prefixes=(subject.module,),
            companions=subject.companions,
            workload=subject.workload,
            skip=skip,
            only=only,
            rungs=rungs,
            cycles=CYCLES,
            jobs=2,
        )


def _plain(line: str) -> str:
    """The problem without its numbers, which may be others the next time."""
    return NUMBER.sub("N", line)
