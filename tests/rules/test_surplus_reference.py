"""A reference that nothing takes over would keep a type or class for each import."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, text_of

from isolate_ext.engine import Stage
from isolate_ext_rules.examples import module

SOURCE = """
typedef struct { PyObject_HEAD } Thing;

static PyTypeObject Thing_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Thing",
    .tp_basicsize = sizeof(Thing),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
};
static PyTypeObject *other;
static PyObject *Error;

static PyObject *
spam_fail(PyObject *self, PyObject *args)
{
    PyErr_SetString(Error, "failed");
    return NULL;
}
"""
METHOD = '{"fail", spam_fail, METH_NOARGS, NULL},'
ALIVE = """
import gc, importlib.util, sys, weakref
def copy():
    spec = importlib.util.find_spec("spam")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    found = [weakref.ref(made), weakref.ref(made.Thing), weakref.ref(made.Error)]
    sys.modules.pop("spam", None)
    return found
found = copy()
gc.collect()
print(*(each() is None for each in found))
"""


def source(fill: str) -> str:
    return module(
        SOURCE,
        METHOD,
        """PyObject *d = PyModule_GetDict(m);
    if (PyType_Ready(&Thing_Type) < 0) {
        return NULL;
    }
    Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (Error == NULL) {
        return NULL;
    }
"""
        + fill,
    )


PLAIN = """    ;
    Py_INCREF(&Thing_Type);
    PyDict_SetItemString(d, "Thing", (PyObject *)&Thing_Type);
    Py_INCREF(Error);  /* for the dict */
    PyDict_SetItemString(d, "Error", Error);
"""
TESTED = """    Py_INCREF((PyObject *) &Thing_Type);
    if (PyDict_SetItemString(d, "Thing", (PyObject *)&Thing_Type) < 0) {
        Py_DECREF(&Thing_Type);
        return NULL;
    }
    Py_XINCREF(Error);
    if (PyObject_SetAttrString(m, "Error", Error)) {
        Py_DECREF(Error);
        return NULL;
    }
"""


@pytest.mark.parametrize("fill", [PLAIN, TESTED])
def test_nothing_of_a_copy_stays(fill: str, tmp_path: Path) -> None:
    outcome = migrated(source(fill))
    assert outcome.stage is Stage.ISOLATED and not outcome.refusals
    assert "CREF(state" not in text_of(outcome)
    assert output(compiled(outcome, Stage.ISOLATED, tmp_path), ALIVE) == "True True True"


def test_a_type_of_the_interpreter() -> None:
    taken = "    Py_INCREF(&PyUnicode_Type);\n"
    fill = taken + '    PyDict_SetItemString(d, "T", (PyObject *)&PyUnicode_Type);'
    assert "INCREF" not in text_of(migrated(source(fill)))


@pytest.mark.parametrize(
    ("fill", "kept"),
    [
        (
            "    Py_INCREF(Error);\n    PyDict_Clear(d);\n"
            '    PyDict_SetItemString(d, "E", Error);\n',
            "Py_INCREF(state->Error);",
        ),
        (
            "    Error = PyExc_ValueError;\n    Py_INCREF(Error);\n"
            '    PyDict_SetItemString(d, "E", Error);\n',
            "Py_INCREF(state->Error);",
        ),
        (
            "    other = &Thing_Type;\n    Py_INCREF(&Thing_Type);\n"
            '    PyDict_SetItemString(d, "T", (PyObject *)&Thing_Type);\n',
            "INCREF(state->Thing_Type);",
        ),
        (
            '    Py_INCREF(Error);\n    PyDict_SetItemString(d, "E", Error);\n'
            "    Py_DECREF(Error);\n",
            "Py_INCREF(state->Error);",
        ),
        (
            '    Py_INCREF(Error);\n    PyDict_SetItemString(d, "E", Error);\n'
            "    PyList_SetItem(PyList_New(1), 0, Error);\n",
            "Py_INCREF(state->Error);",
        ),
    ],
    ids=["apart", "borrowed", "stored", "released", "given"],
)
def test_what_may_be_needed_stays(fill: str, kept: str) -> None:
    assert kept in text_of(migrated(source(fill)))


def test_only_in_the_last_stage(tmp_path: Path) -> None:
    outcome = migrated(source(PLAIN))
    assert text_of(outcome, stage=Stage.ACCESS).count("INCREF(") >= 2
    compiled(outcome, Stage.ACCESS, tmp_path)
