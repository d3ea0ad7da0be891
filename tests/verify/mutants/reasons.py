"""Why a mutant survives, where that is known: ``reasons.toml``, whose entries must be true."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mutants.running import Outcome

FILE = Path(__file__).parent / "reasons.toml"


@dataclass(frozen=True)
class Reason:
    """``what`` is the line of the mutant, ``equal`` says that it does nothing wrong."""

    module: str
    kind: str
    what: str
    reason: str
    equal: bool

    def fits(self, outcome: Outcome) -> bool:
        mutation = outcome.mutation
        mine = (self.module, self.kind, self.what)
        return mine == (outcome.module, mutation.kind, mutation.what)


def load(file: Path = FILE) -> list[Reason]:
    """Raises TypeError for an entry that is not whole."""
    return [Reason(**each) for each in tomllib.loads(file.read_text()).get("survivor", [])]


def explained(outcomes: Sequence[Outcome], reasons: Sequence[Reason]) -> list[Outcome]:
    """The outcomes with the reasons of those that survive."""
    return [_with_reason(each, reasons) for each in outcomes]


def _with_reason(outcome: Outcome, reasons: Sequence[Reason]) -> Outcome:
    for each in reasons:
        if each.fits(outcome) and not outcome.caught.rung:
            if each.equal:
                return replace(outcome, equivalent=each.reason)
            return replace(outcome, reason=each.reason)
    return outcome


def stale(outcomes: Sequence[Outcome], reasons: Sequence[Reason]) -> Iterator[str]:
    """Reasons for what was caught."""
    for each in reasons:
        mine = [it for it in outcomes if each.fits(it) and not it.broken]
        if mine and all(it.caught.rung for it in mine):
            yield f"{each.module}: {each.kind}: {each.what}: is caught, but has a reason to survive"
