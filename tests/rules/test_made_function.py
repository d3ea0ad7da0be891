"""Functions that C code makes of definitions by itself."""

from __future__ import annotations

from pathlib import Path

from rule_snippets import behaves, migrated, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.made_function import BY_HAND, LATER

RUN = """
import spam
try:
    spam.fail()
except spam.Error as error:
    print(error, spam.fail)
"""
EXPECTED = "failed <built-in function fail>"


def test_functions_of_a_table_that_init_walks(tmp_path: Path) -> None:
    behaves(migrated(BY_HAND), tmp_path, RUN, EXPECTED)


def test_functions_made_at_run_time(tmp_path: Path) -> None:
    behaves(migrated(LATER), tmp_path, RUN.replace("spam.fail()", "spam.make()()"), EXPECTED)


def test_the_module_that_is_a_parameter_already_is_used(tmp_path: Path) -> None:
    given = BY_HAND.replace("PyObject *dict, PyMethodDef", "PyObject *own, PyMethodDef").replace(
        "PyDict_SetItemString(dict", "PyDict_SetItemString(PyModule_GetDict(own)"
    ).replace("add_functions(PyModule_GetDict(m)", "add_functions(m")  # fmt: skip
    outcome = migrated(given)
    assert "PyCFunction_New(each, own)" in text_of(outcome)
    behaves(outcome, tmp_path, RUN, EXPECTED)


def test_a_function_made_in_the_init_function_itself(tmp_path: Path) -> None:
    made = BY_HAND.replace(
        "add_functions(PyModule_GetDict(m), functions);",
        'PyModule_AddObject(m, "fail", PyCFunction_NewEx(functions, NULL, NULL));',
    )
    outcome = migrated(made)
    assert "PyCFunction_NewEx(functions, m, NULL)" in text_of(outcome)
    behaves(outcome, tmp_path, RUN, EXPECTED)


def test_the_names_of_the_rows_may_be_read(tmp_path: Path) -> None:
    loop = """for (int i = 0; functions[i].ml_name != NULL; i++) {
        PyObject *made = PyCFunction_NewEx(&functions[i], NULL, NULL);
        PyModule_AddObject(m, functions[i].ml_name, made);
    }"""
    outcome = migrated(BY_HAND.replace("add_functions(PyModule_GetDict(m), functions);", loop))
    assert "PyCFunction_NewEx(&functions[i], m, NULL)" in text_of(outcome)
    behaves(outcome, tmp_path, RUN, EXPECTED)


def test_functions_that_need_no_state_are_left_alone() -> None:
    text = text_of(
        migrated(BY_HAND.replace("PyErr_SetString(Error", "PyErr_SetString(PyExc_OSError"))
    )
    assert "PyCFunction_New(each, NULL)" in text


def test_a_table_that_goes_elsewhere_too_is_refused() -> None:
    other = BY_HAND.replace(
        "static void\nadd_functions",
        "PyMethodDef *shown(void) { return functions; }\n\nstatic void\nadd_functions",
    )
    outcome = migrated(other)
    assert reasons(outcome) == {Reason.ADDRESS_TAKEN}
    assert outcome.stage is Stage.ACCESS
