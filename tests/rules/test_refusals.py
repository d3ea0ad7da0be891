"""Each reason that no example of a rule shows: a small extension that is refused for it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from isolate_ext.engine import Output, Stage, Violation
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing import check_refused, check_stages, migrated
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import EXCEPTION, TYPE, module

FAIL = """
static PyObject *Error;

static PyObject *
spam_fail(PyObject *self, PyObject *args)
{
    PyErr_SetString(Error, "failed");
    return NULL;
}
"""
ROW = '{"fail", spam_fail, METH_NOARGS, NULL},'
MAKE = 'Error = PyErr_NewException("spam.Error", NULL, NULL);'

CASES = {
    Reason.NO_ROUTE: TYPE.replace(
        "static PyTypeObject Egg_Type = {\n    PyVarObject_HEAD_INIT(NULL, 0)",
        "static PyObject *Error;\n\nstatic PyObject *\nEgg_str(PyObject *self)\n{\n"
        "    Py_INCREF(Error);\n    return Error;\n}\n\n"
        "static PyTypeObject Egg_Type = {\n    PyVarObject_HEAD_INIT(&PyBool_Type, 0)",
    ).replace("    .tp_flags", "    .tp_str = Egg_str,\n    .tp_flags"),
    Reason.PASTED_NAME: module(
        FAIL.replace(
            "static PyObject *Error;",
            "#define GET(name) name ## _error\nstatic PyObject *a_error;",
        ).replace("Error,", "GET(a),"),
        ROW,
        'a_error = PyErr_NewException("spam.Error", NULL, NULL);',
    ),
    Reason.THREAD_LOCAL: EXCEPTION.replace("static PyObject *", "static __thread PyObject *", 1),
    Reason.MANY_INITS: EXCEPTION + EXCEPTION.partition("PyMODINIT_FUNC")[2].replace(
        "\nPyInit_spam", "PyMODINIT_FUNC\nPyInit_eggs"
    ),
    Reason.NO_DEFINITION: EXCEPTION.replace(
        "PyModule_Create(&spam_module)", "PyModule_Create(definition())"
    ).replace(
        "PyMODINIT_FUNC",
        "static struct PyModuleDef *\ndefinition(void)\n{\n"
        "    return &spam_module;\n}\n\nPyMODINIT_FUNC",
    ),
    Reason.STATIC_INSTANCE: TYPE.replace(
        "static PyObject *\nnew_egg",
        "static EggObject default_egg = {PyObject_HEAD_INIT(&Egg_Type) NULL};\n\n"
        "static PyObject *\nnew_egg",
    ),
    Reason.NOT_A_LITERAL: TYPE.replace(
        '    "spam.Egg",                 /* tp_name */\n', "    0,\n"
    ),
    Reason.ALLOCATOR: TYPE.replace(
        "static PyTypeObject Egg_Type = {",
        "static PyObject *\nEgg_alloc(PyTypeObject *type, Py_ssize_t n)\n{\n"
        "    return PyType_GenericAlloc(type, n);\n}\n\nstatic PyTypeObject Egg_Type = {",
    ).replace("    .tp_flags", "    .tp_alloc = Egg_alloc,\n    .tp_flags"),
    Reason.ALLOCATION: TYPE.replace(
        "PyObject_New(EggObject, &Egg_Type);",
        "(EggObject *)PyObject_Init(PyObject_Malloc(sizeof(EggObject)), &Egg_Type);",
    ),
    Reason.FINAL_BASE: TYPE.replace(
        "static PyObject *\nspam_egg",
        "static PyTypeObject Big_Type = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n"
        '    .tp_name = "spam.Big",\n    .tp_base = &Egg_Type,\n};\n\nstatic PyObject *\nspam_egg',
    ).replace("if (PyType_Ready", "if (PyType_Ready(&Big_Type) < 0 || PyType_Ready"),
    Reason.LAYOUT: module(
        FAIL + "\ntypedef struct {\n    PyObject *value;\n} pair;\n\nstatic pair last;\n",
        ROW,
        MAKE + "\n    last.value = PyList_New(0);",
    ),
    Reason.MODULE_NULL: module(
        FAIL + "\nstatic PyObject *\nspam_twice(PyObject *self, PyObject *args)\n{\n"
        "    return spam_fail(NULL, NULL);\n}\n",
        ROW + ' {"twice", spam_twice, METH_NOARGS, NULL},',
        MAKE,
    ),
    Reason.PROCESS_WIDE: """\
#include <Python.h>

static int
idle(void)
{
    return 0;
}

static int
spam_exec(PyObject *module)
{
    PyOS_InputHook = idle;
    return 0;
}

static PyModuleDef_Slot spam_slots[] = {{Py_mod_exec, spam_exec}, {0, NULL}};

static struct PyModuleDef spam_module = {
    PyModuleDef_HEAD_INIT, "spam", NULL, 0, NULL, spam_slots,
};

PyMODINIT_FUNC
PyInit_spam(void)
{
    return PyModuleDef_Init(&spam_module);
}
""",
    Reason.LIMITED_API: "#define Py_LIMITED_API 0x030a0000\n" + TYPE,
}  # fmt: skip


@pytest.mark.parametrize("reason", CASES, ids=lambda each: each.name.lower())
def test_it_is_refused(reason: Reason) -> None:
    check_refused(SUITE, CASES[reason], reason)


@pytest.mark.parametrize("reason", CASES, ids=lambda each: each.name.lower())
def test_what_is_left_compiles(reason: Reason) -> None:
    check_stages(SUITE, CASES[reason])


def test_code_that_does_not_parse_is_left_alone() -> None:
    odd = "\nstatic void\nodd(void)\n{\n    Error @@ = ];\n}\n"
    source = module(FAIL + odd, ROW, MAKE)
    check_refused(SUITE, source, Reason.FENCED)


def test_changes_that_overlap_are_refused() -> None:
    """Two rules that want the same bytes: the symbol stays, and the rest goes on."""

    def clash(pass_):  # type: ignore[no-untyped-def]
        for field in pass_.decisions.fields.values():
            use = pass_.extension.uses_of(field.symbol)[0]
            group = f"global:{field.symbol}"
            pass_.replace(use.path, use.start - 1, use.start + 2, b"!", group, Stage.STATE)

    rules = (*SUITE, replace(SUITE[0], id="clash", run=clash, prepare=None))
    check_refused(rules, EXCEPTION, Reason.CONFLICT)


def test_a_violation_keeps_what_it_is_the_fault_of() -> None:
    def never_right(output: Output) -> list[Violation]:
        key = next(iter(output.before.fields), "")
        return [Violation("strict", "spam.c", 0, "not good enough", key)]

    rules = (*SUITE, replace(SUITE[-1], id="strict", run=lambda pass_: None, verify=never_right))
    outcome = check_refused(rules, EXCEPTION, Reason.POSTCONDITION)
    assert outcome.stage is Stage.ACCESS


def test_a_violation_of_the_whole_is_told() -> None:
    def never_right(output: Output) -> list[Violation]:
        return [Violation("strict", "spam.c", 0, "not good enough")]

    rules = (*SUITE, replace(SUITE[-1], id="strict", run=lambda pass_: None, verify=never_right))
    assert [each.message for each in migrated(rules, EXCEPTION).violations] == ["not good enough"]
