"""Converters of argument formats that need the state: built and run at every stage."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, migrated, reasons, text_of

from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.converter import COUNT, EGG

COUNTING = """
import spam
print(spam.count(3), end=' ')
try: spam.count(-1)
except Exception as error: print(type(error), error)
"""
COUNTED = "3 <class 'spam.Error'> less than nothing"
CLEANED = COUNT.replace(
    "    long *count = pointer;\n\n",
    """    long *count = pointer;

    if (object == NULL) {
        printf("cleaned %ld\\n", *count);
        fflush(stdout);
        return 1;
    }
""",
).replace("return !PyErr_Occurred();", "return PyErr_Occurred() ? 0 : Py_CLEANUP_SUPPORTED;")
TWICE = (
    CLEANED.replace('"O&", convert_count', '"O&|i", convert_count')
    .replace("&count)", "&count, &other)")
    .replace("    long count;\n", "    long count;\n    int other;\n")
)
TYPED = COUNT.replace("void *pointer)", "long *count)").replace(
    "    long *count = pointer;\n\n", ""
)
ELSEWHERE = (
    COUNT.replace("long count;", "long counts[2], *count = counts;")
    .replace(
        """    if (!PyArg_ParseTuple(args, "O&", convert_count, &count)) {
        return NULL;
    }
""",
        """    if (PyTuple_GET_SIZE(args) == 0) {
        Py_RETURN_NONE;
    }
    else if (!PyArg_ParseTuple(args, "O&", convert_count, count)) {
        return NULL;
    }
    else if (!convert_count(PyTuple_GET_ITEM(args, 0), (void *)(count))) {
        return NULL;
    }
""",
    )
    .replace("FromLong(count)", "FromLong(counts[0])")
)
MOVED = COUNT.replace("static PyObject *Error;", "static PyObject *Error;\nstatic long count;")
MOVED = MOVED.replace("    long count;\n\n", "")


@pytest.mark.parametrize(
    "code", [COUNT, TYPED, ELSEWHERE, MOVED], ids=["void", "typed", "elsewhere", "moved"]
)
def test_with_the_place_for_the_result(code: str, tmp_path: Path) -> None:
    outcome = migrated(code)
    assert not outcome.refusals
    behaves(outcome, tmp_path, COUNTING, COUNTED)


def test_it_is_called_again_to_clean_up(tmp_path: Path) -> None:
    outcome = migrated(TWICE)
    assert not outcome.refusals
    run = "import spam\ntry: spam.count(7, 'x')\nexcept TypeError as error: print('failed')"
    behaves(outcome, tmp_path, run, "cleaned 7\nfailed")


def test_by_the_type_of_the_object(tmp_path: Path) -> None:
    outcome = migrated(EGG)
    assert not outcome.refusals
    run = """
import spam
print(type(spam.egg(spam.egg())).__name__, end=' ')
for other in 1, None, object(), spam:
    try: spam.egg(other)
    except TypeError as error: print(error)
"""
    behaves(outcome, tmp_path, run, "Egg an egg is wanted" + "\nan egg is wanted" * 3)


def test_an_object_that_is_not_there_has_no_type(tmp_path: Path) -> None:
    code = (
        EGG.replace("    return 1;\n", "    return Py_CLEANUP_SUPPORTED;\n")
        .replace(
            "    if (!PyObject_TypeCheck",
            "    if (object == NULL) {\n        return 1;\n    }\n    if (!PyObject_TypeCheck",
        )
        .replace('"|O&"', '"|O&i"')
        .replace("convert_egg, &egg)", "convert_egg, &egg, &egg)")
    )
    outcome = migrated(code)
    assert "state = object != NULL ? get_spam_state_by_type" in text_of(outcome)
    run = "import spam\ntry: spam.egg(spam.egg(), 'x')\nexcept TypeError as error: print('failed')"
    behaves(outcome, tmp_path, run, "failed")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    if (!PyArg_ParseTuple(args", "    while (!PyArg_ParseTuple(args"),
        ("&count)", "calloc(1, sizeof(count)))"),
        ("convert_count, &count)", "(void *)convert_count == args ? NULL : convert_count, &count)"),
        ("    if (!PyArg_ParseTuple(args,",
         "#define PARSE(c) PyArg_ParseTuple(args, \"O&\", convert_count, &c)\n"
         "    if (!PARSE(count) || !PyArg_ParseTuple(args,"),
    ],
    ids=["loop", "no plain place", "chosen", "macro"],
)  # fmt: skip
def test_what_is_refused(old: str, new: str) -> None:
    assert Reason.ADDRESS_TAKEN in reasons(migrated(COUNT.replace(old, new)))
