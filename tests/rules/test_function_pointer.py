"""State through the extension's own function pointers, in a closed world only."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, migrated, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import module
from isolate_ext_rules.function_pointer import FOREIGN, TABLE

CHECK = """
import spam
try:
    spam.check("p", -1)
except spam.Error as error:
    print(error, spam.check("a", -1))
"""

WALK = module(
    """
static PyObject *Error;
typedef int (*visitor)(int value, void *);

static int walk(int n, visitor visit, void *arg);

static int
walk(int n, visitor visit, void *arg)
{
    visitor again = visit;
    if (n == 0) {
        return 0;
    }
    return (*again)(n, arg) < 0 ? -1 : walk(n - 1, again, arg);
}

static int
fail(int value, void *arg)
{
    PyErr_Format(Error, "at %d", value);
    return -1;
}

static int
pass(int value, void *arg)
{
    return 0;
}

static PyObject *
spam_walk(PyObject *self, PyObject *args)
{
    if (walk(3, pass, NULL) < 0 || walk(2, &fail, NULL) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}
""",
    '{"walk", spam_walk, METH_NOARGS, NULL},',
    """Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (Error == NULL || PyModule_AddObject(m, "Error", Error) < 0) {
        return NULL;
    }""",
)


def test_table_of_functions(tmp_path: Path) -> None:
    behaves(migrated(TABLE), tmp_path, CHECK, "not positive None")


def test_members_assigned_at_run_time(tmp_path: Path) -> None:
    code = TABLE.replace(
        "    int code, value;",
        "    rule_t other = rules[0], *last = &other;\n    int code, value;\n"
        "    last->check = rules[1].check;\n    other.check = code ? positive : anything;\n"
        "    if (last->check(1) < 0) {\n        return NULL;\n    }",
    ).replace("int code, value", "int code = 1, value")
    outcome = migrated(code)
    assert outcome.stage is Stage.ISOLATED
    behaves(outcome, tmp_path, CHECK, "not positive None")


def test_parameters_and_locals_of_a_typedef(tmp_path: Path) -> None:
    outcome = migrated(WALK)
    assert "typedef int (*visitor)(spam_state *state, int value, void *);" in text_of(outcome)
    assert "(*again)(state, n, arg)" in text_of(outcome)
    run = "import spam\ntry:\n    spam.walk()\nexcept spam.Error as error:\n    print(error)"
    behaves(outcome, tmp_path, run, "at 2")


@pytest.mark.parametrize(
    "code",
    [
        FOREIGN,
        TABLE.replace("Py_RETURN_NONE", "atexit((void (*)(void))rule->check); Py_RETURN_NONE"),
        TABLE.replace("{'a', anything},", "ROW('a', anything),").replace(
            "static const rule_t", "#define ROW(c, f) {c, f}\nstatic const rule_t"
        ),
        TABLE.replace(
            "static PyObject *\nspam", "#define RUN(r) (r)->check(1)\nstatic PyObject *\nspam"
        ),
        TABLE.replace(
            "    {0, NULL},\n};", "#ifdef FAR\n    {'f', abs},\n#endif\n    {0, NULL},\n};"
        ),
        TABLE.replace("static const rule_t", "static rule_t").replace(
            "    for (rule", "#ifdef FAR\n    rules[1].check = abs;\n#endif\n    for (rule"
        ),
    ],
    ids=["foreign function", "handed on", "macro row", "macro call", "dead row", "dead line"],
)
def test_an_open_world_is_refused(code: str) -> None:
    outcome = migrated(code)
    assert Reason.ADDRESS_TAKEN in reasons(outcome)
    assert outcome.stage is Stage.ACCESS
    assert {each.rule for each in outcome.refusals} == {"function-pointer"}


def test_a_table_in_a_capsule_is_refused() -> None:
    code = TABLE.replace("Py_RETURN_NONE", "return PyCapsule_New((void *)rule, NULL, NULL)")
    outcome = migrated(code)
    assert reasons(outcome) == {Reason.EXPORTED}
    assert outcome.stage is Stage.ACCESS
