"""From measurements to what each rung says, for one extension and one interpreter."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from isolate_ext.report.ladder import RungResult, Verdict
from isolate_ext.verify.surface_diff import Difference, differences

ISOLATION = (
    *("reimport", "shared-gil", "own-gil", "runtime", "settings"),
    *("cycles", "protocol", "references"),
)
"""Rungs that must hold whatever the unmodified build did: they are what isolation means."""

EXPECTED_TO_FAIL = ("reimport", "own-gil")
"""Rungs of which an extension that was not migrated is expected to fail one."""

REQUIRED = ("import", "learn", "surface", "reimport", "cycles", "protocol")
_REFUSAL = re.compile(
    r"ImportError: .*(can be loaded only once in a process|does not support loading in subinter)"
)
LEAK = 0.5
OWN_GIL = (3, 13)
SHOWN = 8

Probed = Mapping[str, Any]
"""What ``drive.probe`` returns."""


@dataclass(frozen=True)
class Judgement:
    """``absent``: why there is nothing to compare with; ``surface``: every difference, a line.

    ``expected`` are those of them that are no regression: reason -> what differs.
    """

    rungs: tuple[RungResult, ...] = ()
    notes: tuple[str, ...] = ()
    surface: tuple[str, ...] = ()
    absent: str = ""
    expected: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def looks_other(self) -> bool:
        """Whether Python sees something that nothing explains."""
        return any(each.name == "surface" and each.verdict is Verdict.FAILS for each in self.rungs)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not verified; empty where it is."""
        return tuple(
            f"{each.name}: {line}"
            for each in self.rungs
            if each.verdict is Verdict.FAILS
            for line in each.problems
        )


def judge(
    before: Probed | None,
    after: Probed,
    version: tuple[int, int],
    chosen: Sequence[str] | None = None,
    seen: Sequence[Mapping[str, Any]] = (),
    once: Sequence[str] = (),
) -> Judgement:
    """Compare the probes of one library; without ``before`` the build is judged by itself.

    ``chosen`` rungs are all that was to be climbed; ``seen`` are surfaces of the unmodified build
    in other runs; ``once`` is what a module has hooked into the process that opts out for it.
    """
    one: Mapping[str, Any] = before["rungs"] if before is not None else {}
    other: Mapping[str, Any] = after["rungs"]
    if one and one["import"]["status"] != "ok":
        why = f"the original does not import: {'; '.join(one['import']['problems'])}"
        return Judgement(notes=(why,), absent=why)
    surface = _surface(one, other, version, seen)
    rungs = [judged(name, one.get(name), rung) for name, rung in other.items()]
    rungs = [_informational(each) if version < OWN_GIL else each for each in rungs]
    rungs += _not_judged(other, version, chosen)
    rungs = [_with_leaks(each, one, other) if each.name == "cycles" else each for each in rungs]
    rungs = [_with_differences(each, surface) if each.name == "surface" else each for each in rungs]
    if once and _refuses(other):
        rungs = [_of_one_copy(each, once) for each in rungs]
    crashes = tuple(
        line for line in after["crashes"] if before is None or line not in before["crashes"]
    )
    if crashes:
        rungs.append(RungResult("crash", Verdict.FAILS, "", "crashed", crashes))
    expected: dict[str, list[str]] = {}
    for each in surface:
        if each.expected:
            expected.setdefault(each.expected, []).append(each.fact)
    notes, lines = tuple(_notes(before, one, other)), tuple(str(each) for each in surface)
    return Judgement(tuple(rungs), notes, lines, expected=expected)


def judged(name: str, was: Mapping[str, Any] | None, rung: Mapping[str, Any]) -> RungResult:
    """One rung of the probe; one that failed before too is only then told when it is isolation."""
    before, after = was["status"] if was else "", rung["status"]
    if after == "absent":
        return RungResult(name, Verdict.NOT_JUDGED, problems=(rung["data"]["why"],))
    problems = tuple(f"{after}: {line}" for line in rung["problems"][:SHOWN]) or (after,)
    if after == "ok":
        verdict, problems = Verdict.HOLDS, ()
    elif before == after and name not in ISOLATION:
        verdict = Verdict.FAILED_BEFORE
    else:
        verdict = Verdict.FAILS
    notes = (f"judged without its package: {rung['data']['alone']}",) if _alone(rung) else ()
    was_wrong = tuple(was["problems"][:SHOWN]) if was else ()
    return RungResult(name, verdict, before, after, problems, notes, rung["seconds"], was_wrong)


