"""Getters and setters whose closure is the address of a global, built and run."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, migrated, reasons, text_of

from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.getset_closure import CLOSURE

SETTER = """
static int
Egg_set_error(PyObject *self, PyObject *value, void *closure)
{
    PyObject **place = closure;

    Py_XINCREF(value);
    Py_XSETREF(*place, value);
    return 0;
}

static PyGetSetDef Egg_getset"""
BOTH = CLOSURE.replace("\nstatic PyGetSetDef Egg_getset", SETTER).replace(
    '"Error", Egg_error, NULL', '"Error", Egg_error, Egg_set_error'
)
RUN = """
import spam
egg = spam.egg()
print(egg.Error, egg.Other)
"""


def test_a_getter(tmp_path: Path) -> None:
    outcome = migrated(CLOSURE)
    assert not outcome.refusals
    assert "#include <stddef.h>\n" in text_of(outcome)
    behaves(outcome, tmp_path, RUN, "<class 'spam.Error'> <class 'spam.Other'>")


def test_a_setter_too(tmp_path: Path) -> None:
    outcome = migrated(BOTH)
    assert not outcome.refusals
    run = f"{RUN}\negg.Error = 1\nprint(egg.Error, spam.egg().Error, egg.Other)"
    expected = "<class 'spam.Error'> <class 'spam.Other'>\n1 1 <class 'spam.Other'>"
    behaves(outcome, tmp_path, run, expected)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(void *)&Other", "NULL"),
        ("PyObject *error = *(PyObject **)closure;",
         "PyObject *error;\n    closure = (void *)closure;\n    error = *(PyObject **)closure;"),
        ("static PyGetSetDef", "PyObject *direct(void) { return Egg_error(NULL, &Error); }\n"
         "static PyGetSetDef"),
    ],
    ids=["another closure", "changed", "called"],
)  # fmt: skip
def test_what_is_refused(old: str, new: str) -> None:
    assert reasons(migrated(CLOSURE.replace(old, new))) >= {Reason.FILE_SCOPE_USE}
