"""The text that is written: no more of it than needed, and like what stands around it."""

from __future__ import annotations

from pathlib import Path

from rule_snippets import behaves, migrated, text_of

from isolate_ext_rules.examples import HELPER, TYPE

RAISE = """
import spam
try:
    spam.fail()
except Exception as error:
    print(type(error).__name__, error)
"""
_FAIL = HELPER[
    HELPER.index("static PyObject *\nfail") : HELPER.index("static PyObject *\nspam_fail")
]
TWO_FILES = {
    "spam.c": HELPER.replace(_FAIL, "").replace("static PyObject *Error;", '#include "spam.h"\n'
    "PyObject *Error;"),
    "fail.c": f'#include "spam.h"\n\n{_FAIL.replace("static PyObject", "PyObject")}',
    "spam.h": "#include <Python.h>\nextern PyObject *Error;\nPyObject *fail(int);\n",
}  # fmt: skip


def test_a_definition_that_one_file_names_stays_static(tmp_path: Path) -> None:
    outcome = migrated(TWO_FILES)
    assert "static struct PyModuleDef spam_module = {" in text_of(outcome)
    assert "spam_module" not in text_of(outcome, "spam.h")
    behaves(outcome, tmp_path, RAISE, "Error failed with 1")


def test_a_definition_that_lookups_in_other_files_name_does_not() -> None:
    source = (
        TYPE.replace("    return new_egg();", "    return egg_made(new_egg());")
        .replace("static PyTypeObject Egg_Type;", '#include "egg.h"\nstatic PyTypeObject Egg_Type;')
        .replace("    PyObject_Del(self);", "    egg_freed();\n    PyObject_Del(self);")
    )
    other = '#include "egg.h"\nPyObject *last;\n'
    other += "PyObject *egg_made(PyObject *egg) { last = egg; return egg; }\n"
    other += "void egg_freed(void) { last = NULL; }\n"
    header = "#include <Python.h>\nPyObject *egg_made(PyObject *);\nvoid egg_freed(void);\n"
    text = text_of(migrated({"spam.c": source, "egg.c": other, "egg.h": header}))
    assert "\nstruct PyModuleDef spam_module = {" in text


def test_a_parameter_has_no_name_where_its_neighbours_have_none(tmp_path: Path) -> None:
    for prototype, after in (
        ("static PyObject *fail(int);", "fail(spam_state *, int);"),
        ("static PyObject *fail( int code);", "fail(spam_state *state, int code);"),
    ):
        code = HELPER.replace("static PyObject *\nfail", f"{prototype}\n\nstatic PyObject *\nfail")
        folder = tmp_path / str(len(prototype))
        folder.mkdir()
        outcome = migrated(code)
        assert after in text_of(outcome)
        behaves(outcome, folder, RAISE, "Error failed with 1")
