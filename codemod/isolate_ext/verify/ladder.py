"""The ladder: what each rung says of one extension under one interpreter, before and after."""

from __future__ import annotations

from dataclasses import dataclass, replace
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

    ``problems`` are lines that say what is wrong; ``notes`` what is worth knowing all the same.
    """

    name: str
    verdict: Verdict
    before: str = ""
    after: str = ""
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def change(self) -> str:
        """``before -> after``."""
        return f"{self.before or 'absent'} -> {self.after or 'absent'}"

    def replaced(self, **fields: Any) -> RungResult:
        return replace(self, **fields)

    def failing(self, problem: str) -> RungResult:
        """The same rung with one more problem, for which it fails."""
        return replace(self, verdict=Verdict.FAILS, problems=(*self.problems, problem))
