"""Files that are included inside of a function, and macros that are defined there."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, migrated, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import TYPE, module

NAMES = "ADD(Low);\nADD(High);\n"
CODE = """
static PyObject *errors[2];
static int made;

static int
add_errors(PyObject *m)
{
    PyObject *error;
    int count = 0;

#define ADD(name) do { \\
        error = PyErr_NewException("spam." #name, PyExc_ValueError, NULL); \\
        if (error == NULL) goto failed; \\
        errors[count++] = error; \\
        if (PyModule_AddObject(m, #name, error) < 0) { \\
            Py_DECREF(error); \\
            goto failed; \\
        } \\
        Py_INCREF(error); \\
    } while (0)

#include "names.h"

    made = count;
    return 0;

failed:
    return -1;
}

static PyObject *
spam_raise(PyObject *self, PyObject *args)
{
    PyErr_SetNone(errors[made - 1]);
    return NULL;
}
"""
SPAM = module(
    CODE,
    '{"fail", spam_raise, METH_NOARGS, NULL},',
    "if (add_errors(m) < 0) {\n        return NULL;\n    }",
)
RUN = """
import spam
try:
    spam.fail()
except spam.High:
    print(issubclass(spam.Low, ValueError))
"""


def test_an_included_list_is_left_alone(tmp_path: Path) -> None:
    outcome = migrated({"spam.c": SPAM, "names.h": NAMES})
    assert outcome.stage is Stage.ISOLATED
    assert text_of(outcome, "names.h") == NAMES
    text = text_of(outcome)
    assert "state->errors[count++] = error; \\" in text
    assert "#define ADD(name) do {" in text
    assert "Py_INCREF(error)" not in text
    behaves(outcome, tmp_path, RUN, "True")


def test_globals_in_an_included_file_are_found(tmp_path: Path) -> None:
    outcome = migrated({"spam.c": SPAM, "names.h": NAMES + "made = 1;\nif (made) { made++; }\n"})
    assert "state->made = 1;\nif (state->made) { state->made++; }" in text_of(outcome, "names.h")
    behaves(outcome, tmp_path, RUN, "True")


def test_a_local_of_the_function_hides_a_global_from_an_included_file() -> None:
    hidden = SPAM.replace("static int made;", "static int made, count;").replace(
        "spam_raise(PyObject *self, PyObject *args)\n{",
        "spam_raise(PyObject *self, PyObject *args)\n{\n    count++;",
    )
    outcome = migrated({"spam.c": hidden, "names.h": NAMES + "count += 0;\n"})
    assert text_of(outcome, "names.h") == NAMES + "count += 0;\n"
    assert "state->count++;" in text_of(outcome)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('#include "names.h"', '#include "names.h"\n#include "names.h"'),
        ("static int made;", 'static int made;\n#define ADD(name)\n#include "names.h"\n#undef ADD'),
    ],
    ids=["twice", "at file scope too"],
)
def test_what_is_included_otherwise_is_no_part_of_a_function(old: str, new: str) -> None:
    outcome = migrated({"spam.c": SPAM.replace(old, new), "names.h": "made = 1;\n"})
    assert Reason.FILE_SCOPE_USE in reasons(outcome)


def test_a_name_that_an_included_file_declares_stays() -> None:
    names = NAMES + "{ int made = 1; made++; }\n"
    outcome = migrated({"spam.c": SPAM, "names.h": names})
    assert Reason.FENCED in reasons(outcome)
    assert text_of(outcome, "names.h", Stage.ACCESS) == names


def test_a_macro_that_is_used_elsewhere_too_takes_the_state(tmp_path: Path) -> None:
    shared = SPAM.replace(
        "PyErr_SetNone(errors[made - 1]);",
        "MARK(made);\n    PyErr_SetNone(errors[made - 1]);",
    ).replace("    made = count;", "#define MARK(value) (made = (value))\n    MARK(count);")
    outcome = migrated({"spam.c": shared, "names.h": NAMES})
    assert "#define MARK(state, value) ((state)->made = (value))" in text_of(outcome)
    behaves(outcome, tmp_path, RUN, "True")


def test_an_included_file_may_leave_the_function(tmp_path: Path) -> None:
    names = NAMES + "if (made > 9) { return -1; }\n"
    outcome = migrated({"spam.c": SPAM, "names.h": names})
    assert "if (state->made > 9) { return -1; }" in text_of(outcome, "names.h")
    behaves(outcome, tmp_path, RUN, "True")


@pytest.mark.parametrize(
    ("source", "at", "reason"),
    [
        (SPAM, "    if (add_errors", Reason.INIT_SHAPE),
        (TYPE, "    Py_XDECREF(self->value);", Reason.DEALLOC_SHAPE),
    ],
    ids=["init", "dealloc"],
)
def test_a_function_whose_returns_change_must_show_them(
    source: str, at: str, reason: Reason
) -> None:
    outcome = migrated(
        {
            "spam.c": source.replace(at, f'#include "leave.h"\n{at}'),
            "names.h": NAMES,
            "leave.h": "if (0) { return 0; }\n",
        }
    )
    assert reasons(outcome) == {reason}
