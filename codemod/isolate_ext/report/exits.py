"""Exit codes: a stable interface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from isolate_ext.report.audit import AuditResult
from isolate_ext.report.ladder import Ladder
from isolate_ext.report.results import FAILED, PARTLY, REFUSED, MigrateResult
from isolate_ext.report.views import BatchResult, ParseResult


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
    Exit.INTERNAL, Exit.INTERRUPTED, Exit.USAGE, Exit.ENVIRONMENT, Exit.BROKEN, Exit.INCOMPLETE,
    Exit.CHANGES, Exit.OK,
)  # fmt: skip


_DONE = frozenset({"isolated", "opts out"})
_INCOMPLETE = frozenset({REFUSED, PARTLY, "error", "skipped", "timed out"})


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
    done = "applied" if result.changed and not result.dry_run else "nothing to do"
    found = [Verdict(Exit.OK, done)]
    if any(each.status == FAILED for each in result.extensions):
        found.append(Verdict(Exit.INTERNAL, "internal error"))
    first = result.errors[0] if result.errors else ""
    if result.usage:
        found.append(Verdict(Exit.USAGE, first))
    if result.environment:
        found.append(Verdict(Exit.ENVIRONMENT, first))
    incomplete = sum(each.status in (REFUSED, PARTLY) for each in result.extensions)
    skipped = sum(len(project.skipped) for project in result.projects)
    if incomplete or skipped:
        found.append(Verdict(Exit.INCOMPLETE, _incomplete(incomplete, skipped)))
    if result.dry_run and result.changed:
        found.append(Verdict(Exit.CHANGES, "changes to apply"))
    return strongest(found)


def _incomplete(extensions: int, skipped: int) -> str:
    parts = []
    if extensions:
        parts.append(f"refusals in {extensions} extension{'s' * (extensions != 1)}")
    if skipped:
        parts.append(f"{skipped} skipped")
    return ", ".join(parts)


def batch_verdict(result: BatchResult) -> Verdict:
    """The exit code of a batch; what is wrong with a project is no usage error of the batch."""
    worst = {row.result for row in result.rows}
    found = []
    if worst & {"crashed", FAILED}:
        found.append(Verdict(Exit.INTERNAL, "internal error in a project"))
    if any(row.result in _INCOMPLETE or row.extensions["skipped"] for row in result.rows):
        found.append(Verdict(Exit.INCOMPLETE, "a project is incomplete"))
    if result.dry_run and any(row.files for row in result.rows):
        found.append(Verdict(Exit.CHANGES, "changes to apply"))
    return strongest(found)


def looked(errors: Sequence[str]) -> Verdict:
    """The exit code of a command that only looks."""
    return Verdict(Exit.USAGE, errors[0]) if errors else Verdict(Exit.OK, "done")


def parsed(result: ParseResult) -> Verdict:
    """The exit code of ``parse``: incomplete where something could not be parsed."""
    found = [looked(result.errors)]
    if result.skipped or result.causes:
        found.append(Verdict(Exit.INCOMPLETE, f"{result.causes.total()} regions were not parsed"))
    return strongest(found)


def audited(result: AuditResult) -> Verdict:
    """The exit code of ``audit``: findings where an extension is not isolated yet."""
    found = [Verdict(Exit.OK, "isolated" if result.extensions else "nothing to audit")]
    first = result.errors[0] if result.errors else ""
    if any(each.standing == FAILED for each in result.extensions):
        found.append(Verdict(Exit.INTERNAL, "internal error"))
    if result.usage:
        found.append(Verdict(Exit.USAGE, first))
    if result.environment:
        found.append(Verdict(Exit.ENVIRONMENT, first))
    unseen = list(_unseen(result))
    if unseen:
        found.append(Verdict(Exit.INCOMPLETE, ", ".join(unseen)))
    open_ = sum(each.standing not in _DONE for each in result.extensions)
    if open_:
        found.append(Verdict(Exit.CHANGES, f"{_count(open_, 'extension')} not isolated"))
    return strongest(found)


def _unseen(result: AuditResult) -> Iterator[str]:
    """What the audit could not look at."""
    skipped = sum(len(project.skipped) for project in result.projects)
    if skipped:
        yield f"{skipped} skipped"
    fenced = sum(each.fenced for each in result.extensions)
    if fenced:
        yield f"{_count(fenced, 'region')} not parsed"
    missing = sum(len(each.binary.missing) for each in result.extensions if each.binary)
    if missing:
        yield f"{_count(missing, 'variable')} of a built library not found in the sources"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def verified(result: Ladder) -> Verdict:
    """The exit code of ``verify``."""
    found = [Verdict(Exit.OK, "verified")]
    if result.failed:
        found.append(Verdict(Exit.BROKEN, "a rung does not hold"))
    if result.inconclusive:
        found.append(Verdict(Exit.ENVIRONMENT, "not everything could be judged"))
    return strongest(found)
