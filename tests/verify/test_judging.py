"""What a rung's two measurements make of it."""

from __future__ import annotations

from typing import Any

import pytest

from isolate_ext.report.ladder import Verdict
from isolate_ext.verify.judging import judge, judged


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


ONCE = "ImportError: spam can be loaded only once in a process"
HOOK = ("idle is hooked into PyOS_InputHook, which the whole process shares",)


@pytest.mark.parametrize(
    ("words", "problem", "once", "verdict"),
    [
        (["refused", "refused"], ONCE, HOOK, Verdict.NOT_JUDGED),
        (["refused", "refused"], ONCE, (), Verdict.FAILS),
        (["refused", "loaded"], ONCE, HOOK, Verdict.FAILS),
        (["refused", "refused"], "they share the type Egg", HOOK, Verdict.FAILS),
    ],
)
def test_what_needs_a_second_copy_of_a_module_that_is_loaded_once(
    words: list[str], problem: str, once: tuple[str, ...], verdict: Verdict
) -> None:
    rungs = {
        "import": measured("ok"),
        "learn": measured("ok"),
        "load-once": {**measured("ok"), "data": {"words": words}},
        "reimport": {**measured("failed"), "problems": [problem]},
    }
    after = {"rungs": rungs, "crashes": []}
    found = judge(None, after, (3, 12), ("reimport", "load-once"), once=once)
    assert {each.name: each.verdict for each in found.rungs}["reimport"] is verdict
