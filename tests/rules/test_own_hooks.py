"""Hooks that a module has already: every member is visited once, and released once."""

from __future__ import annotations

from pathlib import Path

from rule_snippets import behaves, compiled, migrated, output, text_of

from isolate_ext.engine import Stage

SOURCE = """#include <Python.h>

static PyObject *Error;
static PyObject *Other;

static PyObject *
spam_fail(PyObject *self, PyObject *args)
{
    PyErr_SetString(Error, "no");
    return NULL;
}

static PyMethodDef spam_methods[] = {
    {"fail", spam_fail, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};
HOOKS
static struct PyModuleDef spammodule = {
    PyModuleDef_HEAD_INIT, "spam", NULL, 0, spam_methods, NULL,
    spam_traverse, spam_clear, spam_free
};

PyMODINIT_FUNC
PyInit_spam(void)
{
    PyObject *m = PyModule_Create(&spammodule);
    if (m == NULL)
        return NULL;
    Error = PyErr_NewException("spam.Error", NULL, NULL);
    Other = PyErr_NewException("spam.Other", NULL, NULL);
    Py_INCREF(Error);
    PyModule_AddObject(m, "Error", Error);
    Py_INCREF(Other);
    PyModule_AddObject(m, "Other", Other);
    return m;
}
"""
HOOKS = """
static int
spam_traverse(PyObject *m, visitproc visit, void *arg)
{
    Py_VISIT(Error);
    return 0;
}

static int
spam_clear(PyObject *m)
{
    Py_CLEAR(Error);
    return 0;
}

static void
spam_free(void *m)
{
    Py_CLEAR(Error);
}
"""
SCENE = """
import gc, spam, sys, weakref
try:
    spam.fail()
except spam.Error:
    print('caught')
"""
KEPT = """
import gc, importlib.util, weakref
from importlib.machinery import ExtensionFileLoader, PathFinder
place = PathFinder.find_spec('spam').origin
alive = []
for _ in range(20):
    spec = importlib.util.spec_from_file_location('spam', place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    alive += [weakref.ref(module.Error), weakref.ref(module.Other)]
    del module
    gc.collect()
for _ in range(3):
    gc.collect()
print(sum(each() is not None for each in alive))
"""


def source(hooks: str) -> str:
    return SOURCE.replace("HOOKS", hooks)


def test_a_member_that_a_hook_visits_is_not_visited_again(tmp_path: Path) -> None:
    outcome = migrated(source(HOOKS))
    text = text_of(outcome)
    for line in ("Py_VISIT(state->Error);", "Py_VISIT(state->Other);"):
        assert text.count(line) == 1
    for line in ("Py_CLEAR(state->Error);", "Py_CLEAR(state->Other);"):
        assert text.count(line) == 2
    behaves(outcome, tmp_path, SCENE, "caught")


def test_an_older_way_to_visit_counts() -> None:
    older = (
        "    int err = Error != NULL ? visit(Error, arg) : 0;\n    if (err)\n        return err;\n"
    )
    text = text_of(migrated(source(HOOKS.replace("    Py_VISIT(Error);\n", older))))
    assert "Py_VISIT(state->Error);" not in text
    assert "Py_VISIT(state->Other);" in text


def test_free_releases_what_clear_may_not_have_run_for() -> None:
    hooks = HOOKS.replace("    Py_CLEAR(Error);\n}", "    PyErr_Clear();\n    return;\n}")
    text = text_of(migrated(source(hooks)))
    free = text[text.index("spam_free(void") :]
    assert free.index("PyErr_Clear();") < free.index("Py_CLEAR(state->Error);")
    assert free.index("Py_CLEAR(state->Other);") < free.index("return;")


def test_free_that_calls_clear_stays_as_it_is() -> None:
    call = "    spam_clear((PyObject *)m);\n}"
    hooks = HOOKS.replace("    Py_CLEAR(Error);\n}", call)
    text = text_of(migrated(source(hooks)))
    assert call in text
    assert text.count("Py_CLEAR(state->Other);") == 1


def test_a_release_in_a_hook_forgets_the_pointer(tmp_path: Path) -> None:
    hooks = HOOKS.replace("    Py_CLEAR(Error);\n}", "    release();\n}")
    helper = "\nstatic void\nrelease(void)\n{\n    Py_XDECREF(Error);\n}\n"
    outcome = migrated(source(helper + hooks))
    text = text_of(outcome)
    assert "Py_XDECREF" not in text.replace("Py_XDECREF(value)", "")
    assert "    Py_CLEAR(state->Error);\n}\n\nstatic int\nspam_traverse" in text
    behaves(outcome, tmp_path, SCENE, "caught")


def test_nothing_stays_when_the_hooks_had_left_a_member_out(tmp_path: Path) -> None:
    hooks = HOOKS.replace("    Py_VISIT(Error);\n", "").replace("    Py_CLEAR(Error);\n", "")
    outcome = migrated(source(hooks))
    assert output(compiled(outcome, Stage.ISOLATED, tmp_path), KEPT) == "0"
