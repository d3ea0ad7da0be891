"""Tables that a capsule hands to other extensions, which keep them."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, reasons, text_of

from isolate_ext.engine import Outcome, Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import TYPE

API = """
typedef struct {
    PyTypeObject *type;
    PyObject *(*create)(void);
    PyObject *(*value)(EggObject *egg);
    int (*check)(PyObject *object);
} Egg_API;

static PyObject *
egg_value(EggObject *egg)
{
    return Py_TYPE(egg) == &Egg_Type ? egg->value : NULL;
}

static int
egg_check(PyObject *object)
{
    return Py_TYPE(object) == &Egg_Type;
}

static int
anything(PyObject *object)
{
    return 1;
}

"""
STR = """
static PyObject *
Egg_str(PyObject *self)
{
    static PyObject *text;
    if (text == NULL) {
        text = PyUnicode_FromString("egg");
    }
    Py_XINCREF(text);
    return text;
}
"""
TYPE_HELD = "static Egg_API api = {&Egg_Type, new_egg, egg_value, egg_check};\n"
STATELESS = "static Egg_API api = {NULL, NULL, egg_value, anything};\n"
STRANDED = "static Egg_API api = {NULL, new_egg, NULL, egg_check};\n"
USE = """
import sys, ctypes, spam
get = ctypes.pythonapi.PyCapsule_GetPointer
get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
table = ctypes.cast(get(spam._api, b"spam._api"), ctypes.POINTER(ctypes.c_void_p))
del spam, sys.modules["spam"]
import gc; gc.collect()
print(ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object)(table[3])(1))
"""


def exporting(table: str, argument: str = "&api", before: str = "") -> str:
    hand_out = f'PyModule_AddObject(m, "_api", PyCapsule_New({argument}, "spam._api", NULL));'
    head, function, rest = TYPE.partition("static PyObject *\nspam_egg")
    rest = rest.replace("    return m;", f"    {before}\n    {hand_out}\n    return m;")
    return f"{head}{API}{table}\n{function}{rest}"


def told(outcome: Outcome) -> str:
    """The one refusal, which is of the table."""
    assert reasons(outcome) == {Reason.EXPORTED}
    (refusal,) = outcome.refusals
    assert outcome.stage is Stage.ACCESS
    return refusal.message


@pytest.mark.parametrize(
    ("table", "argument", "before"),
    [
        (TYPE_HELD, "&api", ""),
        (TYPE_HELD, "(void *)(&api)", ""),
        (TYPE_HELD + "static Egg_API *the_api = &api;\n", "the_api", ""),
        (TYPE_HELD + "static Egg_API *the_api;\n", "the_api", "the_api = &api;"),
        (TYPE_HELD, "local", "Egg_API *local = &api;"),
        ("static void *api[] = {NULL, &Egg_Type};\n", "api", ""),
        ("static void *api[2];\n", "(void *)api", "api[0] = (void *)&Egg_Type;"),
        ("", "api", "static void *api[] = {&Egg_Type};"),
        (STATELESS, "&api", "api.type = &Egg_Type;"),
        ("", "api", "Egg_API *api = PyMem_Malloc(sizeof(Egg_API)); api->type = &Egg_Type;"),
    ],
)
def test_a_type_in_it_stays(table: str, argument: str, before: str, tmp_path: Path) -> None:
    outcome = migrated(exporting(table, argument, before))
    assert told(outcome) == "other extensions may keep api for good, but it holds Egg_Type"
    assert "static PyTypeObject Egg_Type = {" in text_of(outcome, stage=Stage.ACCESS)
    compiled(outcome, Stage.ACCESS, tmp_path)


def test_what_follows_from_it_is_told_with_it(tmp_path: Path) -> None:
    source = exporting(TYPE_HELD)
    source = source.replace("static void\nEgg_dealloc", f"{STR}\nstatic void\nEgg_dealloc")
    source = source.replace(".tp_flags", ".tp_str = Egg_str, .tp_flags")
    outcome = migrated(source)
    told(outcome)
    assert "Egg_str uses the static state" in outcome.refusals[0].chain
    compiled(outcome, Stage.ACCESS, tmp_path)


def test_functions_without_a_way_to_the_state_are_told_together() -> None:
    told_of = told(migrated(exporting(STRANDED)))
    assert told_of.endswith("its new_egg, egg_check need the module state")


def test_what_is_filled_by_every_copy_is_refused() -> None:
    outcome = migrated(exporting(STATELESS, before="api.check = anything;"))
    assert "filled" in told(outcome)


def test_a_table_of_functions_that_find_their_way_outlives_the_module(tmp_path: Path) -> None:
    outcome = migrated(exporting(STATELESS))
    assert outcome.refusals == []
    assert STATELESS in text_of(outcome)
    for stage in Stage:
        assert output(compiled(outcome, stage, tmp_path), USE) == "1"


def test_a_capsule_with_memory_of_its_own_is_none_of_it() -> None:
    outcome = migrated(exporting("", "data", "char *data = PyMem_Malloc(1); data[0] = 0;"))
    assert outcome.refusals == []
