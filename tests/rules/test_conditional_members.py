"""Members under `#if` exist where their variables did."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import module

FEATURE = "#if defined(__linux__) || defined(COUNTING)\n#define HAVE_COUNT\n#endif\n"
COUNTER = """
#ifdef HAVE_COUNT
static int count;
#endif

static PyObject *
spam_count(PyObject *self, PyObject *args)
{
#ifdef HAVE_COUNT
    count++;
    return PyLong_FromLong(count);
#else
    return PyLong_FromLong(-1);
#endif
}
"""
METHOD = '{"count", spam_count, METH_NOARGS, NULL},'


def test_the_state_stands_behind_what_its_conditions_test() -> None:
    text = text_of(migrated(module(FEATURE + COUNTER, METHOD)))
    assert text.index("#define HAVE_COUNT") < text.index("} spam_state;")
    assert "#if defined(HAVE_COUNT)\n    int count;\n#endif" in text


def test_a_condition_settled_behind_the_first_need_is_refused() -> None:
    early = "static int total;\nint add(int by) { total += by; return total; }\n"
    found = migrated(module(early + FEATURE + COUNTER.replace("count++", "count = add(1)"), METHOD))
    assert Reason.LAYOUT in reasons(found)


BRANCHES = """
#ifdef FAST
FIRST
#else
SECOND
#endif

static PyObject *
spam_count(PyObject *self, PyObject *args)
{
    return PyLong_FromLong(STEP);
}
"""


def branches(first: str, second: str, step: str = "++count") -> str:
    code = BRANCHES.replace("FIRST", first).replace("SECOND", second).replace("STEP", step)
    return module(code, METHOD)


def test_what_every_branch_defines_alike_is_always_a_member(tmp_path: Path) -> None:
    outcome = migrated(branches("static int count;", "static int count = 0;"))
    assert outcome.refusals == []
    assert "typedef struct {\n    int count;\n} spam_state;" in text_of(outcome)
    compiled(outcome, Stage.ISOLATED, tmp_path, "-DFAST")


@pytest.mark.parametrize("first", ["static long count;", "static int count = 1;"])
def test_what_branches_define_differently_stays(first: str) -> None:
    outcome = migrated(branches(first, "static int count;"))
    assert reasons(outcome) == {Reason.LAYOUT}


def test_a_constant_that_another_branch_makes_a_variable_limits_the_claim() -> None:
    step = "\n#ifdef FAST\n        ++\n#endif\n        count"
    code = branches("static const int count = 7;", "static int count;", step)
    outcome = migrated(code.replace("#ifdef FAST\nstatic", "#ifndef FAST\nstatic"))
    assert outcome.refusals == []
    assert "#if PY_VERSION_HEX >= 0x030c0000 && !(!(!defined(FAST)))" in text_of(outcome)
