"""The lexical view: comments, strings, directives, at equal length."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from views import parsed

from isolate_ext.syntax import Source, scan
from isolate_ext.syntax.stats import statistics


def code_of(text: bytes) -> bytes:
    return scan(Source("a.c", text)).code


BLANKED = [
    (b"a /* b */ c", b"a         c"),
    (b"a // b\\\n c\nd", b"a      \n  \nd"),
    (b"x = \"/* no */\";", b"x = \"/* no */\";"),
    (b"c = '\"'; /* x */", b"c = '\"';        "),
    (b"#define A 1 /* two\nlines */ + 2\nint x;", b" " * 18 + b"\n" + b" " * 12 + b"\nint x;"),
    (b"a\\\r\nb", b"a \r\nb"),
    (b"\xef\xbb\xbfint a;", b"   int a;"),
    (b"/* never ends", b"             "),
    (b"s = \"never ends\nint a;", b"s = \"never ends\nint a;"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), BLANKED)
def test_comments_and_directives_are_blanked(text: bytes, code: bytes) -> None:
    result = code_of(text)
    assert len(result) == len(text)
    assert result == code


DEFINES = [
    ("#define A", "A", None, ""),
    ("#define A 1", "A", None, "1"),
    ("# define A(x) x", "A", ("x",), "x"),
    ("#define A() x", "A", (), "x"),
    ("#define A (x)", "A", None, "(x)"),
    ("#define A(x, ...) f(x, __VA_ARGS__)", "A", ("x", "..."), "f(x, __VA_ARGS__)"),
    ("#define A(x) \\\n  one \\\n  two\nint y;", "A", ("x",), "one \\\n  two"),
    ("#define A 1 /* why */\n", "A", None, "1"),
    ("  #  define A\t1", "A", None, "1"),
]


@pytest.mark.parametrize(("text", "name", "params", "body"), DEFINES)
def test_defines_are_read(text: str, name: str, params: tuple[str, ...] | None, body: str) -> None:
    (define,) = scan(Source("a.c", text.encode())).defines
    start, end = define.body_span
    assert (define.name, define.params, text[start:end]) == (name, params, body)
    assert text[slice(*define.name_span)] == name
    if define.params_span:
        assert text[define.params_span[0]] == "(" and text[define.params_span[1] - 1] == ")"


def test_includes_are_read() -> None:
    found = scan(Source("a.c", b'#include <Python.h>\n#include "a b.h" /* x */\n#include M\n'))
    assert [(i.name, i.system) for i in found.includes] == [("Python.h", True), ("a b.h", False)]


def test_occurrences_leave_out_comments_strings_and_names_of_macros() -> None:
    text = '#define used(used) used + 1 /* used */\nint used = "used"; // used\n'
    result = parsed(text)
    assert result.occurrences("used") == [text.index("used + 1"), text.index("used = ")]
    assert "used" in result.names() and "nothing" not in result.names()


def test_columns_are_those_of_the_text() -> None:
    result = parsed("/* ü */ int x;\nint y;\n".encode())
    assert result.line_column(result.occurrences("x")[0]) == (1, 13)
    assert result.line_column(result.occurrences("y")[0]) == (2, 5)


def test_statistics_count_lines_that_bear_tokens() -> None:
    text = "/* c */\n#define A \\\n  1\n#if 0\nno\n#endif\nint a;\n\nint b = = ;\n"
    figures = statistics(parsed(text))
    assert (figures.files, figures.lines, figures.token_lines) == (1, 9, 3)
    assert (figures.fenced_lines, figures.fences) == (1, 1)
    assert (figures + figures).files == 2


_WORDS = (
    "{ } ( ) ; , = \" ' /* */ // \\\n \n #if #ifdef #else #endif #define A A(x) #undef 0 1 && if "
    "else while static int struct Py_BEGIN_ALLOW_THREADS Py_END_ALLOW_THREADS PyObject_HEAD f * & "
    'PyObject * NULL Py_UNUSED(x) return \x00 \xff ## # ... case : ? extern "C"'
)
PIECES = st.sampled_from(_WORDS.split(" "))


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=60))
def test_no_input_breaks_the_parser(pieces: list[str]) -> None:
    data = " ".join(pieces).encode("latin-1")
    result = parsed(data)
    assert len(result.scan.code) == len(data)
    assert len(result.scan.skeleton) == len(data)
    for item in result.items():
        for node in item.descendants():
            assert node.start <= node.end
    for name in result.names():
        for offset in result.occurrences(name):
            assert data[offset : offset + len(name)].decode("latin-1") == name
            result.node_at(offset)
            result.conditions(offset)
    statistics(result)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_can_be_parsed(data: bytes) -> None:
    assert statistics(parsed(data)).files == 1
