"""Tables of the addresses of types and objects, built and imported at every stage."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, migrated, reasons, text_of

from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.address_table import ERRORS, TYPES
from isolate_ext_rules.examples import module

EGG = """
static PyTypeObject Egg_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Egg",
    .tp_basicsize = sizeof(PyObject),
    .tp_new = PyType_GenericNew,
};
static PyTypeObject Ham_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Ham",
    .tp_basicsize = sizeof(PyObject),
};
"""
LOCAL = module(
    EGG,
    "",
    """static PyTypeObject *all[] = {
        &Egg_Type,
        &Ham_Type,
        NULL
    };
    for (int i = 0; all[i] != NULL; i++) {
        PyTypeObject *type = all[i];
        if (PyType_Ready(type) < 0) {
            return NULL;
        }
        Py_INCREF(type);
        if (PyModule_AddObject(m, type->tp_name + 5, (PyObject *)type) < 0) {
            return NULL;
        }
    }""",
)
ONLY_READY = module(
    EGG + "static PyTypeObject *const all[] = {&Egg_Type, &Ham_Type};\n",
    "",
    """for (size_t i = 0; i < Py_ARRAY_LENGTH(all); i++) {
        if (PyType_Ready(all[i]) < 0) {
            return NULL;
        }
    }
    Py_INCREF(&Egg_Type);
    PyModule_AddObject(m, "Egg", (PyObject *)&Egg_Type);
    Py_INCREF(&Ham_Type);
    PyModule_AddObject(m, "Ham", (PyObject *)&Ham_Type);""",
)
AT_RUN_TIME = module(
    EGG
    + """
static const struct kind {const char *name; PyTypeObject *type;} kinds[] = {
#ifdef Py_PYTHON_H
    {"egg", &Egg_Type},
#endif
    {"ham", &Ham_Type},
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static PyObject *
spam_kind(PyObject *self, PyObject *arg)
{
    const struct kind *kind;

    for (kind = kinds; kind < kinds + N_KINDS; kind++) {
        if (Py_TYPE(arg) == kind->type) {
            return PyUnicode_FromString(kind->name);
        }
    }
    Py_RETURN_NONE;
}
""".replace(
        "static const struct kind {const char *name; PyTypeObject *type;} kinds",
        "struct kind {const char *name; PyTypeObject *type;};\nstatic const struct kind kinds",
    ),
    '{"kind", spam_kind, METH_O, NULL},',
    """if (PyType_Ready(&Egg_Type) < 0 || PyType_Ready(&Ham_Type) < 0) {
        return NULL;
    }
    Py_INCREF(&Egg_Type);
    PyModule_AddObject(m, "Egg", (PyObject *)&Egg_Type);""",
)
RUN = "import spam; print(spam.Egg.__name__, type(spam.Egg()).__module__, end=' ')\n"


@pytest.mark.parametrize("code", [LOCAL, ONLY_READY], ids=["local", "only readied"])
def test_types_of_a_table(code: str, tmp_path: Path) -> None:
    outcome = migrated(code)
    assert not outcome.refusals
    assert "PyType_Ready" not in text_of(outcome)
    run = f"{RUN}\ntry: spam.Ham()\nexcept TypeError: print('no Ham')"
    behaves(outcome, tmp_path, run, "Egg spam no Ham")


def test_a_table_that_only_readies_is_gone() -> None:
    assert "all" not in text_of(migrated(ONLY_READY)).replace("called", "")


def test_a_table_read_at_run_time(tmp_path: Path) -> None:
    outcome = migrated(AT_RUN_TIME)
    assert not outcome.refusals
    run = f"{RUN}\nprint(spam.kind(spam.Egg()), spam.kind(1))"
    behaves(outcome, tmp_path, run, "Egg spam egg None")


def test_the_example_of_types(tmp_path: Path) -> None:
    run = "import spam; print(spam.Egg)"
    behaves(migrated(TYPES), tmp_path, run, "<class 'spam.Egg'>")


def test_addresses_of_objects(tmp_path: Path) -> None:
    code = ERRORS.replace("make_errors();", 'make_errors(); PyModule_AddObject(m, "E", Error);')
    outcome = migrated(code)
    assert not outcome.refusals
    behaves(outcome, tmp_path, "import spam; print(spam.E)", "<class 'spam.Error'>")


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("static PyTypeObject **first(void) { return all; }", "returned"),
        ("static PyTypeObject **kept;\nstatic void keep(void) { kept = &all[1]; }", "kept"),
        ("static void swap(void) { all[0] = all[1]; }", "written"),
        ("static int a(void) { return all[0] != 0; }\nstatic int b(void) { return all[1] != 0; }",
         "read twice"),
        ("void other(void *);\nstatic void give(void) { other(all); }", "given away"),
        ("#define FIRST all[0]\nstatic int a(void) { return FIRST != 0; }", "named by a macro"),
        ("static int a(int Egg_Type) { return all[0] != 0; }", "shadowed"),
    ],
)  # fmt: skip
def test_what_is_refused(code: str, what: str) -> None:
    table = "static PyTypeObject *all[] = {&Egg_Type, &Ham_Type};\n"
    ready = "if (PyType_Ready(&Egg_Type) < 0 || PyType_Ready(&Ham_Type) < 0) return NULL;"
    outcome = migrated(module(EGG + table + code, "", ready))
    assert Reason.TYPE_USED_AS_VALUE in reasons(outcome), what
