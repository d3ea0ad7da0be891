"""Variables whose struct has no name, and those that keep nothing between calls."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, migrated, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import module
from isolate_ext_rules.scratch_variable import SEEDED

NAMES = module(
    """
/* names of the sizes */
struct {
    PyObject *object;
    const char *text;
    size_t length;
}
static size_names[] = {
    {NULL, "small", 0},
    {NULL, "large", 0},
};
#define N_NAMES (sizeof(size_names) / sizeof(size_names[0]))

static PyObject *
spam_size(PyObject *self, PyObject *arg)
{
    size_t i = PyLong_AsSize_t(arg);
    if (i >= N_NAMES) {
        return PyErr_Occurred() ? NULL : PyLong_FromSize_t(N_NAMES);
    }
    Py_INCREF(size_names[i].object);
    return size_names[i].object;
}
""",
    '{"size", spam_size, METH_O, NULL},',
    """for (size_t i = 0; i < N_NAMES; i++) {
        size_names[i].object = PyUnicode_InternFromString(size_names[i].text);
        size_names[i].length = strlen(size_names[i].text);
    }""",
)
SIZES = "import spam; print(spam.size(0), spam.size(1), spam.size(2))"


def test_a_struct_gets_the_name_of_its_variable(tmp_path: Path) -> None:
    outcome = migrated(NAMES)
    text = text_of(outcome)
    assert "/* names of the sizes */\nstruct size_names {\n    PyObject *object;" in text
    assert "struct size_names size_names[2];" in text
    assert "Py_VISIT(state->size_names[i].object);" in text
    behaves(outcome, tmp_path, SIZES, "small large 2")


def test_all_in_one_branch_needs_no_conditions(tmp_path: Path) -> None:
    start = NAMES.index("/* names of the sizes */")
    code = f"{NAMES[:start]}#ifndef NO_SPAM\n{NAMES[start:]}#endif\n"
    outcome = migrated(code)
    assert text_of(outcome).count("#ifndef NO_SPAM") == 1
    assert "defined(NO_SPAM)" not in text_of(outcome)
    behaves(outcome, tmp_path, SIZES, "small large 2")


SHARED = module(
    """
static struct { int calls; double last; } first, second;
static enum { WAITING, DONE } step;

static PyObject *
spam_call(PyObject *self, PyObject *arg)
{
    first.calls++;
    second.calls += 2;
    step = first.calls > 1 ? DONE : WAITING;
    return Py_BuildValue("iii", first.calls, second.calls, step == DONE);
}
""",
    '{"call", spam_call, METH_O, NULL},',
)


def test_variables_of_one_struct_share_its_name(tmp_path: Path) -> None:
    outcome = migrated(SHARED)
    text = text_of(outcome)
    assert "struct first { int calls; double last; };" in text
    assert "struct first second;" in text and "enum step step;" in text
    behaves(outcome, tmp_path, "import spam; print(spam.call(0), spam.call(0))",
            "(1, 2, 0) (2, 4, 1)")  # fmt: skip


def test_a_name_that_is_taken_is_refused() -> None:
    code = SHARED.replace("static struct {", "struct first { char c; };\nstatic struct {")
    assert reasons(migrated(code)) == {Reason.LAYOUT}


def test_what_keeps_nothing_is_automatic(tmp_path: Path) -> None:
    outcome = migrated(SEEDED)
    assert "    Random random;" in text_of(outcome, stage=Stage.STATE)
    behaves(outcome, tmp_path, "import spam; print(spam.random(1), spam.random(2))", "69068 138136")


CARRIED = {
    "read first": ("    random->high = value;", "    random->high += value;"),
    "filled in part": ("    random->low = random->high * 69069;\n", ""),
    "filled at times": ("    random->high = value;", "    if (value) random->high = value;"),
    "left half way": ("    random->low =", "    if (value == 7) return;\n    random->low ="),
    "kept": ("static void\nseed", "static Random *kept;\nstatic void\nseed"),
    "handed on": ("    random->high ^= random->low;", "    random->high ^= *(&random->low);"),
    "filled at times by the caller": (
        "    seed(&random,",
        "    if (arg != self)\n    seed(&random,",
    ),
    "jumped over": ("    seed(&random,", "    if (arg == self) goto end;\nend:\n    seed(&random,"),
    "with a first value": ("static Random random;", "static Random random = {1, 2};"),
}


@pytest.mark.parametrize(("old", "new"), CARRIED.values(), ids=CARRIED.keys())
def test_what_may_keep_something_is_a_member(old: str, new: str) -> None:
    assert old in SEEDED
    code = SEEDED.replace(old, new)
    if "kept" in new:
        code = code.replace("    random->high ^= random->low;", "    kept = random;")
    text = text_of(migrated(code))
    assert "Random spam_random_random;" in text and "    Random random;" not in text
