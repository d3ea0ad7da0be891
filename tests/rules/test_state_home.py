"""Where the state struct stands among the files that read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import TYPE, module

HEADER = """\
#ifndef EGG_H
#define EGG_H
#include <Python.h>

typedef struct {
    PyObject *name;
} egg_t;

extern egg_t egg;
%s
#endif
"""
FRESH = """
static inline int
egg_is_fresh(void)
{
    return egg.name == NULL;
}
"""
SPAM = module(
    '#include "egg.h"\n\negg_t egg;\n\nint egg_lay(void);\n\n'
    "static PyObject *\nspam_lay(PyObject *self, PyObject *args)\n"
    "{\n    return PyLong_FromLong(egg_lay());\n}\n",
    '{"lay", spam_lay, METH_NOARGS, NULL},',
    "",
)
LAY = '#include "egg.h"\n\nint\negg_lay(void)\n{\n    return egg.name != NULL;\n}\n'


def files(header: str) -> dict[str, str]:
    return {"spam.c": SPAM, "lay.c": LAY, "egg.h": HEADER % header}


@pytest.mark.parametrize("stage", Stage, ids=lambda each: each.label)
def test_it_is_not_put_into_a_conditional_part_of_a_header(stage: Stage, tmp_path: Path) -> None:
    outcome = migrated(files(f"#ifdef FRESH\n{FRESH}#endif\n"))
    assert outcome.refusals == []
    compiled(outcome, stage, tmp_path)
    (tmp_path / "fresh").mkdir()
    compiled(outcome, stage, tmp_path / "fresh", "-DFRESH")


def test_prototypes_may_stand_in_front_of_what_members_are_made_of(tmp_path: Path) -> None:
    late = HEADER.replace("#include <Python.h>", "#include <Python.h>\n\nint egg_lay(void);")
    outcome = migrated({"spam.c": SPAM, "lay.c": LAY, "egg.h": late % ""})
    assert outcome.refusals == []
    compiled(outcome, Stage.ISOLATED, tmp_path)


def test_what_members_are_made_of_comes_in_front_of_code() -> None:
    code = "int egg_lay(void);\nstatic inline int egg_lays(void) { return egg_lay(); }"
    late = HEADER.replace("#include <Python.h>", f"#include <Python.h>\n\n{code}")
    outcome = migrated({"spam.c": SPAM, "lay.c": LAY, "egg.h": late % ""})
    assert reasons(outcome) == {Reason.LAYOUT}


def test_a_name_for_a_number_that_comes_late_is_spelled_out(tmp_path: Path) -> None:
    code = "int egg_lay(void);\nstatic inline int egg_lays(void) { return egg_lay(); }"
    header = f"#include <Python.h>\n\n{code}\ntypedef unsigned char egg_t;\n"
    guarded = f"#ifndef EGG_H\n#define EGG_H\n{header}#endif\n"
    lay = '#include "egg.h"\n\nstatic egg_t egg;\n\nint\negg_lay(void)\n{\n    return egg++;\n}\n'
    outcome = migrated({"spam.c": SPAM.replace("egg_t egg;\n", ""), "lay.c": lay, "egg.h": guarded})
    assert outcome.refusals == []
    compiled(outcome, Stage.ISOLATED, tmp_path)
    assert "    unsigned char egg;" in text_of(outcome, "egg.h")


def test_the_part_of_a_header_for_clients_stays() -> None:
    client = (
        "\n#ifndef EGG_MODULE\nstatic void **egg_api;\n\nstatic int\negg_import(void)\n{\n"
        '    egg_api = PyCapsule_Import("spam._api", 0);\n    return egg_api ? 0 : -1;\n}\n'
        "#define egg (*(egg_t *)egg_api[0])\n#endif\n"
    )
    texts = files(client)
    sources = {p: f"#define EGG_MODULE\n{t}" for p, t in texts.items() if p.endswith(".c")}
    outcome = migrated({**texts, **sources})
    assert outcome.refusals == []
    assert client in text_of(outcome, "egg.h")
    assert "state->egg_.name" in text_of(outcome, "lay.c")


@pytest.mark.parametrize("stage", Stage, ids=lambda each: each.label)
def test_a_definition_that_other_files_see_names_its_module(stage: Stage, tmp_path: Path) -> None:
    texts = files("PyObject *egg_next(PyObject *);\nextern int egg_lay(void);")
    repr_slot = "    .tp_repr = egg_next,\n    .tp_flags"
    texts["spam.c"] = (
        TYPE.replace("typedef struct", '#include "egg.h"\n\negg_t egg;\n\ntypedef struct', 1)
        .replace("    .tp_flags", repr_slot)
        .replace("spam_module", "definition")
    )
    texts["lay.c"] = LAY + (
        "\nPyObject *\negg_next(PyObject *self)\n{\n    return PyLong_FromLong(egg_lay());\n}\n"
    )
    outcome = migrated(texts)
    compiled(outcome, stage, tmp_path)
    assert "\nstruct PyModuleDef spam_definition = {" in text_of(outcome)
    assert "return PyModuleDef_Init(&spam_definition);" in text_of(outcome)
    assert "PyType_GetModuleByDef(type, &spam_definition)" in text_of(outcome, "egg.h")


OWN_STRUCT = """#include <Python.h>

int next_number(void);

struct module_state {
    PyObject *error;
};

#define GETSTATE(m) ((struct module_state *)PyModule_GetState(m))

static PyObject *
spam_next(PyObject *self, PyObject *args)
{
    return PyLong_FromLong(next_number());
}

static PyMethodDef methods[] = {{"next", spam_next, METH_NOARGS, NULL}, {NULL, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "spam", NULL, sizeof(struct module_state), methods,
};

PyMODINIT_FUNC
PyInit_spam(void)
{
    PyObject *m = PyModule_Create(&definition);
    if (m == NULL) {
        return NULL;
    }
    GETSTATE(m)->error = PyErr_NewException("spam.Error", NULL, NULL);
    if (GETSTATE(m)->error == NULL) {
        Py_DECREF(m);
        return NULL;
    }
    return m;
}
"""
HELP = """#include <Python.h>

int
next_number(void)
{
    static int number;
    return ++number;
}
"""


def test_an_own_struct_that_goes_to_a_header_gives_it_its_tag(tmp_path: Path) -> None:
    outcome = migrated({"spam.c": OWN_STRUCT, "help.c": HELP})
    assert not outcome.refusals and "module_state.h" in outcome.files
    library = compiled(outcome, Stage.ISOLATED, tmp_path)
    assert output(library, "import spam; print(spam.next(), spam.next())") == "1 2"
