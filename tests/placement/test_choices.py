"""What the user decides about variables and types, and what becomes of it."""

from __future__ import annotations

import pytest

from isolate_ext.engine import Outcome, Settings, Stage, migrate, survey
from isolate_ext.placement.choices import Choice, Choices, meant
from isolate_ext.placement.chosen import contradictions
from isolate_ext.placement.clauses import Confidence
from isolate_ext.placement.decisions import Level
from isolate_ext.placement.levels import levels
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing import extension_of
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import EXCEPTION, TYPE, module

COUNTER = module(
    "static int count;\n\nstatic PyObject *\nstep(PyObject *self, PyObject *args)\n{\n"
    "    count = 2 * count + 1;\n    return PyLong_FromLong(count);\n}\n",
    '{"step", step, METH_NOARGS, NULL},',
)
STATELESS = TYPE


def chosen(name: str, value: str) -> Choice:
    return Choice(name, value, "we say so", "pyproject.toml", 7, 3)


def outcome_of(source: str, choices: Choices) -> Outcome:
    extension = extension_of(source)
    return migrate(extension, SUITE, Settings(choices=choices), reparse=extension_of)


def text_of(outcome: Outcome) -> str:
    return b"".join(outcome.files.values()).decode()


def test_without_a_choice_plain_data_moves() -> None:
    text = text_of(outcome_of(COUNTER, Choices()))
    assert "static int count;" not in text
    assert "Py_MOD_PER_INTERPRETER_GIL_SUPPORTED" in text


def test_plain_data_stays_at_level_process_and_is_shared() -> None:
    outcome = outcome_of(COUNTER, Choices((chosen("count", "process"),)))
    text = text_of(outcome)
    assert (outcome.stage, outcome.refusals) == (Stage.ISOLATED, [])
    assert "static int count;" in text
    assert "Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED" in text


@pytest.mark.parametrize("level", ["process", "module"])
def test_the_audit_names_the_decision(level: str) -> None:
    settings = Settings(choices=Choices((chosen("count", level),)))
    found = survey(extension_of(COUNTER), SUITE, settings, extension_of)
    placed = levels(found.extension, found.outcome.decisions, found.outcome.refusals)
    (count,) = [each for each in placed if each.variable.name == "count"]
    assert count.level is Level(level)
    assert count.classified.confidence is Confidence.DECIDED
    assert count.why == "pyproject.toml:7 decides: we say so"


@pytest.mark.parametrize("level", ["interpreter", "context", "runtime", "thread"])
def test_a_level_that_cannot_be_had_is_refused(level: str) -> None:
    outcome = outcome_of(COUNTER, Choices((chosen("count", level),)))
    (refusal,) = outcome.refusals
    assert refusal.reason is Reason.PLACED
    assert "pyproject.toml:7" in refusal.message
    assert outcome.stage is not Stage.ISOLATED


def test_a_type_stays_static_and_is_shared() -> None:
    outcome = outcome_of(STATELESS, Choices(types=(chosen("Egg_Type", "static"),)))
    text = text_of(outcome)
    assert outcome.refusals == []
    assert outcome.stage is Stage.ISOLATED
    assert "static PyTypeObject Egg_Type = {" in text
    assert "Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED" in text


NEEDY = EXCEPTION.replace(
    "static PyMethodDef spam_methods",
    "static PyObject *\negg_fail(PyObject *self, PyObject *args)\n{\n"
    '    PyErr_SetString(Error, "no");\n    return NULL;\n}\n\n'
    'static PyMethodDef egg_methods[] = {\n    {"fail", egg_fail, METH_NOARGS, NULL},\n'
    "    {NULL, NULL, 0, NULL}\n};\n\nstatic PyTypeObject Egg_Type = {\n"
    '    PyVarObject_HEAD_INIT(NULL, 0)\n    .tp_name = "spam.Egg",\n'
    "    .tp_basicsize = sizeof(PyObject),\n    .tp_methods = egg_methods,\n};\n\n"
    "static PyMethodDef spam_methods",
).replace("    return m;", "    PyType_Ready(&Egg_Type);\n    return m;")


def test_a_type_whose_methods_need_the_state_cannot_stay() -> None:
    whole = outcome_of(NEEDY, Choices())
    assert whole.stage is Stage.ISOLATED
    outcome = outcome_of(NEEDY, Choices(types=(chosen("Egg_Type", "static"),)))
    assert outcome.refusals
    assert outcome.stage is not Stage.ISOLATED
    assert any("Egg_Type" in " ".join(each.chain) for each in outcome.refusals)


FILLED = NEEDY.replace("PyErr_SetString(Error", "PyErr_SetString(PyExc_ValueError").replace(
    "PyType_Ready(&Egg_Type);",
    'PyType_Ready(&Egg_Type);\n    PyDict_SetItemString(Egg_Type.tp_dict, "error", Error);',
)


def test_a_type_that_is_given_objects_cannot_stay() -> None:
    outcome = outcome_of(FILLED, Choices(types=(chosen("Egg_Type", "static"),)))
    (refusal,) = outcome.refusals
    assert refusal.reason is Reason.PLACED
    assert "a dictionary of objects" in refusal.message


@pytest.mark.parametrize(
    ("name", "level", "problem"),
    [
        ("Error", "process", "it holds objects of one interpreter; place it at 'module'"),
        ("spam_methods", "module", "Python only reads it"),
    ],
)
def test_a_choice_against_the_evidence_is_an_error(name: str, level: str, problem: str) -> None:
    (line,) = contradictions(extension_of(EXCEPTION), Choices((chosen(name, level),)))
    assert line.startswith(f"pyproject.toml:7:3: {name} cannot be placed at level {level}")
    assert problem in line


def test_a_name_may_be_spelled_short() -> None:
    keys = ["src/a.c:count", "src/b.c:count", "src/b.c:step:count", "total"]
    assert meant("total", keys) == ["total"]
    assert meant("b.c:count", keys) == ["src/b.c:count"]
    assert meant("step:count", keys) == ["src/b.c:step:count"]
    assert len(meant("count", keys)) == 3
