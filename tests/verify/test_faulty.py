"""Each mistake of ``faulty`` is found by the rung that should find it; its twin has nothing."""

import re

import pytest
from faulty import HERE, PRESENT, VERSIONS, build, climb, faults, findings, slower

from isolate_ext.verify import pythons
from isolate_ext.verify.drive import probe

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


@pytest.mark.parametrize("kept", (0, 400, 520, 600, 680))
def test_a_teardown_is_in_order_whenever_garbage_is_collected(tmp_path, kept):
    fault = next(each for each in FAULTS if each.name == "type_released_early")
    workload = tmp_path / "workload.py"
    workload.write_text(
        f"kept = [[] for _ in range({kept})]\n"
        f"def work(module): kept.append([{{}} for _ in range({kept})])\n"
    )
    library = build(fault.module, PRESENT[-1], tmp_path, "FAULTY")
    rungs = probe(library, pythons.find(PRESENT[-1]), rungs=fault.needed, workload=workload)[
        "rungs"
    ]
    assert rungs[fault.rung]["status"] == "crashed"


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
