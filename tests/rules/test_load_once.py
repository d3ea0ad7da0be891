"""The load-once guard beside hooks and a state that the module has already."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, text_of

from isolate_ext.engine import Settings, Stage

HOOKED = """\
#include <Python.h>

static PyObject *log_;
static int cleared;

static PyObject *
spam_add(PyObject *self, PyObject *value)
{
    if (PyList_Append(log_, value) < 0) {
        return NULL;
    }
    return PyLong_FromSsize_t(PyList_GET_SIZE(log_) + 100 * cleared);
}

static PyMethodDef spam_methods[] = {
    {"add", spam_add, METH_O, NULL},
    {NULL, NULL, 0, NULL}
};

static int
spam_traverse(PyObject *m, visitproc visit, void *arg)
{
    Py_VISIT(log_);
    return 0;
}

static int
spam_clear(PyObject *m)
{
    cleared++;
    Py_CLEAR(log_);
    return 0;
}

static void
spam_free(void *m)
{
    spam_clear((PyObject *)m);
}

static struct PyModuleDef spam_module = {
    PyModuleDef_HEAD_INIT, "spam", NULL, @SIZE@, spam_methods,
    NULL, spam_traverse, spam_clear, spam_free,
};

PyMODINIT_FUNC
PyInit_spam(void)
{
    PyObject *m = PyModule_Create(&spam_module);
    if (m == NULL) {
        return NULL;
    }
    @FILL@
    log_ = PyList_New(0);
    if (log_ == NULL) {
        Py_DECREF(m);
        return NULL;
    }
    return m;
}
"""
FILLED = "*(int *)PyModule_GetState(m) = 7;"
TWICE = """
import gc, sys
import spam
print(spam.add(1))
for attempt in range(3):
    del sys.modules["spam"]
    try:
        import spam as other
    except ImportError as error:
        print(error)
    else:
        print("loaded twice")
    sys.modules["spam"] = spam
    gc.collect()
print(spam.add(2))
"""
REFUSED = "spam can be loaded only once in a process"


@pytest.mark.parametrize(
    ("size", "fill"), [("-1", ""), ("0", ""), ("sizeof(int)", FILLED), ("16", FILLED)]
)
def test_hooks_act_for_the_loaded_module_alone(size: str, fill: str, tmp_path: Path) -> None:
    """A copy that is refused neither visits nor clears what belongs to the other."""
    source = HOOKED.replace("@SIZE@", size).replace("@FILL@", fill)
    outcome = migrated(source, Settings(guarded=True))
    assert outcome.stage is Stage.ISOLATED and not outcome.refusals
    library = compiled(outcome, Stage.ISOLATED, tmp_path)
    assert output(library, TWICE) == "\n".join(["1", REFUSED, REFUSED, REFUSED, "2"])


def test_it_may_be_loaded_again_when_it_is_gone(tmp_path: Path) -> None:
    source = HOOKED.replace("@SIZE@", "-1").replace("@FILL@", "")
    library = compiled(migrated(source, Settings(guarded=True)), Stage.ISOLATED, tmp_path)
    code = """
import gc, sys
for attempt in range(3):
    import spam
    print(spam.add(attempt))
    del spam, sys.modules["spam"]
    gc.collect()
"""
    assert output(library, code) == "1\n201\n401"


def test_a_second_run_changes_nothing() -> None:
    settings = Settings(guarded=True)
    first = migrated(HOOKED.replace("@SIZE@", "-1").replace("@FILL@", ""), settings)
    again = migrated(text_of(first), settings)
    assert again.already and not again.files


def test_types_and_their_specs_are_left_alone() -> None:
    """Nothing is refused on account of what is not touched."""
    source = HOOKED.replace("@SIZE@", "-1").replace(
        "@FILL@",
        'static PyType_Slot slots[] = {{0, NULL}};\n    static PyType_Spec spec = {"spam.Egg", '
        "sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, slots};\n    PyObject *egg = "
        'PyType_FromSpec(&spec);\n    PyModule_AddObject(m, "Egg", egg);',
    )
    outcome = migrated(source, Settings(guarded=True))
    assert not outcome.refusals
    assert "PyType_FromSpec(&spec)" in text_of(outcome)
