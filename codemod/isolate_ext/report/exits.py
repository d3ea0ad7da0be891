"""Exit codes: a stable interface."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from isolate_ext.report.results import FAILED, PARTLY, REFUSED, MigrateResult


class Exit(IntEnum):
    """In a run that meets several, the one that stands first in PRECEDENCE is given."""

    OK = 0
    CHANGES = 1
    USAGE = 2
    INCOMPLETE = 3
    BROKEN = 4
    ENVIRONMENT = 5
    INTERNAL = 70
    INTERRUPTED = 130


PRECEDENCE = (
    Exit.INTERNAL,
    Exit.INTERRUPTED,
    Exit.USAGE,
    Exit.ENVIRONMENT,
    Exit.BROKEN,
    Exit.INCOMPLETE,
    Exit.CHANGES,
    Exit.OK,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """An exit code and why it was given."""

    code: Exit
    reason: str


def strongest(verdicts: Iterable[Verdict]) -> Verdict:
    """The first by precedence; OK where there is none."""
    return min(
        verdicts,
        key=lambda each: PRECEDENCE.index(each.code),
        default=Verdict(Exit.OK, "nothing to do"),
    )


def verdict(result: MigrateResult) -> Verdict:
    """The exit code of a migration."""
    found = [Verdict(Exit.OK, "applied" if result.changed else "nothing to do")]
    if any(each.status == FAILED for each in result.extensions):
        found.append(Verdict(Exit.INTERNAL, "internal error"))
    if result.usage:
        found.append(Verdict(Exit.USAGE, result.errors[0] if result.errors else "usage"))
    if result.environment:
        found.append(
            Verdict(Exit.ENVIRONMENT, result.errors[0] if result.errors else "environment")
        )
    incomplete = [each for each in result.extensions if each.status in (REFUSED, PARTLY)]
    skipped = sum(len(project.skipped) for project in result.projects)
    if incomplete or skipped:
        found.append(Verdict(Exit.INCOMPLETE, _incomplete(len(incomplete), skipped)))
    if result.dry_run and result.changed:
        found.append(Verdict(Exit.CHANGES, "changes to apply"))
    return strongest(found)


def _incomplete(extensions: int, skipped: int) -> str:
    parts = []
    if extensions:
        parts.append(f"refused in {extensions} extension{'s' * (extensions != 1)}")
    if skipped:
        parts.append(f"{skipped} skipped")
    return ", ".join(parts)
