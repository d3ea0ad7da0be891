"""Modules that need nothing any more are told so, and stay as they are."""

from __future__ import annotations

import pytest
from rule_snippets import migrated

from isolate_ext.placement.decisions import Level

NUMBER = """
static void
choose(int way)
{
#if PY_VERSION_HEX >= 0x030d0000
    static PyMutex mutex = {0};
#endif
    static int chosen = 0;

#if PY_VERSION_HEX >= 0x030d0000
    PyMutex_Lock(&mutex);
#endif
    if (chosen != way) {
        chosen = way;
    }
#if PY_VERSION_HEX >= 0x030d0000
    PyMutex_Unlock(&mutex);
#endif
}
"""
SOURCE = """#include <Python.h>

typedef struct {
    PyObject *error;
} spam_state;
NUMBER
static int
spam_exec(PyObject *module)
{
    spam_state *state = (spam_state *)PyModule_GetState(module);
    state->error = PyErr_NewException("spam.Error", NULL, NULL);
    choose(1);
    return state->error == NULL ? -1 : 0;
}

static int
spam_traverse(PyObject *module, visitproc visit, void *arg)
{
    Py_VISIT(((spam_state *)PyModule_GetState(module))->error);
    return 0;
}

static int
spam_clear(PyObject *module)
{
    Py_CLEAR(((spam_state *)PyModule_GetState(module))->error);
    return 0;
}

static void
spam_free(void *module)
{
    (void)spam_clear((PyObject *)module);
}

#if PY_VERSION_HEX >= 0x030f0000
PyABIInfo_VAR(abi_info);

static PySlot spam_slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
    PySlot_STATIC_DATA(Py_mod_name, "spam"),
    PySlot_FUNC(Py_mod_state_traverse, spam_traverse),
    PySlot_FUNC(Py_mod_state_clear, spam_clear),
    PySlot_FUNC(Py_mod_state_free, spam_free),
    PySlot_FUNC(Py_mod_exec, spam_exec),
    PySlot_SIZE(Py_mod_state_size, sizeof(spam_state)),
    PySlot_UINT64(Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED),
    PySlot_END
};

PyMODEXPORT_FUNC
PyModExport_spam(void)
{
    return spam_slots;
}
#else
static PyModuleDef_Slot spam_slots[] = {
    {Py_mod_exec, spam_exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL}
};

static struct PyModuleDef spam_module = {
    PyModuleDef_HEAD_INIT, "spam", NULL, sizeof(spam_state), NULL, spam_slots,
    spam_traverse, spam_clear, spam_free
};
#endif

PyMODINIT_FUNC
PyInit_spam(void)
{
#if PY_VERSION_HEX >= 0x030f0000
    return NULL;
#else
    return PyModuleDef_Init(&spam_module);
#endif
}
"""


def test_a_module_with_two_tables_of_slots() -> None:
    outcome = migrated(SOURCE.replace("NUMBER", NUMBER))
    assert outcome.already
    assert outcome.refusals == []
    assert outcome.texts == {}


def test_a_number_behind_a_lock_stays_with_the_lock() -> None:
    decisions = migrated(SOURCE.replace("NUMBER", NUMBER)).decisions
    assert decisions is not None
    kept = {each.symbol.rpartition(":")[2]: each for each in decisions.stays}
    assert kept.keys() >= {"mutex", "chosen"}
    assert kept["chosen"].level is Level.PROCESS
    assert kept["chosen"].conditions == ("PY_VERSION_HEX < 0x030d0000",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    static int chosen = 0;\n\n", "    static int chosen = 0;\n\n    chosen += way;\n"),
        ("if (chosen != way) {", "if (PyMutex_IsLocked(&mutex) && chosen != way) {"),
        ("        chosen = way;\n", "        chosen = way;\n        memset(&chosen, 0, 1);\n"),
        ("    static int chosen = 0;", "    static int *chosen;"),
    ],
    ids=["before it", "another use of the lock", "its address", "a pointer"],
)
def test_what_is_not_always_behind_the_lock_moves(old: str, new: str) -> None:
    decisions = migrated(SOURCE.replace("NUMBER", NUMBER.replace(old, new))).decisions
    assert decisions is not None
    assert any(key.endswith(":chosen") for key in decisions.fields)
