"""The branches of ``#if``: all live in some view, with their conditions and verdicts."""

from __future__ import annotations

import pytest
from views import kinds_at, parsed, sound

from isolate_ext.syntax import Source, scan
from isolate_ext.syntax.expressions import UNKNOWN, evaluate, parse_expression, truth

CUTTING = {
    "else": "void f(void) {\n if (a)\n  one = 1;\n#ifdef X\n else\n  two = 2;\n#endif\n"
    " three = 3; }",
    "initialiser": "T x = {\n one,\n#ifdef X\n two,\n#else\n three,\n#endif\n};",
    "split braces": (
        "void f(void) {\n#ifdef X\n if (one) {\n#else\n if (two) {\n#endif\n three = 1;\n }\n}"
    ),
    "split over groups": (
        "void f(void) {\n#ifdef X\n if (one) {\n"
        "#endif\n two = 1;\n"
        "#ifdef X\n }\n#endif\n three = 1;\n}"
    ),
    "signatures": "#if A > 3\nint f(int one)\n#else\nint f(char two)\n#endif\n{ return three; }",
    "else chain": (
        "#if A == 1\nint one;\n#elif A == 2\nint two;\n"
        "#elif defined(B) && !defined(C)\nint three;\n"
        "#endif"
    ),
    "nested": "#ifdef A\n#ifdef B\nint one;\n#else\nint two;\n#endif\n"
    "#else\nint three;\n#endif",
    "contradiction": "#define A 1\n#if A\nint one;\n#else\nint two;\n#endif\nint three;",
    "call in test": "#if V >= VERSION(7, 2)\nint one;\n#else\nint two;\n#endif\nint three;",
    "linkage": "#ifdef __cplusplus\nextern \"C\" {\n#endif\nint one, two;\n"
    "#ifdef __cplusplus\n}\n#endif\nint three;",
}  # fmt: skip


@pytest.mark.parametrize("case", CUTTING)
def test_every_branch_is_live_in_a_view(case: str) -> None:
    result = sound(CUTTING[case])
    for name in ("one", "two", "three"):
        assert result.occurrences(name), name
        assert None not in kinds_at(result, name)


def test_if_zero_is_no_code() -> None:
    result = sound("#if 0\nthis isn't C; used\n#else\nint live;\n#endif\n")
    assert result.occurrences("used") == []
    assert kinds_at(result, "live") == ["identifier"]


def test_an_item_has_a_variant_for_each_view() -> None:
    result = sound("int f(void)\n{\n#ifdef X\n return one;\n#else\n return two;\n#endif\n}\n")
    (function,) = result.items()
    assert len(result.variants(function)) == 2


def test_the_condition_says_what_to_write_after_if() -> None:
    text = "#ifdef A\nint a;\n#elif B > 2\nint b;\n#else\nint c;\n#endif\n"
    result = parsed(text)
    texts = [result.conditions(result.occurrences(name)[0])[0].text for name in "abc"]
    assert texts == [
        "defined(A)",
        "!(defined(A)) && (B > 2)",
        "!(defined(A)) && !(B > 2)",
    ]
    group = result.conditions(result.occurrences("b")[0])[0].group
    assert [text[a:b] for a, b in group.directives] == [
        "#ifdef A", "#elif B > 2", "#else", "#endif",
    ]  # fmt: skip


VERDICTS = [
    ("PY_MAJOR_VERSION >= 3", True),
    ("PY_MAJOR_VERSION < 3", False),
    ("PY_VERSION_HEX >= 0x03000000", True),
    ("PY_VERSION_HEX < 0x03090000", False),
    ("PY_VERSION_HEX >= 0x030C0000", None),
    ("PY_MAJOR_VERSION == 2 && PY_MINOR_VERSION >= 6", False),
    ("defined(MS_WINDOWS)", None),
    ("defined(MS_WINDOWS) || PY_MAJOR_VERSION > 2", True),
    ("defined(PY_VERSION_HEX)", True),
    ("defined(WITH_THREAD)", True),
    ("IS_PY3", True),
    ("defined(IS_PY2)", False),
    ("!defined(IS_PY2)", True),
    ("ELSEWHERE", None),
]
SETTINGS = (
    "#if PY_MAJOR_VERSION >= 3\n#define IS_PY3 1\n#else\n#define IS_PY2 1\n#endif\n#define __x__\n"
)


@pytest.mark.parametrize(("test", "verdict"), VERDICTS)
def test_verdicts_for_supported_pythons(test: str, verdict: bool | None) -> None:
    result = scan(Source("a.c", f"{SETTINGS}#if {test}\nint used;\n#endif\n".encode()))
    (condition,) = result.conditions(result.source.data.index(b"used"))
    assert condition.verdict is verdict


@pytest.mark.parametrize("above", ["", "/* " + "A long licence. " * 99 + "*/\n"])
def test_a_header_guard_decides_nothing(above: str) -> None:
    code = "int code;\n" * 20
    inner = f"#if PY_MAJOR_VERSION > 2\nint used;\n#endif\n{code}"
    text = f"{above}#ifndef A_H\n#define A_H\n{inner}#endif\n"
    result = scan(Source("a.h", text.encode()))
    assert all(each.verdict is True for each in result.conditions(text.index("used")))


EXPRESSIONS = [
    ("1 + 2 * 3 == 7", True),
    ("(1 << 4) == 16 && 'a' == 97", True),
    ("0x10L > 010", True),
    ("1 ? 0 : 1", False),
    ("!defined X", None),
    ("A && 0", False),
    ("1 || A / 0", True),
    ("A ==", None),
    ("1 / 0", None),
]


@pytest.mark.parametrize(("text", "value"), EXPRESSIONS)
def test_expressions_are_evaluated_as_far_as_known(text: str, value: bool | None) -> None:
    known = evaluate(parse_expression(text), lambda name, defined: (0, 1) if defined else UNKNOWN)
    assert truth(known) is value


def test_unmatched_directives_do_no_harm() -> None:
    result = parsed("#endif\n#else\nint a;\n#if X\nint b;\n")
    assert kinds_at(result, "a") == ["identifier"]
    assert kinds_at(result, "b") == ["identifier"]
