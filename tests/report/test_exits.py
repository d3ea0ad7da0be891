"""Exit codes are a stable interface."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from isolate_ext.report.exits import PRECEDENCE, Exit, Verdict, batch_verdict, strongest, verdict
from isolate_ext.report.results import (
    ExtensionResult,
    FileChange,
    MigrateResult,
    ProjectResult,
    Skipped,
)
from isolate_ext.report.views import BatchResult, BatchRow


def made(status: str = "isolated", *, dry_run: bool = False, changed: bool = True) -> MigrateResult:
    project = ProjectResult(Path(), "p", extensions=[ExtensionResult("spam", status=status)])
    if changed:
        project.changes.append(FileChange("a.c", b"", b"x"))
    return MigrateResult(Path(), dry_run, [project])


def test_the_codes_and_their_order() -> None:
    assert [int(code) for code in PRECEDENCE] == [70, 130, 2, 5, 4, 3, 1, 0]
    for index, code in enumerate(PRECEDENCE):
        for weaker in PRECEDENCE[index:]:
            assert strongest([Verdict(weaker, ""), Verdict(code, "")]).code == code
    assert strongest([]).code == Exit.OK


@pytest.mark.parametrize(
    ("status", "dry_run", "changed", "code", "reason"),
    [
        ("isolated", False, True, 0, "applied"),
        ("already isolated", False, False, 0, "nothing to do"),
        ("isolated", True, False, 0, "nothing to do"),
        ("isolated", True, True, 1, "changes to apply"),
        ("partly", True, True, 3, "refusals in 1 extension"),
        ("refused", False, False, 3, "refusals in 1 extension"),
        ("staged", False, True, 0, "applied"),
        ("failed", False, False, 70, "internal error"),
    ],
)
def test_verdicts(status: str, dry_run: bool, changed: bool, code: int, reason: str) -> None:
    given = verdict(made(status, dry_run=dry_run, changed=changed))
    assert (int(given.code), given.reason) == (code, reason)


def test_skipped_is_incomplete_and_errors_are_usage_or_environment() -> None:
    result = made()
    result.projects[0].skipped.append(Skipped("eggs", "C++"))
    assert verdict(result).code == Exit.INCOMPLETE
    result.errors, result.environment = ["no headers"], True
    assert verdict(result) == Verdict(Exit.ENVIRONMENT, "no headers")
    result.usage = True
    assert verdict(result).code == Exit.USAGE


@pytest.mark.parametrize(
    ("row", "dry_run", "code"),
    [
        (BatchRow("p", "isolated", 1, files=2), False, 0),
        (BatchRow("p", "isolated", 1, files=2), True, 1),
        (BatchRow("p", "no extension", 1), True, 0),
        (BatchRow("p", "isolated", 1, extensions=Counter({"skipped": 1})), False, 3),
        (BatchRow("p", "partly", 1), False, 3),
        (BatchRow("p", "error", 1), False, 3),
        (BatchRow("p", "timed out", 1), False, 3),
        (BatchRow("p", "crashed", 1), False, 70),
    ],
)
def test_batches(row: BatchRow, dry_run: bool, code: int) -> None:
    assert batch_verdict(BatchResult(dry_run, [row])).code == code
