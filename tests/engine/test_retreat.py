"""What is wrong with a result is put down to a symbol, and all is planned anew without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from msgspec.structs import replace

from isolate_ext.engine import Complaint, Outcome, Output, Pass, Rule, Settings, Stage, Violation
from isolate_ext.engine import migrate as engine
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing import extension_of
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import module

SOURCE = module(
    """
static PyObject *Error;
static PyObject *Other;

static void
fail(const char *text)
{
    PyErr_SetString(Error, text);
}

static PyObject *
spam_fail(PyObject *self, PyObject *args)
{
    fail("failed");
    return NULL;
}

static PyObject *
spam_other(PyObject *self, PyObject *args)
{
    Py_XINCREF(Other);
    return Other;
}
""",
    '{"fail", spam_fail, METH_NOARGS, NULL}, {"other", spam_other, METH_NOARGS, NULL},',
    'Error = PyErr_NewException("spam.Error", NULL, NULL);\n    Other = PyList_New(0);',
)
ERROR, OTHER = "spam.c:Error", "spam.c:Other"


def planting(
    text: str, group: str, before: str, since: Stage = Stage.STATE, until: Stage = Stage.ISOLATED
) -> Rule:
    """A rule with a fault: it puts a text before another, if the group's symbol moves."""

    def run(given: Pass) -> None:
        data = given.parsed("spam.c").source.data
        symbol = group.partition(":")[2]
        if symbol in given.extension.variables and symbol not in given.decisions.fields:
            return
        if symbol in given.extension.routines and symbol not in given.decisions.threaded:
            return
        at = data.index(before.encode())
        given.replace("spam.c", at, at, text, group, since, until)

    return replace(SUITE[-1], id="planted", run=run, prepare=None, verify=None)


def finding(mark: str, message: str) -> Callable[[Outcome, Mapping[str, bytes]], list[Complaint]]:
    """A check that has the message against every mark that is part of a text."""

    def check(outcome: Outcome, texts: Mapping[str, bytes]) -> list[Complaint]:
        return [
            Complaint(path, number, line.index(mark.encode()) + 1, message)
            for path, text in texts.items()
            for number, line in enumerate(text.split(b"\n"), 1)
            if mark.encode() in line
        ]

    return check


def migrated(
    *rules: Rule, mark: str = "@@", message: str = "stray '@' in program", source: str = SOURCE
) -> Outcome:
    check = finding(mark, message)
    return engine(
        extension_of(source), (*SUITE, *rules), Settings(), reparse=extension_of, check=check
    )


def kept(outcome: Outcome) -> dict[str, str]:
    """What is refused for a fault of ours, and by which rule."""
    ours = (Reason.COMPILE, Reason.POSTCONDITION)
    return {each.symbol: each.rule for each in outcome.refusals if each.reason in ours}


def names(outcome: Outcome) -> set[str]:
    assert outcome.decisions is not None
    return set(outcome.decisions.fields)


def test_the_symbol_of_the_edit_that_put_it_there_stays() -> None:
    outcome = migrated(planting("@@", f"global:{ERROR}", "static PyObject *\nspam_other"))
    assert kept(outcome) == {ERROR: "planted"}
    assert names(outcome) == {OTHER}
    assert outcome.stage is Stage.ACCESS
    assert outcome.complaints == []
    assert b"@@" not in outcome.files["spam.c"]
    assert b"static PyObject *Error;" in outcome.files["spam.c"]
    (refusal,) = outcome.refusals
    assert SOURCE[refusal.start : refusal.end] == "Error"
    assert "stray '@'" in refusal.message
    (fault,) = outcome.faults
    assert fault.reason is Reason.COMPILE
    assert b"@@" in fault.files["spam.c"]


@pytest.mark.parametrize(
    ("planted", "message"),
    [
        ("int x = Other @@;\n", "'Other' undeclared (first use in this function)"),
        ("int x = @@ Other;\n", "expected expression"),
        ("int x[] = {\n    (int)Other,\n    @@ 1,\n};\n", "expected expression"),
    ],
    ids=["in the message", "on the line", "before it"],
)
def test_a_name_tells_where_no_group_does(planted: str, message: str) -> None:
    def run(given: Pass) -> None:
        if OTHER in given.decisions.fields:
            at = SOURCE.index("static PyMethodDef")
            given.replace("spam.c", at, at, planted, "extra", Stage.STATE)

    rule = replace(SUITE[-1], id="planted", run=run, prepare=None, verify=None)
    assert kept(migrated(rule, message=message)) == {OTHER: "planted"}


