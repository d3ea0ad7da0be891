"""References that a debug build counts; here a workload counts in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from isolate_ext.report.ladder import Verdict
from isolate_ext.verify import pythons
from isolate_ext.verify.drive import probe
from isolate_ext.verify.judging import judge

COUNTING = """
import sys
import weakref

seen, total = [lambda: None], [1000]
sys.gettotalrefcount = lambda: total[0]

def work(module):
    total[0] += {each_call}
    if seen[0]() is not module:
        total[0] += {each_copy}
        seen[0] = weakref.ref(module)
"""


@pytest.mark.parametrize(
    ("each_copy", "each_call", "problems"),
    [(0, 0, ()), (0, 2, ()), (1, 0, ("1.0 references more a cycle",)), (0.1, 0, ())],
)
def test_references_that_a_copy_leaves_behind(
    compiled: Any, newest: str, tmp_path: Path, each_copy: float, each_call: int, problems: Any
) -> None:
    workload = tmp_path / "workload.py"
    workload.write_text(COUNTING.format(each_copy=each_copy, each_call=each_call))
    library = compiled(newest, "isolated")
    found = probe(library, pythons.find(newest), rungs=["cycles"], cycles=40, workload=workload)
    rung = found["rungs"]["cycles"]
    assert tuple(rung["problems"]) == problems
    assert rung["data"]["references"] == each_copy
    assert rung["data"]["work references"] == each_call


def test_calls_that_leak_more_references_than_before() -> None:
    def probed(leaked: float) -> dict[str, Any]:
        data = {"work": 0.0, "work references": leaked}
        rungs = {
            "import": {"status": "ok", "problems": [], "data": {}, "seconds": 0.0},
            "cycles": {"status": "ok", "problems": [], "data": data, "seconds": 0.0},
        }
        return {"rungs": rungs, "crashes": [], "skip": []}

    def judged(before: float, after: float) -> Verdict:
        rungs = judge(probed(before), probed(after), (3, 13), ["cycles"]).rungs
        return next(each.verdict for each in rungs if each.name == "cycles")

    assert judged(0.0, 0.0) == judged(3.0, 3.0) == judged(3.0, 0.0) == Verdict.HOLDS
    assert judged(0.0, 1.0) == judged(3.0, 4.0) == Verdict.FAILS
