"""The table of mistakes and rungs, and the list of survivors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from isolate_ext.verify.source_rung import NAME as SOURCES
from mutants.running import Outcome, told

ENOUGH = 0.95


def share(outcomes: Sequence[Outcome]) -> float:
    """How many of the mutants that are wrong were caught."""
    wrong = [each for each in outcomes if not each.broken and _wrong(each)]
    return sum(bool(each.caught.rung) for each in wrong) / len(wrong) if wrong else 0.0


def text(outcomes: Sequence[Outcome]) -> str:
    """One row a kind: made, caught, equivalent, and the rungs that caught them."""
    lines = [_row("mistake", "made", "caught", "equal", "rungs")]
    for kind in sorted({each.mutation.kind for each in outcomes}):
        mine = [each for each in outcomes if each.mutation.kind == kind and not each.broken]
        rungs = Counter(each.caught.rung for each in mine if _wrong(each) and each.caught.rung)
        lines.append(
            _row(
                kind,
                len(mine),
                rungs.total(),
                sum(not _wrong(each) for each in mine),
                ", ".join(f"{rung} {count}" for rung, count in rungs.most_common()),
            )
        )
    survivors = [
        each for each in outcomes if not each.broken and not (each.caught.rung and _wrong(each))
    ]
    lines += ["", *(told(each) for each in survivors), ""]
    modules = len({each.module for each in outcomes})
    broken = sum(bool(each.broken) for each in outcomes)
    lines.append(
        f"{len(outcomes) - broken} mutants of {modules} extensions ({broken} more do not compile): "
        f"{share(outcomes):.1%} of those that are wrong were caught"
    )
    return "\n".join(lines)


def _wrong(outcome: Outcome) -> bool:
    """What fails when it runs is no equivalent, whatever was thought of it.

    The sources show what is missing even where nothing ever comes of it.
    """
    return outcome.caught.rung not in ("", SOURCES) or not outcome.equivalent


def _row(*cells: object) -> str:
    kind, made, caught, equal, rungs = (str(each) for each in cells)
    return f"{kind:<30}{made:>6}{caught:>8}{equal:>7}  {rungs}".rstrip()
