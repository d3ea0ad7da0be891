"""What the migration costs at run time: before and after in turn, with an A/A control.

Handbook section 4, row 29.  Two builds of one text can differ, so a difference counts only where
it is beyond what two series of the unmodified build differ by.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from isolate_ext.report.ladder import RungResult, Verdict

BUDGET = 1.10
"""The ratio that is allowed where the machine is quiet."""

ROUNDS = 5
NOTABLE = 1.25
SHOWN = 8

Series = Mapping[str, float]
"""Nanoseconds a call, by the key of the call."""


@dataclass(frozen=True, slots=True)
class Cost:
    """``ratio`` is after to before over all calls, ``band`` the ratios of the A/A control.

    ``calls`` are the (key, ratio, nanoseconds before, nanoseconds after) of those that changed.
    """

    ratio: float
    band: tuple[float, float]
    calls: tuple[tuple[str, float, float, float], ...]

    @property
    def limit(self) -> float:
        return max(BUDGET, math.pow(self.band[1], 1.5))


def measure(before: Callable[[], Series], after: Callable[[], Series]) -> Cost | None:
    """Series in turn: before, after, before again; None where no call can be repeated."""
    rounds = [(before(), after(), before()) for _ in range(ROUNDS)]
    keys = set.intersection(*(set(series) for turn in rounds for series in turn))
    if not keys:
        return None
    ratios = [_ratio(one, two, keys) for one, two, _ in rounds]
    control = [_ratio(one, again, keys) for one, _, again in rounds]
    band = (min(control), max(control))
    changed = [each for key in sorted(keys) if (each := _changed(key, rounds)) is not None]
    return Cost(statistics.median(ratios), band, tuple(changed))


def _ratio(one: Series, other: Series, keys: set[str]) -> float:
    """The geometric mean over the calls."""
    return math.exp(statistics.fmean(math.log(other[key] / one[key]) for key in keys))


def _changed(
    key: str, rounds: Sequence[tuple[Series, Series, Series]]
) -> tuple[str, float, float, float] | None:
    """One call whose every round is beyond each round of the control."""
    ratios = [two[key] / one[key] for one, two, _ in rounds]
    control = [again[key] / one[key] for one, _, again in rounds]
    ratio = statistics.median(ratios)
    if max(ratio, 1 / ratio) < NOTABLE or min(control) <= ratio <= max(control):
        return None
    was = statistics.median(one[key] for one, _, _ in rounds)
    now = statistics.median(two[key] for _, two, _ in rounds)
    return key, ratio, was, now


def judged(cost: Cost | None, seconds: float) -> RungResult:
    """The rung: it fails beyond the budget and beyond the control."""
    if cost is None:
        return RungResult("cost", Verdict.NOT_JUDGED, problems=("no call can be repeated",))
    low, high = cost.band
    said = f"ratio {cost.ratio:.2f}, the same build twice {low:.2f} to {high:.2f}"
    notes = [said]
    slowest = sorted(cost.calls, key=lambda each: -each[1])[:SHOWN]
    notes += [f"{key}: {was:.0f} ns, now {now:.0f} ns" for key, _, was, now in slowest]
    if cost.ratio > cost.limit:
        problem = f"calls take {cost.ratio:.2f} times as long ({said})"
        return RungResult("cost", Verdict.FAILS, "1.00", f"{cost.ratio:.2f}", (problem, *notes[1:]))
    return RungResult("cost", Verdict.HOLDS, "1.00", f"{cost.ratio:.2f}", (), tuple(notes), seconds)
