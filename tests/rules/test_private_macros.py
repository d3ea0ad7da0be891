"""Array sizes of members that are macros of one of several files."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, compiled, migrated, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import module

HEADER = "#ifndef SPAM_H\n#define SPAM_H\n#include <Python.h>\nint next_value(int);\n#endif\n"
SIZES = """
/* How many there are. */

#define FIRST 2
#ifdef MANY
#define LAST 99
#else
#define LAST (FIRST + 3)
#endif
"""
OTHER = """#include "spam.h"
%s
static int values[LAST - FIRST + 1];

int
next_value(int at)
{
    return ++values[at %% (LAST - FIRST + 1)];
}
"""
USER = module(
    """
static PyObject *Error;

static PyObject *
spam_next(PyObject *self, PyObject *args)
{
    if (PyTuple_GET_SIZE(args)) {
        PyErr_SetString(Error, "no arguments");
        return NULL;
    }
    return PyLong_FromLong(next_value(5));
}
""",
    '{"next", spam_next, METH_VARARGS, NULL},',
    'Error = PyErr_NewException("spam.Error", NULL, NULL);',
).replace("#include <Python.h>", '#include "spam.h"')
RUN = "import spam\nprint(spam.next(), spam.next())"


def files(sizes: str) -> dict[str, str]:
    return {"spam.c": USER, "other.c": OTHER % sizes, "spam.h": HEADER}


def test_the_macros_move_to_the_state(tmp_path: Path) -> None:
    outcome = migrated(files(SIZES))
    assert not outcome.refusals
    moved = SIZES.partition("*/\n\n")[2]
    assert f"{moved}\ntypedef struct {{" in text_of(outcome, "spam.h")
    assert "#define" not in text_of(outcome, "other.c")
    behaves(outcome, tmp_path, RUN, "1 2")


@pytest.mark.parametrize(
    ("sizes", "user"),
    [
        ("#define FIRST 0\nenum { LAST = 3 };\n", USER),
        ("#include <limits.h>\n#define FIRST 0\n#define LAST (CHAR_BIT / 2)\n", USER),
        ("#define FIRST 0\n#define LAST 3\n#undef NOT_LAST\n", f"{USER}#define LAST 2\n"),
        (
            "#define FIRST 0\n#ifdef FEW\nstatic int few;\n#define LAST 2\n#else\n"
            "#define LAST 3\n#endif\n",
            USER,
        ),
    ],
    ids=["enum", "of another library", "of two files", "among code"],
)
def test_what_cannot_move_is_refused(sizes: str, user: str, tmp_path: Path) -> None:
    outcome = migrated({**files(sizes), "spam.c": user})
    assert reasons(outcome) == {Reason.LAYOUT}
    assert outcome.stage is Stage.ACCESS
    compiled(outcome, Stage.ACCESS, tmp_path)
