"""Comments that decide: what they concern, and those that concern nothing."""

from __future__ import annotations

import pytest

from isolate_ext.placement.suppressions import suppressions
from isolate_ext.testing import extension_of
from isolate_ext_rules.examples import TYPE, module

IGNORE = "isolate-ext: ignore[global-variable]"
USE = "static int *\nuse(void)\n{\n    static int last;\n    return last ? &a : &b;\n}\n"


@pytest.mark.parametrize(
    ("declared", "names"),
    [
        (f"static int a; /* {IGNORE} so */\nstatic int b;", ["a"]),
        (f"static int a; // {IGNORE} so\nstatic int b;", ["a"]),
        (f"/* {IGNORE}\n   so */\nstatic int a;\nstatic int b;", []),
        (f"/* {IGNORE} so */\nstatic int a;\nstatic int b;", ["a"]),
        (f"static int a, b; /* {IGNORE} so */", ["a", "b"]),
        (f"static int a\n    = 3; /* {IGNORE} so */\nstatic int b;", ["a"]),
    ],
)
def test_a_comment_concerns_what_is_defined_beside_it(declared: str, names: list[str]) -> None:
    found = suppressions(extension_of(module(f"{declared}\n\n{USE}", "")))
    assert [each.name.rpartition(":")[2] for each in found.levels] == names
    assert {(each.value, each.reason) for each in found.levels} <= {("process", "so")}
    assert bool(found.problems) is not bool(names)


def test_a_type_may_be_ignored() -> None:
    comment = "/* isolate-ext: ignore[static-type] nothing changes it */\n"
    at = TYPE.rindex("static PyTypeObject Egg_Type = {")
    (choice,) = suppressions(extension_of(TYPE[:at] + comment + TYPE[at:])).types
    assert (choice.name, choice.value) == ("spam.c:Egg_Type", "static")
    assert choice.told.endswith("decides: nothing changes it")


@pytest.mark.parametrize(
    ("comment", "problem"),
    [
        ("ignore[global-variabel] so", "did you mean 'global-variable'?"),
        ("ignore[C3] so", "there are 'global-variable' and 'static-type'"),
        ("ignore[global-variable]", "does not say why; write /* isolate-ext: ignore[rule] reason"),
        ("process, so", "'process, so' is no suppression"),
        ("ignore[static-type] so", "no static type is defined here"),
    ],
)
def test_a_comment_that_decides_nothing_is_a_mistake(comment: str, problem: str) -> None:
    source = module(f"static int a; /* isolate-ext: {comment} */\nstatic int b;\n\n{USE}", "")
    found = suppressions(extension_of(source))
    (line,) = found.problems
    assert problem in line
    number = source[: source.index("/* isolate")].count("\n") + 1
    assert line.startswith(f"spam.c:{number}:15: ")
    assert not found.levels and not found.types


def test_what_stands_in_a_string_is_no_comment() -> None:
    text = f'static const char *a = "/* {IGNORE} */";\nstatic int b;\n\n'
    found = suppressions(extension_of(module(text, "")))
    assert found.problems == []
