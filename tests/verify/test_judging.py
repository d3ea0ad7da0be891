"""What a rung's two measurements make of it."""

from __future__ import annotations

from typing import Any

import pytest

from isolate_ext.report.ladder import Verdict
from isolate_ext.verify.judging import judged


def measured(status: str, **data: str) -> dict[str, Any]:
    problems = [] if status == "ok" else ["left behind: type spam.Egg"]
    return {"status": status, "problems": problems, "data": data, "seconds": 0.0}


@pytest.mark.parametrize(
    ("was", "verdict"),
    [
        (measured("ok", skipped="it is made in a single phase"), Verdict.FAILS),
        (measured("ok"), Verdict.FAILS),
        (measured("failed"), Verdict.FAILED_BEFORE),
        (None, Verdict.FAILS),
    ],
)
def test_an_import_without_memory_that_leaves_something(
    was: dict[str, Any] | None, verdict: Verdict
) -> None:
    assert judged("no-memory", was, measured("failed")).verdict is verdict
