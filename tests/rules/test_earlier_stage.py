"""Going on from what an earlier stage has written."""

from __future__ import annotations

import pytest
from rule_snippets import reasons, text_of

from isolate_ext.engine import Outcome, Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing import checks
from isolate_ext_rules import SUITE
from isolate_ext_rules.earlier_stage import STAGED
from isolate_ext_rules.examples import CALLBACK, HELPER

GETTER = "get_global_spam_state()"


def migrated(source: str) -> Outcome:
    return checks.migrated(SUITE, source)


def staged(source: str, stage: Stage) -> str:
    return text_of(migrated(source), stage=stage)


@pytest.mark.parametrize("stage", [Stage.STATE, Stage.HEAP_TYPES, Stage.ACCESS])
def test_it_ends_in_the_same_text(stage: Stage) -> None:
    assert text_of(migrated(staged(HELPER, stage))) == text_of(migrated(HELPER))


def test_a_refusal_that_was_lifted_is_gone() -> None:
    """The extension stopped at access; the callback that kept it there is taken out by hand."""
    before = checks.migrated(SUITE, CALLBACK)
    assert before.stage is Stage.ACCESS and reasons(before) == {Reason.ADDRESS_TAKEN}
    text = text_of(before, stage=Stage.ACCESS)
    lifted = migrated(text.replace(f'PyErr_SetString({GETTER}->Error, "compared");', ""))
    assert lifted.stage is Stage.ISOLATED and not lifted.refusals


def test_a_function_of_later_is_taken_along() -> None:
    grown = STAGED.replace(
        "static PyMethodDef",
        "static PyObject *\nspam_error(PyObject *self, PyObject *args)\n{\n"
        f"    Py_XINCREF({GETTER}->Error);\n    return {GETTER}->Error;\n}}\n\nstatic PyMethodDef",
    ).replace('{"fail"', '{"error", spam_error, METH_NOARGS, NULL},\n    {"fail"')
    assert "return state->Error;" in text_of(migrated(grown))


@pytest.mark.parametrize(
    "was,now",
    [
        (f"PyErr_SetString({GETTER}", f"char Error[8];\n    PyErr_SetString({GETTER}"),
        (f"PyErr_SetString({GETTER}", f"keep({GETTER});\n    PyErr_SetString({GETTER}"),
        ("return &global_spam_state;", "calls++;\n    return &global_spam_state;"),
        ("spam_state global_spam_state;", "spam_state global_spam_state = {NULL};"),
        ("typedef struct {", "static int Error(void);\n\ntypedef struct {"),
    ],
    ids=["hidden", "handed-on", "getter", "initialiser", "taken"],
)
def test_what_is_used_otherwise_stays(was: str, now: str) -> None:
    outcome = migrated(STAGED.replace(was, now, 1))
    assert reasons(outcome) == {Reason.STAGED}
    assert not outcome.files
