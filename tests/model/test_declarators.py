"""What parameters are, however they are written."""

from __future__ import annotations

import pytest

from isolate_ext.model.entities import CType, Parameter
from isolate_ext.testing import extension_of


def parameters_of(text: str) -> tuple[Parameter, ...]:
    extension = extension_of(f"-- spam.c --\nvoid spam({text}) {{}}\n")
    return extension.routines["spam"].definitions[0].parameters


@pytest.mark.parametrize(
    ("text", "name", "ctype", "steps"),
    [
        ("int n", "n", CType("int"), ""),
        ("PyObject *self", "self", CType("PyObject", 1), "*"),
        ("PyObject*self", "self", CType("PyObject", 1), "*"),
        ("char ** argv", "argv", CType("char", 2), "**"),
        ("char * const *argv", "argv", CType("char", 2), "*!"),
        ("struct spam *it", "it", CType("struct spam", 1), "*"),
        ("const char *text", "text", CType("char", 1), "*c"),
        ("unsigned long size", "size", CType("unsigned long"), ""),
        ("unsigned size", "size", CType("unsigned"), ""),
        ("int (*compare)(int)", "compare", CType("int", 0, (), True), "*"),
        ("int rows[3]", "rows", CType("int", 0, ("3",)), "["),
        ("PyObject *Py_UNUSED(ignored)", "ignored", CType("PyObject", 1), "*"),
        ("PyObject *", None, CType("PyObject", 1), "*"),
    ],
)
def test_a_parameter(text: str, name: str | None, ctype: CType, steps: str) -> None:
    (found,) = parameters_of(text)
    assert (found.name, found.ctype) == (name, ctype)
    assert found.ctype.steps == steps


def test_void_is_none_and_dots_are_one() -> None:
    assert parameters_of("void") == ()
    assert [each.name for each in parameters_of("int n, ...")] == ["n", "..."]
