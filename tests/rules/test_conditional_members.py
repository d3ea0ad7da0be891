"""Members under `#if` exist where their variables did."""

from __future__ import annotations

from rule_snippets import migrated, reasons, text_of

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
