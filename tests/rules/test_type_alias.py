"""Pointers that are another name of a type, in one file and across several."""

from __future__ import annotations

from pathlib import Path

from rule_snippets import compiled, output

from isolate_ext.engine import Stage
from isolate_ext.testing import check_rewrite, check_stages
from isolate_ext_rules import SUITE
from isolate_ext_rules.type_alias import ALIASED

HEADER = (
    "#ifndef EGG_H\n#define EGG_H\n#include <Python.h>\nextern PyTypeObject *EggType;\n#endif\n"
)
EGG = """#include "egg.h"

static int
egg_bool(PyObject *self)
{
    return Py_TYPE(self) == EggType && EggType->tp_basicsize == sizeof(PyObject);
}

static PyNumberMethods egg_number = {.nb_bool = egg_bool};
static PyTypeObject Egg_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Egg",
    .tp_basicsize = sizeof(PyObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_as_number = &egg_number,
    .tp_new = PyType_GenericNew,
};

PyTypeObject *EggType = &Egg_Type;
"""
SPAM = """#include "egg.h"

#define IS_EGG(o) PyObject_TypeCheck(o, EggType)

static PyObject *
spam_check(PyObject *self, PyObject *arg)
{
    return PyBool_FromLong(IS_EGG(arg));
}

static PyMethodDef spam_methods[] = {
    {"check", spam_check, METH_O, NULL},
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef spam_module = {
    PyModuleDef_HEAD_INIT, "spam", NULL, -1, spam_methods,
};

PyMODINIT_FUNC
PyInit_spam(void)
{
    PyObject *m = PyModule_Create(&spam_module);
    if (m == NULL || PyType_Ready(EggType) < 0) {
        return NULL;
    }
    Py_INCREF(EggType);
    PyModule_AddObject(m, "Egg", (PyObject *)EggType);
    return m;
}
"""
FILES = f"-- egg.h --\n{HEADER}-- egg.c --\n{EGG}-- spam.c --\n{SPAM}"


def test_across_files(tmp_path: Path) -> None:
    check_stages(SUITE, FILES)
    outcome = check_rewrite(SUITE, FILES, gone=("EggType", "PyTypeObject Egg_Type"))
    built = compiled(outcome, Stage.ISOLATED, tmp_path)
    run = "import spam; print(spam.check(spam.Egg()), bool(spam.Egg()), spam.check(1))"
    assert output(built, run) == "True True False"


def test_in_one_file() -> None:
    check_stages(SUITE, ALIASED)
