"""What is written beside a type has names that nothing else has."""

from __future__ import annotations

from pathlib import Path

from rule_snippets import behaves, migrated, reasons, text_of

SOURCE = """#include <Python.h>

typedef struct {
    PyDictObject dict;
    PyObject *extra;
} SpamObject;

static int
Spam_clear(SpamObject *self)
{
    Py_CLEAR(self->extra);
    return 0;
}

static void
Spam_dealloc(SpamObject *self)
{
    Spam_clear(self);
    PyDict_Type.tp_dealloc((PyObject *)self);
}

static PyTypeObject Spam_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Spam",
    .tp_basicsize = sizeof(SpamObject),
    .tp_dealloc = (destructor)Spam_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
};

typedef struct {
    PyObject_HEAD
    long value;
} spamobject;

static PyTypeObject spam_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.spam",
    .tp_basicsize = sizeof(spamobject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
};

static PyTypeObject spamtype = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.other",
    .tp_basicsize = sizeof(spamobject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
};

static PyObject *
spam_make(PyObject *self, PyObject *args)
{
    return (PyObject *)PyObject_New(spamobject, PyTuple_Size(args) ? &spam_Type : &spamtype);
}

static PyMethodDef spam_methods[] = {
    {"make", spam_make, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef spam_module = {
    PyModuleDef_HEAD_INIT, "spam", NULL, -1, spam_methods,
};

PyMODINIT_FUNC
PyInit_spam(void)
{
    Spam_Type.tp_base = &PyDict_Type;
    if (PyType_Ready(&Spam_Type) < 0 || PyType_Ready(&spam_Type) < 0
            || PyType_Ready(&spamtype) < 0) {
        return NULL;
    }
    PyObject *m = PyModule_Create(&spam_module);
    Py_INCREF(&Spam_Type);
    if (m != NULL && PyModule_AddObject(m, "Spam", (PyObject *)&Spam_Type) < 0) {
        Py_CLEAR(m);
    }
    return m;
}
"""


def test_names_beside_a_type_are_fresh(tmp_path: Path) -> None:
    outcome = migrated(SOURCE)
    assert reasons(outcome) == set()
    text = text_of(outcome)
    assert "Spam_clear_(PyObject *self)" in text
    assert "static PyType_Slot spamtype_slots[]" in text
    names = "type(spam.make()).__name__, type(spam.make(1)).__name__"
    run = f"import spam\nprint(spam.Spam(a=1), {names})"
    behaves(outcome, tmp_path, run, "{'a': 1} other spam")
