"""Generated code that calls a function which takes the state now."""

from __future__ import annotations

from pathlib import Path

from rule_snippets import behaves, migrated, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import module

GENERATED = """/*[clinic input]
preserve
[clinic start generated code]*/

static PyObject *spam_double_impl(PyObject *module, long value);

static PyObject *
spam_double(PyObject *module, PyObject *arg)
{
    long value;

    if (!converter(arg, &value)) {
        return NULL;
    }
    return spam_double_impl(module, value);
}
"""
SOURCE = module(
    """
static PyObject *Error;

static int converter(PyObject *value, long *result);

#include "spam.c.h"

static int
converter(PyObject *value, long *result)
{
    if (!PyLong_Check(value)) {
        PyErr_SetString(Error, "no number");
        return 0;
    }
    *result = PyLong_AsLong(value);
    return 1;
}

static PyObject *
spam_double_impl(PyObject *module, long value)
{
    return PyLong_FromLong(2 * value);
}
""",
    '{"double", spam_double, METH_O, NULL},',
    """Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (Error == NULL || PyModule_AddObject(m, "Error", Error) < 0) {
        return NULL;
    }""",
)
RUN = (
    "import spam\ntry:\n    spam.double('x')\nexcept spam.Error as e:\n    print(e, spam.double(2))"
)


def test_a_macro_around_the_include_passes_the_state(tmp_path: Path) -> None:
    outcome = migrated({"spam.c": SOURCE, "spam.c.h": GENERATED})
    assert "spam.c.h" not in outcome.files
    assert "converter(get_spam_state(module), __VA_ARGS__)" in text_of(outcome)
    behaves(outcome, tmp_path, RUN, "no number 4")


def test_two_ways_to_the_state_in_one_file_are_refused() -> None:
    other = GENERATED + GENERATED.replace("spam_double", "spam_triple").replace(
        "PyObject *module", "PyObject *self"
    ).replace("(module", "(self")
    source = SOURCE.replace(
        '{"double"', '{"triple", spam_triple, METH_O, NULL},\n    {"double"'
    ).replace(
        "static PyMethodDef",
        "static PyObject *\nspam_triple_impl(PyObject *self, long value)"
        "\n{\n    return PyLong_FromLong(3 * value);\n}\n\nstatic PyMethodDef",
    )
    outcome = migrated({"spam.c": source, "spam.c.h": other})
    assert reasons(outcome) == {Reason.GENERATED}
    assert outcome.stage is Stage.ACCESS
