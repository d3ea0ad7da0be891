"""The ladder: what each rung says of one extension under one interpreter, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What became of a rung; one that is not judged says why among its problems."""

    HOLDS = "holds"
    FAILS = "fails"
    FAILED_BEFORE = "failed before"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class RungResult:
    """One rung.  ``before`` and ``after`` are the words of the measurement, "" where there is none.

    ``problems`` are lines that say what is wrong, ``problems_before`` what was in the original;
    ``notes`` what is worth knowing all the same.
    """

    name: str
    verdict: Verdict
    before: str = ""
    after: str = ""
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    problems_before: tuple[str, ...] = ()

    @property
    def change(self) -> str:
        """``before -> after``; empty where neither was measured."""
        if not self.before and not self.after:
            return ""
        return f"{self.before or 'absent'} -> {self.after or 'absent'}"

    def replaced(self, **fields: Any) -> RungResult:
        return replace(self, **fields)

    def failing(self, problem: str) -> RungResult:
        """The same rung with one more problem, for which it fails."""
        return replace(self, verdict=Verdict.FAILS, problems=(*self.problems, problem))


@dataclass(slots=True)
class ModuleLadder:
    """One extension module under one interpreter; ``library`` is the file that was judged.

    ``absent`` says why nothing could be judged; ``surface`` are all differences that Python sees,
    ``expected`` those of them that are no regression: reason -> what differs.
    """

    module: str
    library: str = ""
    rungs: list[RungResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    surface: list[str] = field(default_factory=list)
    absent: str = ""
    expected: dict[str, list[str]] = field(default_factory=dict)

    @property
    def reasons(self) -> list[str]:
        """Why it is not verified: a line for each problem of a rung that fails."""
        failing = [each for each in self.rungs if each.verdict is Verdict.FAILS]
        return [f"{each.name}: {line}" for each in failing for line in each.problems]


@dataclass(slots=True)
class PythonLadder:
    """All modules of a project under one interpreter.

    ``rungs`` concern the whole build: that it builds, and the project's own tests.  ``absent``
    says why nothing was judged there.  One that is not ``wanted`` only adds to another.
    """

    python: str
    path: str
    rungs: list[RungResult] = field(default_factory=list)
    modules: list[ModuleLadder] = field(default_factory=list)
    absent: str = ""
    log: str = ""
    wanted: bool = True

    def all_rungs(self) -> Iterator[tuple[str, RungResult]]:
        """(module, rung); "" stands for the whole build."""
        yield from (("", each) for each in self.rungs)
        yield from ((it.module, each) for it in self.modules for each in it.rungs)

    @property
    def failed(self) -> bool:
        return any(rung.verdict is Verdict.FAILS for _, rung in self.all_rungs())

    @property
    def judged(self) -> bool:
        """Whether something was to be judged, and all of it was: own tests that do not count are
        not."""
        told = all(each.verdict is not Verdict.NOT_JUDGED for each in self.rungs)
        return not self.absent and told and all(not each.absent for each in self.modules)


@dataclass(slots=True)
class Ladder:
    """A project climbed the ladder.  ``before`` says in words what it is compared with.

    ``chosen`` interpreters were named by the user; else they are all that there are.
    """

    project: str
    before: str = ""
    chosen: bool = False
    pythons: list[PythonLadder] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return any(each.failed for each in self.pythons)

    @property
    def inconclusive(self) -> bool:
        """Nothing was judged, or something on an interpreter that the user named was not."""
        wanted = [each for each in self.pythons if each.wanted]
        judged = [each.judged and bool(each.rungs) for each in wanted]
        return not any(judged) or (self.chosen and not all(judged))

    @property
    def unproved(self) -> list[str]:
        """The modules of which no rung was judged on any interpreter, though others were."""
        judged: dict[str, bool] = {}
        for python in self.pythons:
            for each in python.modules:
                told = any(rung.verdict is not Verdict.NOT_JUDGED for rung in each.rungs)
                judged[each.module] = judged.get(each.module, False) or told
        return [module for module, told in judged.items() if not told]
