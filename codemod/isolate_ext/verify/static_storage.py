"""The rung of the binary: what a built library keeps in writable static storage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from isolate_ext.report.ladder import RungResult, Verdict
from isolate_ext.verify.binary.inventory import Tree, inventory
from isolate_ext.verify.binary.placement_list import PlacementList
from isolate_ext.verify.binary.records import Static
from isolate_ext.verify.binary.standing import Judged, Standing, StorageRung, judge
from isolate_ext.verify.compiler_shim import SOURCE_ROOT

SHOWN = 12
OBJECTS = (Standing.SHARED_OBJECT, Standing.UNMODELLED)
UNWRITTEN = "that nothing writes to"
COUNTED = (
    UNWRITTEN, Standing.DEFINITION.value, Standing.FOREIGN.value, Standing.UNKNOWN.value,
)  # fmt: skip


def storage(
    before: Path | None, after: Path, own: Collection[str], listed: PlacementList | None
) -> RungResult:
    """No object and no type in writable static storage, and of the rest only what is placed there.

    ``own`` are the extension's own files.  Not judged for a library without debug information, and
    for one that is not ELF.
    """
    now = judge(inventory(after, Tree(Path(SOURCE_ROOT), own)), listed)
    if now.reason:
        return RungResult("binary", Verdict.NOT_JUDGED, problems=(now.reason,))
    was = judge(inventory(before, Tree(Path(SOURCE_ROOT), own))) if before is not None else None
    problems = [f"{_told(each)}{_why(each)}" for each in now.failures[:SHOWN]]
    if len(now.failures) > SHOWN:
        problems.append(f"{len(now.failures) - SHOWN} more")
    return RungResult(
        "binary",
        Verdict.FAILS if problems else Verdict.HOLDS,
        _counted(was) if was is not None else "",
        _counted(now),
        tuple(problems),
        tuple(_notes(now)),
    )


def _counted(rung: StorageRung) -> str:
    count = sum(each.standing in OBJECTS for each in rung.judged)
    return f"{count} object{'s' * (count != 1)}" if not rung.reason else ""


def _why(each: Judged) -> str:
    """What the placement says of a failure."""
    if each.standing is Standing.SHARED_OBJECT:
        return f"; stays, {each.stay}" if each.stay is not None else ""
    return f"; {each.standing.value}"


def _notes(rung: StorageRung) -> list[str]:
    """Every other writable static of the extension's own, and how much of the rest there is."""
    own = [_told(each) for each in rung.judged if _is_own(each) and each not in rung.failures]
    others = Counter(_kind(each) for each in rung.judged)
    counted = [f"{others[kind]} {kind}" for kind in COUNTED if others[kind]]
    more = [f"{len(own) - SHOWN} more of its own"] if len(own) > SHOWN else []
    rest = [f"also writable: {', '.join(counted)}"] if counted else []
    return [*(f"writable: {line}" for line in own[:SHOWN]), *more, *rest]


def _is_own(each: Judged) -> bool:
    listed = each.standing is Standing.EXPECTED and not _is_constant(each)
    return listed or each.standing is Standing.UNLISTED


def _kind(each: Judged) -> str:
    return UNWRITTEN if _is_constant(each) else each.standing.value


def _is_constant(each: Judged) -> bool:
    return each.stay is not None and each.stay.constant


def _told(each: Judged) -> str:
    what = each.what
    if not isinstance(what, Static):
        return f"{what.name} in {what.section}, {what.size} bytes"
    inside = f" in {what.function}()" if what.function else ""
    if each.standing is Standing.EXPECTED:
        return f"{what.place}: {what.ctype} {what.name}{inside}: stays, {each.stay}"
    return f"{what.place}: {what.ctype} {what.name}{inside}: {what.holds.value}"
