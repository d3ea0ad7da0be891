"""Members that a function releases which the dealloc function hands the instance to."""

from __future__ import annotations

import pytest
from rule_snippets import migrated, text_of

from isolate_ext_rules.examples import TYPE

HELPED = TYPE.replace(
    "static void\nEgg_dealloc(EggObject *self)\n{\n    Py_XDECREF(self->value);\n",
    "static void\nrelease(EggObject *egg)\n{\n    Py_XDECREF(egg->value);\n}\n\n"
    "static void\nEgg_dealloc(EggObject *self)\n{\n    release(self);\n",
)


def test_what_a_helper_releases_is_visited() -> None:
    assert "release(self);" in HELPED
    assert "    Py_VISIT(self->value);\n" in text_of(migrated(HELPED))


def test_what_a_helper_gets_sometimes_is_not() -> None:
    asked = HELPED.replace("    release(self);", "    if (rare) {\n        release(self);\n    }")
    asked = asked.replace(
        "static PyTypeObject Egg_Type;",
        "static const int rare = 0;\nstatic PyTypeObject Egg_Type;",
        1,
    )
    assert "Py_VISIT(self->value)" not in text_of(migrated(asked))


MACROS = {
    "#define FORGET(x) Py_XDECREF(x)": True,
    "#define FORGET(x) { Py_XDECREF(x); x = NULL; }": True,
    "#define FORGET(x) do { if ((x) != NULL) Py_DECREF(x); (x) = NULL; } while (0)": True,
    "#define FORGET(x) Py_CLEAR((x))": True,
    "#define FORGET(x) do { if (rare) Py_DECREF(x); } while (0)": False,
    "#define FORGET(x) Py_XINCREF(x)": False,
    "#define FORGET(x) Py_XDECREF(x->value)": False,
}


@pytest.mark.parametrize(("macro", "visited"), MACROS.items())
def test_what_a_macro_of_the_project_releases_is_visited(macro: str, visited: bool) -> None:
    told = TYPE.replace("    Py_XDECREF(self->value);\n", "    FORGET(self->value);\n")
    told = told.replace(
        "static PyTypeObject Egg_Type;", f"{macro}\nstatic PyTypeObject Egg_Type;", 1
    )
    assert "FORGET(self->value);" in told and macro in told
    assert ("Py_VISIT(self->value)" in text_of(migrated(told))) is visited


@pytest.mark.parametrize(
    ("release", "visited"),
    [
        ("PyBuffer_Release(&self->shown);", True),
        ("if (self->shown.buf) {\n        PyBuffer_Release(&self->shown);\n    }", True),
        ("if (self->shown.obj != NULL)\n        PyBuffer_Release(&self->shown);", True),
        ("if (rare)\n        PyBuffer_Release(&self->shown);", False),
        ("", False),
    ],
)
def test_the_object_behind_a_buffer_is_visited(release: str, visited: bool) -> None:
    told = TYPE.replace("    Py_XDECREF(self->value);\n", f"    {release}\n", 1)
    told = told.replace("    PyObject *value;\n", "    PyObject *value;\n    Py_buffer shown;\n", 1)
    told = told.replace(
        "static PyTypeObject Egg_Type;", "int rare;\nstatic PyTypeObject Egg_Type;", 1
    )
    assert "Py_buffer shown;" in told and f"    {release}\n" in told
    assert ("Py_VISIT(self->shown.obj)" in text_of(migrated(told))) is visited
