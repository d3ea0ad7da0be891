"""What became of one extension, and what was wrong with results that were not used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from isolate_ext.engine.plan import Note, Plan
from isolate_ext.engine.rule import Violation
from isolate_ext.engine.stages import Stage
from isolate_ext.model.extension import Extension
from isolate_ext.placement.decisions import Decisions
from isolate_ext.placement.refusals import Reason, Refusal


class Complaint(msgspec.Struct, frozen=True):
    """An error that only the new text has: 1-based line, column in bytes (0: none is known)."""

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: error: {self.message}"


class Fault(msgspec.Struct, frozen=True):
    """A result that was not used, since it does not compile or breaks a post-condition."""

    reason: Reason
    lines: tuple[str, ...]
    files: Mapping[str, bytes]


class Outcome(msgspec.Struct):
    """What became of one extension.

    ``stage`` is the last one reached, None where nothing is changed; ``texts`` holds, per stage up
    to it, the new text of every changed or new file.  ``violations`` and ``complaints`` say why the
    texts must not be used; ``faults`` are what was planned away or is still there.
    """

    extension: Extension
    decisions: Decisions | None
    plan: Plan | None
    stage: Stage | None
    texts: dict[Stage, dict[str, bytes]] = msgspec.field(default_factory=dict)
    refusals: list[Refusal] = msgspec.field(default_factory=list)
    notes: list[Note] = msgspec.field(default_factory=list)
    violations: list[Violation] = msgspec.field(default_factory=list)
    complaints: list[Complaint] = msgspec.field(default_factory=list)
    faults: list[Fault] = msgspec.field(default_factory=list)
    already: bool = False
    guarded: bool = False

    @property
    def files(self) -> dict[str, bytes]:
        return self.texts.get(self.stage, {}) if self.stage is not None else {}


Check = Callable[[Outcome, Mapping[str, bytes]], Sequence[Complaint]]
"""What the compiler has against changed files of an outcome, which are all that differs."""


def unique(refusals: Sequence[Refusal]) -> list[Refusal]:
    """By place, each once."""
    seen: set[tuple[object, ...]] = set()
    result = []
    for each in refusals:
        key = (each.reason, each.path, each.start, each.symbol)
        if key not in seen:
            seen.add(key)
            result.append(each)
    return sorted(result, key=lambda each: (each.path, each.start))
