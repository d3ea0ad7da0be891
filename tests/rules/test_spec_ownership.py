"""A reference to a type made from a spec that a module of the old kind never gave back."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, text_of

from isolate_ext.engine import Stage

SURPLUS = "    Py_INCREF(egg);\n"
MODULE = """\
#include <Python.h>

typedef struct {
    PyTypeObject *Egg;
    PyTypeObject *Second;
} spam_state;

static struct PyModuleDef spam_module;

static PyType_Slot Egg_slots[] = {{0, NULL}};
static PyType_Spec Egg_spec = {"spam.Egg", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, Egg_slots};

static PyObject *
spam_egg(PyObject *self, PyObject *args)
{
    spam_state *st = (spam_state *)PyModule_GetState(self);
    Py_INCREF(st->Egg);
    return (PyObject *)st->Egg;
}

static PyMethodDef spam_methods[] = {
    {"egg", spam_egg, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static int
spam_traverse(PyObject *m, visitproc visit, void *arg)
{
    Py_VISIT(((spam_state *)PyModule_GetState(m))->Egg);
    return 0;
}

static int
spam_clear(PyObject *m)
{
    Py_CLEAR(((spam_state *)PyModule_GetState(m))->Egg);
    return 0;
}

static struct PyModuleDef spam_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "spam",
    .m_size = sizeof(spam_state),
    .m_methods = spam_methods,
    .m_traverse = spam_traverse,
    .m_clear = spam_clear,
};

PyMODINIT_FUNC
PyInit_spam(void)
{
    spam_state *st;
    PyTypeObject *egg;
    PyObject *m = PyModule_Create(&spam_module);
    if (m == NULL) {
        return NULL;
    }
    st = (spam_state *)PyModule_GetState(m);
    egg = (PyTypeObject *)PyType_FromSpec(&Egg_spec);
    if (egg == NULL) {
        return NULL;
    }
    Py_INCREF(egg);
    st->Egg = egg;
    return m;
}
"""
GONE = """
import gc, sys, weakref, spam
kind = weakref.ref(spam.egg())
del spam, sys.modules["spam"]
gc.collect()
print(kind())
"""


def test_it_is_not_taken_any_more(tmp_path: Path) -> None:
    outcome = migrated(MODULE)
    assert outcome.refusals == []
    assert SURPLUS not in text_of(outcome)
    assert output(compiled(outcome, Stage.ISOLATED, tmp_path), GONE) == "None"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Py_INCREF(egg);", "Py_XINCREF(egg);"),
        ("Py_INCREF(egg);\n    st->Egg = egg;", "st->Egg = egg;\n    Py_INCREF(st->Egg);"),
        ("egg = (PyTypeObject *)PyType", "egg = (PyTypeObject *)(PyObject *)PyType"),
        ("st->Egg = egg;", "st->Egg = (PyTypeObject *)(egg);"),
    ],
)
def test_however_it_is_written(before: str, after: str) -> None:
    source = MODULE.replace(before, after)
    assert source != MODULE
    text = text_of(migrated(source))
    init = text[text.index("PyType_FromModuleAndSpec") :]
    assert "INCREF" not in init.partition("return")[2]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    return m;\n", '    PyModule_AddObject(m, "Egg", (PyObject *)egg);\n    return m;\n'),
        (
            "    return m;\n",
            '    PyModule_AddObject(m, "Egg", (PyObject *)st->Egg);\n    return m;\n',
        ),
        ("    st->Egg = egg;\n", "    st->Egg = egg;\n    st->Second = egg;\n"),
        ("    Py_CLEAR(((spam_state *)PyModule_GetState(m))->Egg);\n", ""),
    ],
    ids=["handed over", "member handed over", "two members", "never released"],
)
def test_a_reference_with_an_owner_stays(before: str, after: str) -> None:
    source = MODULE.replace(before, after)
    assert source != MODULE
    assert SURPLUS in text_of(migrated(source))


def test_the_reference_of_a_caller_stays() -> None:
    made = """static PyTypeObject *
make(PyObject *m)
{
    spam_state *st = (spam_state *)PyModule_GetState(m);
    PyTypeObject *egg = (PyTypeObject *)PyType_FromSpec(&Egg_spec);
    if (egg == NULL) {
        return NULL;
    }
    Py_INCREF(egg);
    st->Egg = egg;
    return egg;
}

PyMODINIT_FUNC
"""
    head, rest = MODULE.split("PyMODINIT_FUNC\n")
    begin = rest.index("    egg = (PyTypeObject *)PyType_FromSpec")
    end = rest.index("    return m;")
    rest = rest[:begin] + "    egg = make(m);\n    Py_XDECREF(egg);\n" + rest[end:]
    assert SURPLUS in text_of(migrated(head + made + rest))
