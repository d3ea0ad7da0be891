"""From measurements to a verdict: what each rung says, for one extension and one interpreter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from isolate_ext.verify.surface_diff import differences

ISOLATION = ("reimport", "own-gil")
"""Rungs that an extension that was not migrated is expected to fail."""

MUST_HOLD = ("reimport", "own-gil", "cycles", "protocol")
REQUIRED = ("import", "learn", "surface", "reimport", "cycles", "protocol")
LEAK = 0.5


@dataclass(frozen=True)
class Judgement:
    """``reasons``: why it is not verified; ``absent``: why there is nothing to compare with."""

    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    cells: dict[str, str] = field(default_factory=dict)
    surface: tuple[str, ...] = ()
    absent: str = ""


def judge(before: dict[str, Any], after: dict[str, Any], version: tuple[int, int]) -> Judgement:
    """Compare two probe results of one library (the unmodified and the migrated build)."""
    one, other = before["rungs"], after["rungs"]
    if one["import"]["status"] != "ok":
        why = f"the original does not import: {'; '.join(one['import']['problems'])}"
        return Judgement(notes=(why,), absent=why)
    reasons, notes = [], []
    cells: dict[str, str] = {}
    for name, rung in other.items():
        was = one.get(name, {"status": "absent", "problems": []})
        if "alone" in rung["data"]:
            notes.append(f"{name}: judged without its package: {rung['data']['alone']}")
        cells[name] = f"{was['status']} -> {rung['status']}"
        if rung["status"] == "ok":
            continue
        text = f"{name}: {rung['status']}: {'; '.join(rung['problems'][:3])}"
        if name not in MUST_HOLD and was["status"] == rung["status"]:
            notes.append(f"{text} (as before)")
        else:
            reasons.append(text)
    required = [*REQUIRED, *(["own-gil"] if version >= (3, 13) else [])]
    reasons += [
        f"{name}: not judged: an earlier rung did not hold"
        for name in required
        if name not in other
    ]
    new_crashes = [line for line in after["crashes"] if line not in before["crashes"]]
    reasons += [f"crash: {line}" for line in new_crashes]
    notes += [f"left out, the original crashes: {line}" for line in before["crashes"]]
    idle = other.get("learn", {}).get("data", {}).get("idle", [])
    if idle:
        notes.append(f"no instance was made of: {', '.join(idle)}")
    if _nothing_fails(one):
        notes.append(f"nothing to fail in the original: {_why_nothing(one)}")
    reasons += _leaks(one, other)
    surface = _surface(one, other, version)
    regressions = [str(item) for item in surface if not item.expected]
    cells["surface"] = f"{len(surface)} changed, {len(regressions)} regressions"
    reasons += [f"surface: {line}" for line in regressions[:8]]
    return Judgement(tuple(reasons), tuple(notes), cells, tuple(map(str, surface)))


def _surface(one: dict[str, Any], other: dict[str, Any], version: tuple[int, int]) -> list[Any]:
    was, now = (rungs.get("surface", {}).get("data", {}).get("surface") for rungs in (one, other))
    return differences(was, now, version) if was and now else []


def _leaks(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Memory that a call leaks: not more than in the original."""
    was, now = (rungs.get("cycles", {}).get("data", {}).get("work", 0.0) for rungs in (one, other))
    return [f"cycles: calls leak {now} blocks a run, {was} before"] if now > was + LEAK else []


def _nothing_fails(rungs: dict[str, Any]) -> bool:
    tried = [rungs[name]["status"] for name in ISOLATION if name in rungs]
    return bool(tried) and all(status == "ok" for status in tried)


def _why_nothing(rungs: dict[str, Any]) -> str:
    if "own-gil" in rungs:
        return "it already loads in isolated interpreters and shares no object between copies"
    return "it shares no object between copies, and this Python has one GIL for all interpreters"
