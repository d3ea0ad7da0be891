"""The rung of the binary: what a built library keeps in writable static storage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from isolate_ext.report.ladder import RungResult, Verdict
from isolate_ext.verify.binary.inventory import Tree, inventory
from isolate_ext.verify.binary.records import Static
from isolate_ext.verify.binary.standing import Judged, Standing, StorageRung, judge
from isolate_ext.verify.compiler_shim import SOURCE_ROOT

SHOWN = 12


def storage(before: Path | None, after: Path, own: Collection[str]) -> RungResult:
    """No object and no type in writable static storage; ``own`` are the extension's own files.

    Not judged for a library without debug information, and for one that is not ELF.
    """
    now = judge(inventory(after, Tree(Path(SOURCE_ROOT), own)))
    if now.reason:
        return RungResult("binary", Verdict.NOT_JUDGED, problems=(now.reason,))
    was = judge(inventory(before, Tree(Path(SOURCE_ROOT), own))) if before is not None else None
    problems = [_told(each) for each in now.failures[:SHOWN]]
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
    count = len(rung.failures)
    return f"{count} object{'s' * (count != 1)}" if not rung.reason else ""


def _notes(rung: StorageRung) -> list[str]:
    """Every other writable static of the extension's own, and how much of the rest there is."""
    own = [_told(each) for each in rung.judged if each.standing is Standing.UNLISTED]
    others = Counter(each.standing for each in rung.judged)
    counted = [
        f"{others[standing]} {standing.value}"
        for standing in (Standing.DEFINITION, Standing.FOREIGN, Standing.UNKNOWN)
        if others[standing]
    ]
    more = [f"{len(own) - SHOWN} more of its own"] if len(own) > SHOWN else []
    rest = [f"also writable: {', '.join(counted)}"] if counted else []
    return [*(f"writable: {line}" for line in own[:SHOWN]), *more, *rest]


def _told(each: Judged) -> str:
    what = each.what
    if not isinstance(what, Static):
        return f"{what.name} in {what.section}, {what.size} bytes"
    inside = f" in {what.function}()" if what.function else ""
    return f"{what.place}: {what.ctype} {what.name}{inside}: {what.holds.value}"
