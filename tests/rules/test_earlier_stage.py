"""Going on from what an earlier stage has written."""

from __future__ import annotations

import pytest
from rule_snippets import reasons, text_of

from isolate_ext.engine import Outcome, Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing import checks
from isolate_ext.testing.archive import files_of
from isolate_ext.testing.archive import text_of as archive_of
from isolate_ext_rules import SUITE
from isolate_ext_rules.earlier_stage import STAGED
from isolate_ext_rules.examples import CALLBACK, HELPER, TYPE
from isolate_ext_rules.find_module import STATEFUL

GETTER = "get_global_spam_state()"
OWN = STATEFUL.replace(
    "static PyObject *\nspam_fail", "static long calls = 3;\n\nstatic PyObject *\nspam_fail"
)
OWN = OWN.replace("    PyErr_SetString(", "    calls++;\n    PyErr_SetString(")
"""A module with a state struct of its own, and with a counter beside it."""


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
        ("\n} spam_state;", "\n    PyObject *own_module;  /* borrowed */\n} spam_state;"),
    ],
    ids=["hidden", "handed-on", "getter", "initialiser", "taken", "module"],
)
def test_what_is_used_otherwise_stays(was: str, now: str) -> None:
    outcome = migrated(STAGED.replace(was, now, 1))
    assert reasons(outcome) == {Reason.STAGED}
    assert not outcome.files


def test_a_state_of_its_own_is_left_alone_on_the_way() -> None:
    for stage in (Stage.STATE, Stage.HEAP_TYPES, Stage.ACCESS):
        text = staged(OWN, stage)
        assert f"{GETTER}->calls++;" in text and "static long calls" not in text
        assert "spam_global->Error" in text
        assert "PyObject *Error;\n    long calls;\n} spam_state;" in text
        assert "static spam_state global_spam_state = {\n    .calls = 3,\n};" in text
    checks.check_stages(SUITE, OWN)


@pytest.mark.parametrize("stage", [Stage.STATE, Stage.HEAP_TYPES, Stage.ACCESS])
def test_members_that_joined_it_are_taken_out_again(stage: Stage) -> None:
    assert text_of(migrated(staged(OWN, stage))) == text_of(migrated(OWN))


@pytest.mark.parametrize(
    "was,now",
    [
        ("PyErr_SetString(", "spam_global->calls++;\n    PyErr_SetString("),
        ("PyErr_SetString(", "spam_state *own = PyModule_GetState(self);\n"
         "    own->calls++;\n    PyErr_SetString("),
        ("    long calls;", "    long calls, more;"),
        ("    long calls;", "#ifdef COUNTED\n    long calls;\n#endif"),
    ],
    ids=["found", "own", "two", "conditional"],
)  # fmt: skip
def test_a_member_that_each_module_uses_too_stays(was: str, now: str) -> None:
    text = staged(OWN, Stage.STATE)
    assert was in text
    outcome = migrated(text.replace(was, now, 1))
    assert reasons(outcome) == {Reason.STAGED}
    assert not outcome.files


def test_slots_and_a_state_of_its_own_change_at_last() -> None:
    outcome = migrated(
        text_of(migrated(OWN))
        .replace(
            "static PyObject *\nspam_fail",
            "static PyObject *cache;\n\nstatic PyObject *\nspam_fail",
        )
        .replace("state->calls++;", "state->calls++;\n    Py_CLEAR(cache);")
    )
    assert outcome.stage is Stage.ISOLATED
    assert [bool(outcome.texts[stage]) for stage in Stage] == [False, False, False, True]


GENERATED = """\
/*[clinic input]
preserve
[clinic start generated code]*/

static PyObject *
spam_same(PyObject *module, PyObject *arg)
{
    return PyBool_FromLong(Py_TYPE(arg) == &Egg_Type);
}
"""


@pytest.mark.parametrize("stage", [Stage.STATE, Stage.HEAP_TYPES, Stage.ACCESS])
def test_generated_code_is_led_to_the_state_anew(stage: Stage) -> None:
    """By macros around its `#include`, also where a static type has become a heap type."""
    source = TYPE.replace(
        "static PyMethodDef", '#include "spam.c.h"\n\nstatic PyMethodDef', 1
    ).replace("NULL},\n", 'NULL},\n    {"same", spam_same, METH_O, NULL},\n', 1)
    files = files_of(f"-- spam.c --\n{source}-- spam.c.h --\n{GENERATED}")
    outcome = migrated(archive_of(files))
    assert outcome.stage is Stage.ISOLATED and not outcome.refusals
    between = archive_of({**files, **outcome.texts[stage]})
    found = migrated(between)
    assert not found.refusals
    assert found.files == outcome.files
    define = "#define Egg_Type (*get_spam_state(module)->Egg_Type)  /* for generated code */"
    assert define in text_of(found)
