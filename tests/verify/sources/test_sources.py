"""What the sources alone show: each mistake is named, and what is right is not."""

from __future__ import annotations

import pytest

from isolate_ext.report.ladder import Verdict
from isolate_ext.testing import extension_of
from isolate_ext.verify.source_rung import own_findings, sources

GOOD = """\
#include <Python.h>

typedef struct {
    PyObject *Egg_Type;
    PyObject *cache;
} spam_state;

typedef struct {
    PyObject_HEAD
    PyObject *yolk;
    PyObject *owner;
    int owns;
    Py_buffer view;
} EggObject;

#define egg ((EggObject *)self)

static int
egg_traverse(EggObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->yolk);
    Py_VISIT(self->view.obj);
    return 0;
}

static void
egg_close(PyObject *self)
{
    PyBuffer_Release(&egg->view);
    Py_XDECREF(egg->yolk);
}

static void
egg_dealloc(EggObject *self)
{
    PyTypeObject *tp = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    egg_close((PyObject *)self);
    if (self->owns) {
        Py_DECREF(self->owner);
    }
    tp->tp_free(self);
    Py_DECREF(tp);
}

static PyObject *
egg_swap(EggObject *self, PyObject *value)
{
    Py_INCREF(value);
    self->yolk = value;
    Py_RETURN_NONE;
}

static PyType_Slot Egg_slots[] = {
    {Py_tp_dealloc, egg_dealloc},
    {Py_tp_traverse, egg_traverse},
    {0, NULL}
};

static PyType_Spec Egg_spec = {
    .name = "spam.Egg",
    .basicsize = sizeof(EggObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = Egg_slots,
};

static int
spam_traverse(PyObject *module, visitproc visit, void *arg)
{
    spam_state *state = PyModule_GetState(module);
    Py_VISIT(state->Egg_Type);
    Py_VISIT(state->cache);
    return 0;
}

static int
spam_clear(PyObject *module)
{
    spam_state *state = PyModule_GetState(module);
    if (state) {
        Py_CLEAR(state->Egg_Type);
        Py_CLEAR(state->cache);
    }
    return 0;
}

static void
spam_free(void *module)
{
    spam_clear((PyObject *)module);
}

static struct PyModuleDef spam_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "spam",
    .m_size = sizeof(spam_state),
    .m_slots = spam_slots,
    .m_traverse = spam_traverse,
    .m_clear = spam_clear,
    .m_free = spam_free,
};
"""
HOLDS = "and its state holds objects"
MISTAKES = {
    "    Py_VISIT(Py_TYPE(self));\n": ["egg_traverse does not visit the type"],
    "    Py_VISIT(self->yolk);\n": ["egg_traverse does not visit yolk, which egg_dealloc releases"],
    "    Py_XDECREF(egg->yolk);\n": ["egg_dealloc keeps yolk, which egg_traverse visits"],
    "    PyBuffer_Release(&egg->view);\n": [
        "egg_dealloc keeps view.obj, which egg_traverse visits"
    ],
    "    Py_DECREF(tp);\n": ["egg_dealloc does not release the type"],
    " | Py_TPFLAGS_HAVE_GC": ["Egg_spec has egg_traverse without Py_TPFLAGS_HAVE_GC"],
    "    Py_VISIT(state->cache);\n": ["spam_traverse leaves out cache"],
    "        Py_CLEAR(state->cache);\n": [
        "spam_clear leaves out cache",
        "spam_free leaves out cache",
    ],
    "    .m_traverse = spam_traverse,\n": [f"spam_module has no m_traverse, {HOLDS}"],
    "    .m_free = spam_free,\n": [f"spam_module has no m_free, {HOLDS}"],
    "    spam_clear((PyObject *)module);\n": [
        "spam_free leaves out Egg_Type",
        "spam_free leaves out cache",
    ],
    "    .m_clear = spam_clear,\n": [f"spam_module has no m_clear, {HOLDS}"],
}
"""What is left out, and what is said of it."""


def found(text: str) -> list[str]:
    return own_findings(extension_of(text))


def test_what_is_right_is_not_named() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize("gone", MISTAKES)
def test_what_is_left_out_is_named(gone: str) -> None:
    assert GOOD.count(gone) == 1
    assert found(GOOD.replace(gone, "")) == MISTAKES[gone]


def test_the_type_goes_last() -> None:
    early = GOOD.replace(
        "    tp->tp_free(self);\n    Py_DECREF(tp);\n",
        "    Py_DECREF(tp);\n    tp->tp_free(self);\n",
    )
    assert found(early) == ["egg_dealloc goes on after it has released the type"]


def test_no_lookup_by_definition_while_an_instance_dies() -> None:
    looking = GOOD.replace("    tp->tp_free", "    PyType_GetModuleByDef(tp, 0);\n    tp->tp_free")
    assert found(looking) == ["egg_dealloc finds the module through a type that may be cleared"]


def test_what_the_original_had_wrong_failed_before() -> None:
    wrong = extension_of(GOOD.replace("    Py_VISIT(state->cache);\n", ""))
    rung = sources(wrong, wrong)
    assert (rung.verdict, rung.problems) == (
        Verdict.FAILED_BEFORE,
        ("spam_traverse leaves out cache",),
    )
    assert sources(extension_of(GOOD), wrong).verdict is Verdict.FAILS
    assert sources(None, wrong).verdict is Verdict.FAILS
    assert sources(wrong, extension_of(GOOD)).verdict is Verdict.HOLDS


@pytest.mark.parametrize(
    ("gone", "line"),
    [
        ("    Py_INCREF(value);\n", "egg_swap takes no reference to value, as it did"),
        ("        Py_DECREF(self->owner);\n", "releases no reference to self->owner, as it did"),
    ],
)
def test_references_are_taken_and_released_as_before(gone: str, line: str) -> None:
    rung = sources(extension_of(GOOD), extension_of(GOOD.replace(gone, "")))
    assert rung.verdict is Verdict.FAILS
    assert [each for each in rung.problems if each.endswith(line)]


def test_a_call_that_takes_the_reference_itself_is_as_good() -> None:
    add = (
        GOOD
        + """
static int
add(PyObject *m, PyObject *value)
{
    Py_INCREF(value);
    return PyModule_AddObject(m, "value", value);
}
"""
    )
    pair = "    Py_INCREF(value);\n    return PyModule_AddObject("
    now = add.replace(pair, "    return PyModule_AddObjectRef(")
    assert sources(extension_of(add), extension_of(now)).verdict is Verdict.HOLDS
    lost = add.replace(pair, "    return PyModule_AddObject(")
    assert sources(extension_of(add), extension_of(lost)).verdict is Verdict.FAILS