def test_an_error_in_the_last_stage_alone_keeps_all_that_was_done_before() -> None:
    outcome = migrated(planting("@@", "init", "PyMODINIT_FUNC", Stage.ISOLATED))
    assert kept(outcome) == {"": "engine"}
    assert names(outcome) == {ERROR, OTHER}
    assert outcome.stage is Stage.ACCESS
    (refusal,) = outcome.refusals
    assert SOURCE[refusal.start : refusal.end] == "PyInit_spam"


def test_an_edit_for_a_function_is_put_down_to_what_it_needs() -> None:
    rule = planting("@@", "access:spam.c:fail", "static PyObject *\nspam_other")
    outcome = migrated(rule)
    assert set(kept(outcome)) == {ERROR}
    assert names(outcome) == {OTHER}


def test_an_error_in_text_that_stays_is_put_down_to_the_function_around_it() -> None:
    def check(outcome: Outcome, texts: Mapping[str, bytes]) -> list[Complaint]:
        lines = texts["spam.c"].decode().split("\n")
        number = next(i for i, line in enumerate(lines, 1) if "fail(" in line and "failed" in line)
        return [Complaint("spam.c", number + 1, 1, "what?")] if ERROR in names(outcome) else []

    outcome = engine(
        extension_of(SOURCE), SUITE, Settings(), reparse=extension_of, check=check
    )  # fmt: skip
    assert set(kept(outcome)) == {ERROR}


@pytest.mark.parametrize("tab", [1, 8])
def test_columns_count_a_tab_as_one_or_as_eight(tab: int) -> None:
    line = "\t\tPy_XINCREF(Error); Py_XINCREF(Other);"
    source = SOURCE.replace("    Py_XINCREF(Other);", line)

    def check(outcome: Outcome, texts: Mapping[str, bytes]) -> list[Complaint]:
        lines = texts["spam.c"].decode().split("\n") if texts else []
        found = [(i, each) for i, each in enumerate(lines, 1) if each.startswith("\t\tPy_XINC")]
        if OTHER not in names(outcome) or not found:
            return []
        number, text = found[0]
        column = text.expandtabs(tab).rindex("state") + 1
        return [Complaint("spam.c", number, column, "'state' undeclared")]

    outcome = engine(extension_of(source), SUITE, Settings(), reparse=extension_of, check=check)
    assert set(kept(outcome)) == {OTHER}


def test_the_first_error_counts_for_others_may_follow_from_it() -> None:
    both = (
        planting("@@", f"global:{ERROR}", "static PyObject *\nspam_fail"),
        planting("@@", f"global:{OTHER}", "static PyObject *\nspam_other"),
    )
    outcome = migrated(*both)
    assert set(kept(outcome)) == {ERROR, OTHER}
    assert len(outcome.faults) == 2
    assert outcome.files == {}


def test_what_nothing_can_be_blamed_for_is_told_with_the_whole() -> None:
    outcome = migrated(planting("@@", "extra", "static PyMethodDef"))
    assert [each.line > 0 for each in outcome.complaints] == [True]
    assert outcome.faults[0].lines == (str(outcome.complaints[0]),)
    assert kept(outcome) == {}
    assert names(outcome) == {ERROR, OTHER}


def test_a_broken_post_condition_goes_the_same_way() -> None:
    def verify(output: Output) -> list[Violation]:
        return [Violation("strict", "spam.c", 0, "not good enough", ERROR)]

    outcome = migrated(replace(SUITE[-1], id="strict", run=lambda given: None, verify=verify))
    assert kept(outcome) == {ERROR: "strict"}
    assert names(outcome) == {OTHER}
    assert outcome.stage is Stage.ACCESS
    assert outcome.violations == []
    (fault,) = outcome.faults
    assert fault.reason is Reason.POSTCONDITION
    assert fault.lines == ("spam.c: strict: not good enough",)


def test_places_are_those_of_the_text_as_it_was_read() -> None:
    older = "#if PY_MAJOR_VERSION < 3\n    Py_XINCREF(Error);\n#endif\n    PyErr_SetString"
    source = SOURCE.replace("static PyObject *Other;", "").replace("PyErr_SetString", older)
    source = source.replace(
        "static PyObject *\nspam_fail", "static PyObject *Other;\n\nstatic PyObject *\nspam_fail"
    )
    outcome = migrated(planting("@@", f"global:{OTHER}", "static PyMethodDef"), source=source)
    assert older.encode() not in outcome.files["spam.c"]
    (found,) = outcome.refusals
    assert found.symbol == OTHER
    assert source[found.start : found.end] == "Other"
