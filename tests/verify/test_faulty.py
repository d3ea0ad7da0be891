"""Each mistake of ``faulty`` is found by the rung that should find it; its twin has nothing."""

import re

import pytest
from faulty import HERE, PRESENT, VERSIONS, climb, faults, findings, slower

FAULTS = faults()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_rung_finds_the_mistake_and_passes_the_twin(fault, tmp_path):
    if not fault.present:
        pytest.skip(f"shows on Python {', '.join(fault.versions)} only, of which none is here")
    version = fault.present[-1]
    twin = climb(fault, version, tmp_path, rungs=fault.needed)
    assert findings(None, twin, version) == {}
    for _ in range(fault.attempts):
        faulty = climb(fault, version, tmp_path, "FAULTY", rungs=fault.needed)
        problems = findings(twin, faulty, version)
        told = problems.get(fault.rung, ())
        if fault.rung == "cost":
            told = slower(fault, version, tmp_path)
        if any(re.search(fault.words, line) for line in told):
            break
    else:
        pytest.fail(f"not found: {problems}")


def test_most_rows_of_the_table_have_a_mistake():
    rows = {int(fault.row) for fault in FAULTS if fault.row.isdigit()}
    assert len(rows) >= 25
    assert rows <= set(range(1, 31))


def test_every_source_is_in_the_table():
    companions = {name for fault in FAULTS for name in fault.companions}
    sources = {path.stem for path in HERE.glob("*.c")} - companions
    assert sources == {fault.module for fault in FAULTS}


@pytest.mark.parametrize("version", PRESENT or VERSIONS[-1:])
def test_a_guard_that_always_refuses_is_no_fault(tmp_path, version):
    guarded = next(fault for fault in FAULTS if fault.name == "load_once")
    result = climb(guarded, version, tmp_path, "GUARDED", rungs=("load-once",))["rungs"]
    assert result["load-once"]["status"] == "ok"
    assert set(result["load-once"]["data"]["words"]) == {"refused"}
