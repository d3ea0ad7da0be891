"""Macros that make a string of the name of what moves: the string stays what it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, output

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing import check_refused, check_rewrite, check_stages
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import module

OBJECTS = "static PyObject *Error;\n"
MAKE = 'Error = PyErr_NewException("spam.Error", NULL, NULL);'
ADDING = {
    "at once": ("#define ADD(x) Py_INCREF(x); PyModule_AddObject(m, #x, x)\n", "ADD(Error);"),
    "through another": (
        "#define NAMED(x) #x\n#define ADD(x) Py_INCREF(x); PyModule_AddObject(m, NAMED(x), x)\n",
        "ADD(Error);",
    ),
    "inside another": (
        "#define ADD(x) Py_INCREF(x); PyModule_AddObject(m, #x, x)\n#define ALL ADD(Error)\n",
        "ALL;",
    ),
}


@pytest.mark.parametrize(("macros", "use"), ADDING.values(), ids=list(ADDING))
def test_the_string_is_kept(macros: str, use: str, tmp_path: Path) -> None:
    code = module(OBJECTS + macros, "", f"{MAKE}\n    {use}")
    check_stages(SUITE, code)
    outcome = check_rewrite(SUITE, code, '"Error"', gone=('"state->Error"',))
    built = compiled(outcome, Stage.ISOLATED, tmp_path)
    assert output(built, "import spam; print(spam.Error.__name__)") == "Error"


def test_a_string_of_something_else_is_left_alone() -> None:
    shown = "#define SHOW(x, y) printf(#y), Py_XINCREF(x)\n"
    check_rewrite(
        SUITE, module(OBJECTS + shown, "", f"{MAKE} SHOW(Error, m);"), "SHOW(state->Error"
    )


def test_with_another_number_of_arguments_it_is_refused() -> None:
    macro = "#define ADD(x, ...) PyModule_AddObject(m, #x, x)\n"
    check_refused(
        SUITE, module(OBJECTS + macro, "", f"{MAKE} ADD(Error, 1, 2);"), Reason.PASTED_NAME
    )
