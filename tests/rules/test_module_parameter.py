"""Helpers of init that make types get the module, by a parameter they have or by a new one."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, migrated, text_of

from isolate_ext.engine import Stage
from isolate_ext_rules.heap_spec import SPEC
from isolate_ext_rules.module_parameter import SETUP

RUN = "import spam\nprint(type(spam.egg()).__name__)"


def test_two_helpers_deep(tmp_path: Path) -> None:
    code = SETUP.replace(
        "static PyMethodDef",
        """static int add_all(void);

static int
add_all(void)
{
    return add_types();
}

static PyMethodDef""",
    ).replace("(add_types() < 0", "(add_all() < 0")
    outcome = migrated(code)
    assert outcome.stage is Stage.ISOLATED
    assert "static int add_all(PyObject *module);" in text_of(outcome)
    assert "return add_types(module);" in text_of(outcome)
    assert "add_all(NULL)" in text_of(outcome, stage=Stage.ACCESS)
    behaves(outcome, tmp_path, RUN, "Egg")


@pytest.mark.parametrize("name", ["mod", "module"])
def test_a_parameter_that_is_the_module_is_used(name: str, tmp_path: Path) -> None:
    code = SETUP.replace("add_types(void)", f"add_types(int flag, PyObject *{name})").replace(
        "add_types()", "add_types(0, m)"
    )
    outcome = migrated(code)
    assert f"add_types(int flag, PyObject *{name})" in text_of(outcome)
    assert f"get_spam_state({name})" in text_of(outcome)
    behaves(outcome, tmp_path, RUN, "Egg")


def test_a_parameter_that_is_something_else_is_not(tmp_path: Path) -> None:
    code = SETUP.replace("add_types(void)", "add_types(PyObject *other)").replace(
        "add_types()", "add_types(Py_None)"
    )
    outcome = migrated(code)
    assert "add_types(PyObject *module, PyObject *other)" in text_of(outcome)
    behaves(outcome, tmp_path, RUN, "Egg")


def test_types_made_of_specs_in_helpers(tmp_path: Path) -> None:
    code = SPEC.replace("Egg = PyType_FromSpec(&Egg_spec);", "make(m);").replace(
        "static PyMethodDef",
        "static void\nmake(PyObject *m)\n{\n    Egg = PyType_FromSpec(&Egg_spec);\n"
        '    Py_XINCREF(Egg);\n    PyModule_AddObject(m, "Egg", Egg);\n}\n\nstatic PyMethodDef',
    )
    outcome = migrated(code)
    assert "state->Egg = PyType_FromModuleAndSpec(m, &Egg_spec, NULL);" in text_of(outcome)
    behaves(outcome, tmp_path, "import spam\nprint(spam.Egg.__name__)", "Egg")
