"""Callbacks of a C library that get a callable back, and nothing that leads to the module."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.callback_data import HANDLED

LIBRARY = """
int library_each(int count, int (*handler)(void *, int), void *data)
{
    while (count-- > 0) {
        if (handler(data, count) < 0) {
            return -1;
        }
    }
    return 0;
}
void *library_data(int *context) { return *(void **)(context + 1); }
"""
RUN = """
import spam, sys
seen = []
count = sys.getrefcount(seen.append.__self__)
print(spam.each(seen.append), spam.each(seen.append), seen)
try:
    spam.each(lambda value: 1 // 0)
except ZeroDivisionError:
    print('raised')
print(sys.getrefcount(seen) - count)
"""


@pytest.fixture
def library(tmp_path: Path) -> str:
    path = tmp_path / "library.c"
    path.write_text(LIBRARY)
    return str(path)


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage(stage: Stage, tmp_path: Path, library: str) -> None:
    built = compiled(migrated(HANDLED), stage, tmp_path, library)
    assert output(built, RUN) == "3 6 [2, 1, 0, 2, 1, 0]\nraised\n0"


def test_two_copies_count_for_themselves(tmp_path: Path, library: str) -> None:
    built = compiled(migrated(HANDLED), Stage.ISOLATED, tmp_path, library)
    code = "import spam, sys\nspam.each(id)\ndel sys.modules['spam']\nimport spam as other\n"
    assert output(built, f"{code}print(other.each(id), spam.each(id))") == "3 6"


def test_a_reference_taken_for_the_library_is_one_to_what_it_gets() -> None:
    code = HANDLED.replace("    if (library_each", "    Py_INCREF(callable);\n    if (library_each")
    text = text_of(migrated(code))
    assert re.search(r"bind_spam_callback\(.*?Py_INCREF\(callable\);\s+if \(library", text, re.S)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    return PyLong_FromLong(calls)", '    return Py_BuildValue("iO", calls, callable)'),
        ('PyObject_CallFunction((PyObject *)data, "i", value)', "PyList_New(PyList_Size(data))"),
        ("    if (library_each", "    on_value(callable, 1);\n    if (library_each"),
    ],
    ids=["returned", "no callable", "called directly"],
)
def test_user_data_of_another_kind_is_refused(old: str, new: str) -> None:
    outcome = migrated(HANDLED.replace(old, new))
    assert reasons(outcome) == {Reason.ADDRESS_TAKEN}
    assert outcome.stage is Stage.ACCESS


def test_names_keep_clear_of_a_library_of_the_same_name() -> None:
    declared = "extern int library_each(int count, int (*handler)(void *, int), void *data);\n"
    code = HANDLED.replace(declared, "#include <spam.h>\n").replace("library_each", "spam_each_of")
    assert "spam_module_exec" in text_of(migrated(code))


@pytest.mark.parametrize(
    ("text", "isolated"),
    [("Py_DECREF((PyObject *)data);", True), ("PyList_Append((PyObject *)data, Py_None);", False)],
    ids=["released", "used"],
)
def test_what_else_a_registration_does_with_the_callable(text: str, isolated: bool) -> None:
    other = f"static void\nother(void *data)\n{{\n    {text}\n}}\n\nstatic PyObject *\nspam_each"
    code = HANDLED.replace("void *data);", "void *data, void (*other)(void *));", 1)
    code = code.replace("(void *)callable)", "(void *)callable, other)")
    outcome = migrated(code.replace("static PyObject *\nspam_each", other))
    assert (outcome.stage is Stage.ISOLATED) is isolated


def test_a_callback_with_a_second_form() -> None:
    handler = HANDLED[
        HANDLED.index("static int\non_value") : HANDLED.index("static PyObject *\nspam")
    ]
    other = handler.replace("void *data, int value", "void *data, void *more").replace(
        '"i", value', '"i", *(int *)more'
    )
    code = HANDLED.replace(handler, f"#ifdef MORE\n{other}#else\n{handler}#endif\n")
    assert not migrated(code).refusals
