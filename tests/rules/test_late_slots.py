"""Slots that functions assign by the type's name, and pointers to it from before it is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, reasons, text_of

from isolate_ext.placement.refusals import Reason
from isolate_ext.testing.checks import migrated
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import TYPE, module

TYPES = """
static PyNumberMethods egg_number;
static PyTypeObject Egg_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Egg",
    .tp_basicsize = sizeof(PyLongObject),
    .tp_as_number = &egg_number,
};
static PyTypeObject Ham_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Ham",
    .tp_basicsize = sizeof(PyLongObject),
};
static Py_hash_t
fixed_hash(PyObject *self)
{
    return 42;
}
static PyObject *
seven(PyObject *left, PyObject *right)
{
    return PyLong_FromLong(7);
}
static PyNumberMethods egg_number = {.nb_add = seven};
"""
READY = """
    if (PyType_Ready(&Egg_Type) < 0 || PyType_Ready(&Ham_Type) < 0) {
        return NULL;
    }
    Py_INCREF(&Egg_Type);
    PyModule_AddObject(m, "Egg", (PyObject *)&Egg_Type);"""
NEW = "Egg_Type.tp_new = PyType_GenericNew;\n    "


def test_functions_that_are_defined_later(tmp_path: Path) -> None:
    slots = f"{NEW}Egg_Type.tp_hash = fixed_hash;\n    Ham_Type.tp_hash = fixed_hash;"
    outcome = migrated(SUITE, module(TYPES, "", slots + READY))
    assert not outcome.refusals
    text = text_of(outcome)
    assert text.count("fixed_hash(PyObject *self);") == 1
    assert text.count("seven(PyObject *left, PyObject *right);") == 1
    code = "import spam; print(hash(spam.Egg()), spam.Egg() + 1)"
    behaves(outcome, tmp_path, code, "42 7")


@pytest.mark.parametrize(
    "slots",
    [
        "Egg_Type.tp_hash = fixed_hash; Egg_Type.tp_hash = NULL;",
        "hashfunc hash = fixed_hash; Egg_Type.tp_hash = hash;",
        "PyTypeObject *base = &PyLong_Type; Egg_Type.tp_base = base; AddType(m, &Egg_Type);",
    ],
)
def test_slots_that_a_spec_cannot_say(slots: str) -> None:
    ready = READY if "AddType" not in slots else "\n    PyType_Ready(&Ham_Type);"
    assert Reason.TYPE_SHAPE in reasons(
        migrated(SUITE, module(TYPES, "", (slots + ready).replace(" Add", " PyModule_Add")))
    )


def test_a_base_that_the_init_function_knows(tmp_path: Path) -> None:
    slots = "PyTypeObject *base = &PyLong_Type;\n    Egg_Type.tp_base = base;"
    outcome = migrated(SUITE, module(TYPES, "", slots + READY))
    assert not outcome.refusals
    behaves(outcome, tmp_path, "import spam; print(spam.Egg.__mro__[1])", "<class 'int'>")


@pytest.mark.parametrize(
    "kept", ["PyTypeObject *kept = &Egg_Type;", "PyObject *kept; kept = (PyObject *)&Egg_Type;"]
)
def test_a_pointer_from_before_the_type_is_ready(kept: str, tmp_path: Path) -> None:
    used = "\n    Py_INCREF(kept);\n    Py_DECREF(kept);"
    outcome = migrated(SUITE, module(TYPES, "", f"{kept}\n    {NEW}{READY}{used}"))
    assert not outcome.refusals
    behaves(outcome, tmp_path, "import spam; print(spam.Egg() + 1)", "7")


def test_a_table_further_down_takes_the_spec_with_it(tmp_path: Path) -> None:
    table = "static PyMethodDef egg_methods[] = {{NULL, NULL}};\n\nstatic PyMethodDef spam_methods"
    ready = "if (PyType_Ready(&Egg_Type) < 0"
    source = TYPE.replace("static PyMethodDef spam_methods", table)
    source = source.replace(ready, f"Egg_Type.tp_methods = egg_methods;\n    {ready}")
    outcome = migrated(SUITE, source)
    assert not outcome.refusals
    text = text_of(outcome)
    assert text.index("egg_methods[]") < text.index("Egg_spec = {") < text.rindex("spam_exec(")
    assert "tp_methods = egg_methods" not in text
    behaves(outcome, tmp_path, "import spam; print(type(spam.egg()).__name__)", "Egg")


def test_the_instance_may_have_another_name_in_dealloc(tmp_path: Path) -> None:
    source = TYPE.replace(
        "Egg_dealloc(EggObject *self)\n{",
        "Egg_dealloc(PyObject *object)\n{\n    EggObject *self;\n    self = (EggObject *)object;",
    )
    assert source != TYPE
    outcome = migrated(SUITE, source)
    assert not outcome.refusals
    behaves(outcome, tmp_path, "import spam; print(type(spam.egg()).__name__)", "Egg")
