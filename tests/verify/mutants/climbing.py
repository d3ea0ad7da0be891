"""Takes a mutant up the ladder, the cheap rungs first, until one fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True)
class Caught:
    """The rung that fails, and its first line; both empty for a survivor."""

    rung: str = ""
    problem: str = ""


SURVIVES = Caught()


class Climber:
    """Climbs with the libraries of one extension; ``before`` is the original's climb.

    ``groups`` of rungs run in turn.  ``unjudged`` rungs fail without a mistake already, each with
    the first line of it.
    """

    def __init__(self, subject: Subject, groups: Sequence[Sequence[str]] = GROUPS) -> None:
        self.subject = subject
        self.groups = groups
        self.before: dict[str, Any] = {}
        self.unjudged: dict[str, str] = {}
        if subject.before is not None:
            self.before = self._probe(subject.before, self._rungs(), subject.skip, None)
        while (found := self.climb(subject.after)).rung:
            self.unjudged[found.rung] = found.problem

    def climb(self, library: Path) -> Caught:
        """The first rung of all that fails."""
        skip = self.before["skip"] if self.before else self.subject.skip
        done: dict[str, Any] = {"rungs": {}, "crashes": [], "skip": skip, "only": None}
        found = self._binary(library)
        for group in self.groups:
            names = [name for name in group if name in self._rungs()]
            if found.rung or not names:
                continue
            more = self._probe(library, names, done["skip"], done["only"])
            done = {**more, "rungs": {**done["rungs"], **more["rungs"]}}
            found = self._judged(done, names)
        return found

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

    def _judged(self, done: Mapping[str, Any], names: Sequence[str]) -> Caught:
        verdict = judge(self.before or None, done, self.subject.version, names)
        for rung in verdict.rungs:
            if rung.verdict is Verdict.FAILS and rung.name not in self.unjudged:
                return Caught(rung.name, rung.problems[0])
        return SURVIVES

    def _binary(self, library: Path) -> Caught:
        rung = storage(None, library, self.subject.own)
        if rung.verdict is Verdict.FAILS and "binary" not in self.unjudged:
            return Caught("binary", rung.problems[0])
        return SURVIVES
