"""Takes a mutant up the ladder, the cheap rungs first, until one fails."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from isolate_ext.app.modelling import model_with
from isolate_ext.model.extension import Extension
from isolate_ext.report.ladder import RungResult, Verdict
from isolate_ext.verify.drive import SCENES, probe
from isolate_ext.verify.judging import judge
from isolate_ext.verify.source_rung import NAME as SOURCES
from isolate_ext.verify.source_rung import sources
from isolate_ext.verify.static_storage import storage
from mutants.subjects import Subject

GROUPS = (
    ("protocol", "references", "arguments", "surface", "blank"),
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
    """Climbs with the libraries of one extension, and with their sources.

    ``groups`` of rungs run in turn, but for those ``without`` which it has to do.
    """

    def __init__(
        self,
        subject: Subject,
        groups: Sequence[Sequence[str]] = GROUPS,
        without: Collection[str] = (),
    ) -> None:
        self.subject = subject
        self.groups = [[name for name in group if name not in without] for group in groups]
        self.without = frozenset(without)
        self._modelling = threading.Lock()

    @cached_property
    def before(self) -> dict[str, Any]:
        """The climb of the original."""
        if self.subject.before is None:
            return {}
        return self._probe(self.subject.before, self._rungs(), self.subject.skip, None)

    @cached_property
    def unjudged(self) -> dict[str, tuple[str, ...]]:
        """The problems that the build without a mistake has already, by rung."""
        return dict(self._failing(self.subject.after, {}))

    def climb(self, library: Path, texts: Mapping[str, bytes]) -> Caught:
        """The first rung of all that fails with a problem of its own, for other ``texts``."""
        known = {_plain(line) for lines in self.unjudged.values() for line in lines}
        for name, problems in self._failing(library, texts):
            for line in problems:
                if _plain(line) not in known:
                    return Caught(name, line)
        return SURVIVES

    def _failing(
        self, library: Path, texts: Mapping[str, bytes]
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """(rung, problems), one rung after the other, as far as it is asked for."""
        for rung in self._unprobed(library, texts):
            if rung.verdict is Verdict.FAILS:
                yield rung.name, rung.problems
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

    def _unprobed(self, library: Path, texts: Mapping[str, bytes]) -> Iterator[RungResult]:
        """The rungs that run nothing."""
        if "binary" not in self.without:
            yield storage(None, library, self.subject.own, None)
        if SOURCES not in self.without:
            with self._modelling:
                yield sources(self.subject.original, self._model(texts))

    def _model(self, texts: Mapping[str, bytes]) -> Extension:
        subject = self.subject
        if not texts:
            return subject.extension
        return model_with(subject.found, {**subject.texts, **texts}, subject.extension)

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