def _informational(rung: RungResult) -> RungResult:
    """Interpreters with their own GIL are judged from 3.13 on; before, they are only told of."""
    if rung.name != "own-gil" or rung.verdict is not Verdict.FAILS:
        return rung
    problems = tuple(f"informational before 3.13: {line}" for line in rung.problems)
    return rung.replaced(verdict=Verdict.NOT_JUDGED, problems=problems)


def _refuses(other: Mapping[str, Any]) -> bool:
    """Whether every second copy was refused, as long as the first one lived."""
    words = other.get("load-once", {}).get("data", {}).get("words", ())
    return bool(words) and set(words) == {"refused"}


def _of_one_copy(rung: RungResult, once: Sequence[str]) -> RungResult:
    """A rung that needs another copy of a module that is loaded once is not judged."""
    if rung.verdict is Verdict.HOLDS or not all(map(_REFUSAL.search, rung.problems)):
        return rung
    why = f"a second copy is refused: {'; '.join(once)}"
    return rung.replaced(verdict=Verdict.NOT_JUDGED, problems=(why,))


def _alone(rung: Mapping[str, Any]) -> bool:
    return "alone" in rung["data"]


def _not_judged(
    other: Mapping[str, Any], version: tuple[int, int], chosen: Sequence[str] | None
) -> list[RungResult]:
    required = [*REQUIRED, *(["own-gil"] if version >= OWN_GIL else [])]
    if chosen is not None:
        required = ["import", "learn", *chosen]
    why = ("not judged: an earlier rung did not hold",)
    return [RungResult(name, Verdict.FAILS, "", "", why) for name in required if name not in other]


def _with_leaks(rung: RungResult, one: Mapping[str, Any], other: Mapping[str, Any]) -> RungResult:
    """What calls leak, memory and on a debug build references: not more than in the original."""
    for key, name in (("work", "blocks"), ("work references", "references")):
        was, now = (it.get("cycles", {}).get("data", {}).get(key, 0.0) for it in (one, other))
        if now > was + LEAK:
            before = f", {was} before" if one else ""
            rung = rung.failing(f"calls leak {now} {name} a run{before}")
    return rung


def _with_differences(rung: RungResult, surface: list[Difference]) -> RungResult:
    regressions = [str(item) for item in surface if not item.expected]
    told = rung.replaced(notes=(*rung.notes, *(str(item) for item in surface if item.expected)))
    for line in regressions[:SHOWN]:
        told = told.failing(line)
    return told


def _surface(
    one: Mapping[str, Any],
    other: Mapping[str, Any],
    version: tuple[int, int],
    seen: Sequence[Mapping[str, Any]],
) -> list[Difference]:
    was, now = (rungs.get("surface", {}).get("data", {}).get("surface") for rungs in (one, other))
    if not was or not now:
        return []
    shaky = _unsteady(one) | _unsteady(other)
    now = _without(now, shaky)
    found = differences(_without(was, shaky), now, version)
    apart = [{it.fact for it in differences(_without(it, shaky), now, version)} for it in seen]
    return [
        each
        if each.expected or all(each.fact in facts for facts in apart)
        else replace(each, expected="the unmodified build shows that too, in another run")
        for each in found
    ]


def _unsteady(rungs: Mapping[str, Any]) -> set[str]:
    """Calls that two processes of one build do not agree on: clocks, addresses, chance."""
    first = rungs["learn"]["data"]["outcomes"]
    again = rungs["surface"]["data"]["surface"]["calls"]
    return {key for key in first.keys() & again.keys() if first[key] != again[key]}


def _without(surface: Mapping[str, Any], calls: set[str]) -> dict[str, Any]:
    kept = {key: value for key, value in surface["calls"].items() if key not in calls}
    return {**surface, "calls": kept}


def _notes(before: Probed | None, one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    notes = []
    if before is not None:
        notes += [f"left out, the original crashes: {line}" for line in before["crashes"]]
    idle = other.get("learn", {}).get("data", {}).get("idle", [])
    if idle:
        notes.append(f"no instance was made of: {', '.join(idle)}")
    tried = [one[name]["status"] for name in EXPECTED_TO_FAIL if name in one]
    if tried and all(status == "ok" for status in tried):
        notes.append(f"nothing to fail in the original: {_why_nothing(one)}")
    return notes


def _why_nothing(rungs: Mapping[str, Any]) -> str:
    if "own-gil" in rungs:
        return "it already loads in isolated interpreters and shares no object between copies"
    return "it shares no object between copies, and this Python has one GIL for all interpreters"
