"""Types that are changed through pointers: what becomes a slot, and what must be refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing.checks import migrated
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import module

TYPES = """
static PyObject *
seven(PyObject *left, PyObject *right)
{
    return PyLong_FromLong(7);
}
static PyTypeObject Meta_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Meta",
    .tp_basicsize = sizeof(PyHeapTypeObject),
};
static PyNumberMethods ham_number;
static PyTypeObject Ham_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Ham",
    .tp_basicsize = sizeof(PyLongObject),
    .tp_as_number = &ham_number,
    .tp_flags = Py_TPFLAGS_DEFAULT
};
static PyTypeObject Egg_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Egg",
    .tp_basicsize = sizeof(PyLongObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,     /* nothing more */
};
static Py_hash_t
fixed_hash(PyObject *self)
{
    return 42;
}
static PyNumberMethods ham_number = {.nb_add = seven};
"""
HELPER = """
void keep(void *any);
void *kept(void);
static int
add_type(PyObject *module, const char *name, PyTypeObject *type)
{
    %s
    if (PyType_Ready(type) < 0) {
        return -1;
    }
    Py_INCREF(type);
    return PyModule_AddObject(module, name, (PyObject *)type);
}
"""
CALLS = """if (add_type(m, "Ham", &Ham_Type) < 0 || add_type(m, "Egg", &Egg_Type) < 0) {
        return NULL;
    }"""
LOOP = """for (int i = 0; i < 2; i++) {
        types[i]%s->tp_new = PyType_GenericNew;
        types[i]%s->tp_base = &PyLong_Type;
        if (PyType_Ready(types[i]%s) < 0) {
            return NULL;
        }
    }
    PyModule_AddObject(m, "Egg", (PyObject *)&Egg_Type);"""
LOCAL = """PyTypeObject *type = &Egg_Type;
    type->tp_new = PyType_GenericNew;
    type->tp_base = &PyLong_Type;
    if (PyType_Ready(type) < 0 || PyType_Ready(&Ham_Type) < 0) {
        return NULL;
    }
    PyModule_AddObject(m, "Egg", (PyObject *)type);"""
WALK = """for (PyTypeObject **type = types; *type != NULL; type++) {
        (*type)->tp_new = PyType_GenericNew;
        (*type)->tp_base = &PyLong_Type;
        Py_SET_TYPE(*type, &PyType_Type);
        if (PyType_Ready(*type) < 0) {
            return NULL;
        }
    }
    PyModule_AddObject(m, "Egg", (PyObject *)&Egg_Type);"""
ROWS = """
static struct {
    const char *name;
    PyTypeObject *type;
} types[] = {{"Ham", &Ham_Type}, {"Egg", &Egg_Type}};
"""
RUN = "import spam; print(spam.Egg.__mro__[1], hash(spam.Egg(5)), spam.Egg.__flags__ >> 10 & 1)"


def _helper(patches: str) -> str:
    return module(TYPES + HELPER % patches, "", CALLS)


def test_what_a_helper_sets(tmp_path: Path) -> None:
    outcome = migrated(
        SUITE,
        _helper(
            """type->tp_base = &PyLong_Type;
    type->tp_flags |= Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DEFAULT;
    type->tp_hash = (hashfunc)fixed_hash;
    Py_SET_TYPE(type, &PyType_Type);"""
        ),
    )
    assert not outcome.refusals
    text = text_of(outcome)
    assert text.count("{Py_tp_hash, fixed_hash},") == 2
    assert "Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC" in text
    assert "type->" not in text
    behaves(outcome, tmp_path, RUN, "<class 'int'> 42 1")


@pytest.mark.parametrize(
    ("table", "loop"),
    [
        ("", "PyTypeObject *types[] = {&Ham_Type, &Egg_Type};\n    " + LOOP % ("", "", "")),
        ("static PyTypeObject *types[] = {&Ham_Type, &Egg_Type};\n", LOOP % ("", "", "")),
        (ROWS, LOOP % (".type", ".type", ".type")),
        ("static PyTypeObject *types[] = {&Ham_Type, &Egg_Type, NULL};\n", WALK),
        ("", LOCAL),
    ],
    ids=["local table", "static table", "rows", "walk", "local pointer"],
)
def test_pointers_of_the_init_function(table: str, loop: str, tmp_path: Path) -> None:
    outcome = migrated(SUITE, module(TYPES + table, "", loop))
    assert not outcome.refusals
    behaves(outcome, tmp_path, RUN, "<class 'int'> 0 0")


@pytest.mark.parametrize(
    "patches",
    [
        "if (*name == 'E') type->tp_hash = fixed_hash;",
        "if (*name == 'E') { type->tp_hash = fixed_hash; }",
        "if (*name == 'E') return PyType_Ready(type); type->tp_hash = fixed_hash;",
        "if (*name == 'E') goto ready; type->tp_hash = fixed_hash; ready: ;",
        "type = &Egg_Type; type->tp_hash = fixed_hash;",
        "if (PyType_Ready(type) < 0) return -1; type->tp_hash = fixed_hash;",
        "type->tp_hash = fixed_hash; type->tp_hash = NULL;",
        "type->tp_doc = name;",
        "hashfunc hash = fixed_hash; type->tp_hash = hash;",
        "type->tp_flags ^= Py_TPFLAGS_BASETYPE;",
        "type->tp_dict = PyDict_New();",
        "type->tp_as_number->nb_subtract = seven;",
        "PyNumberMethods *suite = type->tp_as_number; suite->nb_subtract = seven;",
        "hashfunc *hash = &type->tp_hash; *hash = fixed_hash;",
        "memset(&type->tp_hash, 0, sizeof(type->tp_hash));",
        "memset((char *)type + sizeof(PyObject), 0, sizeof(hashfunc));",
        "memcpy(type, &PyLong_Type, sizeof(PyTypeObject));",
        "*type = PyLong_Type;",
        "PyTypeObject copy = *type; (void)copy;",
        "Py_CLEAR(type->tp_dict);",
        "((PyObject *)type)->ob_refcnt = 7;",
        "void *any = type; ((PyTypeObject *)any)->tp_hash = fixed_hash;",
        "keep(type); ((PyTypeObject *)kept())->tp_hash = fixed_hash;",
    ],
)
def test_what_no_slot_expresses(patches: str) -> None:
    outcome = migrated(SUITE, _helper(patches))
    assert Reason.TYPE_SHAPE in reasons(outcome)
    assert {each.rule for each in outcome.refusals} == {"type-patch"}


@pytest.mark.parametrize(
    "patches",
    [
        "Py_SET_TYPE(type, &Meta_Type);",
        "((PyObject *)type)->ob_type = &Meta_Type;",
        "type->ob_base.ob_base.ob_type = &Meta_Type;",
    ],
)
def test_metaclasses(patches: str) -> None:
    assert Reason.METACLASS in reasons(migrated(SUITE, _helper(patches)))


@pytest.mark.parametrize(
    "direct",
    [
        "Py_SET_TYPE(&Egg_Type, &Meta_Type);",
        "((PyObject *)&Egg_Type)->ob_type = &Meta_Type;",
        "if (m == NULL) Egg_Type.tp_flags |= Py_TPFLAGS_BASETYPE;",
        "memset(&Egg_Type.tp_hash, 0, sizeof(hashfunc));",
        "PyTypeObject *copy = PyMem_Malloc(sizeof(*copy)); memcpy(copy, &Egg_Type, sizeof(*copy));",
        "Ham_Type.tp_as_number->nb_subtract = seven;",
    ],
)
def test_types_by_name(direct: str) -> None:
    ready = "PyType_Ready(&Egg_Type); PyType_Ready(&Ham_Type);"
    outcome = migrated(SUITE, module(TYPES, "", f"{direct}\n    {ready}"))
    assert reasons(outcome) & {Reason.TYPE_SHAPE, Reason.METACLASS}
    assert "type-patch" in {each.rule for each in outcome.refusals}


def test_metaclasses_in_a_walk_of_a_table() -> None:
    table = "static PyTypeObject *types[] = {&Ham_Type, &Egg_Type, NULL};\n"
    walk = WALK.replace("*type, &PyType_Type", "*type, &Meta_Type")
    assert Reason.METACLASS in reasons(migrated(SUITE, module(TYPES + table, "", walk)))


def test_flags_that_are_added_by_name(tmp_path: Path) -> None:
    slots = """Egg_Type.tp_flags |= Py_TPFLAGS_BASETYPE;
    Egg_Type.tp_base = &PyLong_Type;
    if (PyType_Ready(&Egg_Type) < 0 || PyType_Ready(&Ham_Type) < 0) {
        return NULL;
    }
    PyModule_AddObject(m, "Egg", (PyObject *)&Egg_Type);"""
    outcome = migrated(SUITE, module(TYPES, "", slots))
    assert not outcome.refusals
    behaves(outcome, tmp_path, RUN, "<class 'int'> 5 1")


def test_other_types_behind_the_pointer() -> None:
    calls = CALLS.replace("if (", 'if (add_type(m, "int", &PyLong_Type) < 0 || ')
    patches = "type->tp_hash = fixed_hash; type->tp_base = &PyLong_Type;"
    outcome = migrated(SUITE, module(TYPES + HELPER % patches, "", calls))
    assert Reason.TYPE_SHAPE in reasons(outcome)
    text = text_of(outcome, stage=Stage.ACCESS)
    assert "type->tp_hash = fixed_hash" in text
    assert "type->tp_base = &PyLong_Type" in text


def test_a_macro_that_makes_the_names_of_types(tmp_path: Path) -> None:
    patches = "type->tp_hash = fixed_hash; type->tp_base = &PyLong_Type;"
    calls = """#define ADD(name) if (add_type(m, #name, &name##_Type) < 0) return NULL
    ADD(Ham);
    ADD(Egg);
    PyType_Ready(&Meta_Type);
#undef ADD"""
    outcome = migrated(SUITE, module(TYPES + HELPER % patches, "", calls))
    assert not outcome.refusals
    behaves(outcome, tmp_path, RUN, "<class 'int'> 42 0")


def test_counting_and_comparing_is_no_change() -> None:
    patches = "((PyObject *)type)->ob_refcnt++; if (type->tp_base == NULL && *name == 0) return -1;"
    assert not migrated(SUITE, _helper(patches)).refusals


def test_a_macro_for_older_pythons() -> None:
    shim = "#ifndef Py_SET_TYPE\n#define Py_SET_TYPE(o, t) (((PyObject *)(o))->ob_type = (t))\n"
    source = _helper("Py_SET_TYPE(type, &PyType_Type);")
    source = source.replace("#include <Python.h>\n", f"#include <Python.h>\n{shim}#endif\n")
    assert not migrated(SUITE, source).refusals
