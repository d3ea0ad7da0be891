"""What the user decides about variables and types, and what becomes of it."""

from __future__ import annotations

import pytest

from isolate_ext.engine import Outcome, Settings, Stage, migrate, survey
from isolate_ext.placement.choices import Choice, Choices, meant
from isolate_ext.placement.chosen import contradictions
from isolate_ext.placement.clauses import Confidence
from isolate_ext.placement.decisions import Level
from isolate_ext.placement.levels import levels
from isolate_ext.placement.readiness import readiness
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
    first, second = sorted(outcome.refusals, key=lambda each: len(each.chain))
    assert first.reason is Reason.PLACED
    assert "a function of it needs the module state; pyproject.toml:7 decides" in first.message
    assert second.chain == ("spam.c:Egg_Type stays a static type",)
    assert readiness(outcome.extension, False, outcome.refusals).decisions == (first,)


FILLED = NEEDY.replace("PyErr_SetString(Error", "PyErr_SetString(PyExc_ValueError").replace(
    "PyType_Ready(&Egg_Type);",
    'PyType_Ready(&Egg_Type);\n    PyDict_SetItemString(Egg_Type.tp_dict, "error", Error);',
)


DERIVED = FILLED.replace(
    "PyTypeObject Egg_Type = {",
    "PyTypeObject Nest_Type = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n"
    '    .tp_name = "spam.Nest",\n    .tp_basicsize = sizeof(PyObject),\n'
    "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,\n};\n\n"
    "static PyTypeObject Egg_Type = {",
)
READY = "PyType_Ready(&Egg_Type);"
DICT = 'PyDict_SetItemString(Egg_Type.tp_dict, "error", Error);'


@pytest.mark.parametrize(
    ("statement", "given"),
    [
        (DICT, "is given a dictionary of objects"),
        (
            "PyTypeObject *base = PyType_Check(m) ? NULL : Py_TYPE(m);\n"
            "    Egg_Type.tp_base = base;",
            "is given base",
        ),
        ("Py_SET_TYPE(&Egg_Type, &PyType_Type);", "is copied, filled or changed in parts"),
    ],
)
def test_a_type_that_is_given_objects_cannot_stay(statement: str, given: str) -> None:
    source = DERIVED.replace(DICT, "").replace(READY, f"{statement}\n    {READY}")
    outcome = outcome_of(source, Choices(types=(chosen("Egg_Type", "static"),)))
    (refusal,) = [each for each in outcome.refusals if each.reason is Reason.PLACED]
    assert given in refusal.message
    assert outcome.stage is not Stage.ISOLATED


@pytest.mark.parametrize("value", ["PyType_GenericNew", "(newfunc)PyType_GenericNew", "NULL"])
def test_a_type_that_is_given_what_all_share_stays(value: str) -> None:
    source = DERIVED.replace(DICT, "").replace(READY, f"Egg_Type.tp_new = {value};\n    {READY}")
    outcome = outcome_of(source, Choices(types=(chosen("Egg_Type", "static"),)))
    assert (outcome.stage, outcome.refusals) == (Stage.ISOLATED, [])
    assert f"Egg_Type.tp_new = {value};" in text_of(outcome)


@pytest.mark.parametrize("late", [False, True])
def test_a_type_whose_base_moves_cannot_stay(late: bool) -> None:
    given = "Egg_Type.tp_base = &Nest_Type;\n    " if late else ""
    ready = f"PyType_Ready(&Nest_Type);\n    {given}{READY}"
    source = DERIVED.replace(DICT, "").replace(READY, ready)
    if not late:
        source = source.replace(".tp_methods = egg_methods", ".tp_base = &Nest_Type")
    outcome = outcome_of(source, Choices(types=(chosen("Egg_Type", "static"),)))
    assert {each.symbol for each in outcome.refusals} == {"spam.c:Nest_Type"}
    assert outcome.stage is not Stage.ISOLATED
    both = (chosen("Egg_Type", "static"), chosen("Nest_Type", "static"))
    assert outcome_of(source, Choices(types=both)).stage is Stage.ISOLATED


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


SEQUENCE = module(
    'static PyStructSequence_Field fields[] = {{"a", NULL}, {NULL, NULL}};\n'
    'static PyStructSequence_Desc desc = {"spam.pair", NULL, fields, 1};\n'
    "static PyTypeObject Pair_Type;\n\nstatic PyObject *\n"
    "pair(PyObject *self, PyObject *args)\n{\n    return PyStructSequence_New(&Pair_Type);\n}\n",
    '{"pair", pair, METH_NOARGS, NULL},',
    "if (PyStructSequence_InitType2(&Pair_Type, &desc) < 0) {\n        return NULL;\n    }",
)


def test_a_struct_sequence_cannot_stay() -> None:
    assert outcome_of(SEQUENCE, Choices()).stage is Stage.ISOLATED
    outcome = outcome_of(SEQUENCE, Choices(types=(chosen("Pair_Type", "static"),)))
    assert [each.reason for each in outcome.refusals] == [Reason.PLACED]
    assert outcome.stage is not Stage.ISOLATED


LED = COUNTER.replace("static int count;", "static int count;\nstatic int *last;").replace(
    "    return PyLong", "    last = &count;\n    return PyLong"
)


def test_a_pointer_into_the_state_cannot_stay() -> None:
    outcome = outcome_of(LED, Choices((chosen("last", "process"),)))
    (refusal,) = outcome.refusals
    assert refusal.message.startswith("last is given count here, and cannot be shared as it is")
    both = Choices((chosen("last", "process"), chosen("count", "process")))
    assert outcome_of(LED, both).stage is Stage.ISOLATED
