"""What the migration costs at run time: before and after in turn, with an A/A control.

Handbook section 4, row 29.  Two builds of one text can differ, so a difference counts only where
it is beyond what two series of the unmodified build differ by.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from isolate_ext.report.ladder import RungResult, Verdict
from isolate_ext.verify.access_paths import label

BUDGET = 1.10
"""The ratio that is allowed where the machine is quiet."""

ROUNDS = 5
NOTABLE = 1.25
SHOWN = 8

Nanoseconds = Mapping[str, float]
"""What a call takes, by its key."""


@dataclass(frozen=True, slots=True)
class Series:
    """One process's times: of the workload's calls, and of methods that reach the state."""

    calls: Nanoseconds
    methods: Nanoseconds = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changed:
    """One call: after to before, and what it took."""

    key: str
    ratio: float
    was: float
    now: float

    def __str__(self) -> str:
        return f"{self.key}: {self.was:.0f} ns, now {self.now:.0f} ns"


@dataclass(frozen=True, slots=True)
class PathCost:
    """The methods that reach the state on one path: ``ratio`` is their median's."""

    path: str
    count: int
    ratio: float
    band: tuple[float, float]
    worst: Changed

    def __str__(self) -> str:
        low, high = self.band
        told = f"{self.path}: {self.count} timed, ratio {self.ratio:.2f}"
        return f"{told}, the same build twice {low:.2f} to {high:.2f}; most {self.worst}"


@dataclass(frozen=True, slots=True)
class Cost:
    """``ratio`` is after to before over all calls, ``band`` the ratios of the A/A control.

    ``calls`` are those that changed; ``paths`` tell of the methods that reach the state.
    """

    ratio: float
    band: tuple[float, float]
    calls: tuple[Changed, ...]
    paths: tuple[PathCost, ...] = ()

    @property
    def limit(self) -> float:
        return max(BUDGET, math.pow(self.band[1], 1.5))


Turn = tuple[Nanoseconds, Nanoseconds, Nanoseconds]
"""Before, after, and before again."""


def measure(
    before: Callable[[], Series],
    after: Callable[[], Series],
    accesses: Mapping[str, Collection[str]] | None = None,
) -> Cost | None:
    """Series in turn: before, after, before again; None where no call can be repeated.

    ``accesses`` are the methods that reach the state, by their path.
    """
    turns = [(before(), after(), before()) for _ in range(ROUNDS)]
    rounds = [(one.calls, two.calls, again.calls) for one, two, again in turns]
    methods = [(one.methods, two.methods, again.methods) for one, two, again in turns]
    paths = tuple(_paths(methods, accesses or {}))
    keys = _common(rounds)
    if not keys:
        return None
    ratios = [_ratio(one, two, keys) for one, two, _ in rounds]
    control = [_ratio(one, again, keys) for one, _, again in rounds]
    band = (min(control), max(control))
    changed = (_timed(key, rounds) for key in sorted(keys) if _is_changed(key, rounds))
    return Cost(statistics.median(ratios), band, tuple(changed), paths)


def _common(rounds: Sequence[Turn]) -> set[str]:
    return set.intersection(*(set(series) for turn in rounds for series in turn))


def _paths(rounds: Sequence[Turn], accesses: Mapping[str, Collection[str]]) -> Iterator[PathCost]:
    common = _common(rounds)
    for path, labels in sorted(accesses.items()):
        keys = sorted(key for key in common if label(key) in labels)
        if keys:
            control = [_median(one, again, keys) for one, _, again in rounds]
            each = [_timed(key, rounds) for key in keys]
            ratio = statistics.median(it.ratio for it in each)
            worst = max(each, key=lambda it: it.ratio)
            yield PathCost(path, len(keys), ratio, (min(control), max(control)), worst)


def _median(one: Nanoseconds, other: Nanoseconds, keys: Sequence[str]) -> float:
    return statistics.median(other[key] / one[key] for key in keys)


def _ratio(one: Nanoseconds, other: Nanoseconds, keys: set[str]) -> float:
    """The geometric mean over the calls."""
    return math.exp(statistics.fmean(math.log(other[key] / one[key]) for key in keys))


def _timed(key: str, rounds: Sequence[Turn]) -> Changed:
    return Changed(
        key,
        statistics.median(two[key] / one[key] for one, two, _ in rounds),
        statistics.median(one[key] for one, _, _ in rounds),
        statistics.median(two[key] for _, two, _ in rounds),
    )


def _is_changed(key: str, rounds: Sequence[Turn]) -> bool:
    """Whether it changed by much, and beyond each round of the control."""
    control = [again[key] / one[key] for one, _, again in rounds]
    ratio = _timed(key, rounds).ratio
    return max(ratio, 1 / ratio) >= NOTABLE and not min(control) <= ratio <= max(control)


def judged(cost: Cost | None, seconds: float) -> RungResult:
    """The rung: it fails beyond the budget and beyond the control."""
    if cost is None:
        return RungResult("cost", Verdict.NOT_JUDGED, problems=("no call can be repeated",))
    low, high = cost.band
    said = f"ratio {cost.ratio:.2f}, the same build twice {low:.2f} to {high:.2f}"
    slowest = [str(it) for it in sorted(cost.calls, key=lambda each: -each.ratio)[:SHOWN]]
    paths = [str(each) for each in cost.paths]
    if cost.ratio > cost.limit:
        problems = (f"calls take {cost.ratio:.2f} times as long ({said})", *slowest)
        verdict, notes = Verdict.FAILS, (*paths,)
    else:
        problems, verdict, notes = (), Verdict.HOLDS, (said, *slowest, *paths)
    return RungResult("cost", verdict, "1.00", f"{cost.ratio:.2f}", problems, notes, seconds)
