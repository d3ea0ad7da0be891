"""Callbacks that get a struct of the extension's own back, and find the state in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.callback_struct import READER
from isolate_ext_rules.examples import TYPE, module

LIBRARY = """
struct source { int (*read)(struct source *, int); };
int library_copy(struct source *from) { return from->read(from, 3); }
int library_each(int count, int (*handler)(void *, int), void *data)
{
    while (count-- > 0) {
        if (handler(data, count) < 0) {
            return -1;
        }
    }
    return 0;
}
"""
RUN = """
import spam
seen = []
spam.copy(seen.append)
try:
    spam.copy(1)
except spam.Error as error:
    print(error, seen)
"""
EXPECTED = "cannot read [3]"
SUMMED = module(
    """
static PyObject *Error;

extern int library_each(int count, int (*handler)(void *, int), void *data);

struct sum {
    long total;
};

static int
add(void *data, int value)
{
    int limit = 2;
    struct sum *sum = data;
    if (value > limit) {
        PyErr_SetString(Error, "too large");
        return -1;
    }
    sum->total += value;
    return 0;
}

static PyObject *
spam_sum(PyObject *self, PyObject *count)
{
    struct sum sum = {0};
    if (library_each((int)PyLong_AsLong(count), add, &sum) < 0) {
        return NULL;
    }
    return PyLong_FromLong(sum.total);
}
""",
    '{"sum", spam_sum, METH_O, NULL},',
    """Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (Error == NULL) {
        return NULL;
    }
    Py_INCREF(Error);
    PyModule_AddObject(m, "Error", Error);""",
)
PART = TYPE.replace(
    "    PyObject *value;\n} EggObject;",
    """    PyObject *value;
    python_source from;
} EggObject;""",
).replace("typedef struct {\n    PyObject_HEAD", READER[
    READER.index("typedef struct source"):READER.index("static int\npython_read")
].replace("static PyObject *Error;\n", "") + "static PyObject *Error;\n\n" + READER[
    READER.index("static int\npython_read"):READER.index("static PyObject *\nspam_copy")
] + "typedef struct {\n    PyObject_HEAD", 1).replace(
    "    egg->value = NULL;\n",
    "    egg->value = NULL;\n    init_source(&egg->from, Py_None);\n"
    "    library_copy(&egg->from.base);\n",
)  # fmt: skip


@pytest.fixture
def library(tmp_path: Path) -> str:
    path = tmp_path / "library.c"
    path.write_text(LIBRARY)
    return str(path)


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage(stage: Stage, tmp_path: Path, library: str) -> None:
    assert output(compiled(migrated(READER), stage, tmp_path, library), RUN) == EXPECTED


def test_each_copy_raises_its_own(tmp_path: Path, library: str) -> None:
    code = f"import spam as old, sys\ndel sys.modules['spam']\n{RUN}"
    again = "try:\n    old.copy(1)\nexcept old.Error:\n    print(old.Error is spam.Error)"
    built = compiled(migrated(READER), Stage.ISOLATED, tmp_path, library)
    assert output(built, code + again) == f"{EXPECTED}\nFalse"


@pytest.mark.parametrize("stage", list(Stage))
def test_a_struct_that_is_user_data(stage: Stage, tmp_path: Path, library: str) -> None:
    outcome = migrated(SUMMED)
    assert "    sum.state = state;\n    if (library_each(" in text_of(outcome)
    assert "{\n    spam_state *state = ((struct sum *)data)->state;" in text_of(outcome)
    code = (
        "import spam\nprint(spam.sum(3))\ntry:\n    spam.sum(4)\nexcept spam.Error as e: print(e)"
    )
    assert output(compiled(outcome, stage, tmp_path, library), code) == "3\ntoo large"


def test_every_struct_that_is_handed_over_is_filled_in() -> None:
    code = SUMMED.replace("struct sum sum = {0};", "struct sum sum = {0}, other = {0};").replace(
        "add, &sum)", "add, &sum, &other)"
    )
    code = code.replace("int), void *data);", "int), void *data, void *other);")
    text = text_of(migrated(code))
    assert "    sum.state = state;\n    other.state = state;\n    if (library_each(" in text


def test_a_struct_that_is_part_of_an_instance() -> None:
    outcome = migrated(PART)
    assert not outcome.refusals
    assert "init_source(state, &egg->from, Py_None);" in text_of(outcome)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    Py_XDECREF(self->value);", "    library_copy(&self->from.base);"),
        ("init_source(&egg->from,", "static python_source one;\n    init_source(&one,"),
        ("init_source(&egg->from,", "python_source *one = malloc(9);\n    init_source(one,"),
    ],
    ids=["called in dealloc", "static", "on the heap"],
)
def test_a_struct_that_may_outlive_the_module_is_refused(old: str, new: str) -> None:
    outcome = migrated(PART.replace(old, new))
    assert reasons(outcome) & {Reason.ADDRESS_TAKEN, Reason.LAYOUT}
    assert outcome.stage is not Stage.ISOLATED


def test_a_struct_that_a_library_knows_is_left_alone() -> None:
    known = READER.replace(
        "extern int library_copy(source *from);",
        "extern int library_copy(source *from);\nextern int library_reset(struct own *from);",
    ).replace("typedef struct {\n    source base;", "typedef struct own {\n    source base;")
    known = known.replace("extern int library_reset", "struct own;\nextern int library_reset")
    outcome = migrated(known)
    assert reasons(outcome) == {Reason.ADDRESS_TAKEN}
    assert "spam_state *state;\n} python_source;" not in text_of(outcome, stage=Stage.ACCESS)
