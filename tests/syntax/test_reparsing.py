"""A file that is parsed again after edits has the trees that a first look at it finds."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from isolate_ext.syntax import MacroEnvironment, Node, Parsed, Source, parse, scan

LINES = (
    "int a;", "static int f(int a) { return a; }", "struct s { int a; };", "typedef struct s t;",
    "static PyObject *\ng(void)\n{\n    return f(a);\n}", "enum e { one, two };", "SPAM(a);",
    "#define SPAM(x) int x", "#if EGGS", "#else", "#endif", "/* ; */",
    "{ a = 1; }", "case 1:", "case 1: a;", "default: f(a);", "else b;", "if (a) b;",
    "if (a) { b; }",
    "do a;", "while (a);", "label:", "int f(a)", "f(a, b)", ";", "static", "}", "{", "struct s {",
    'extern "C" {', "t;", "FOO", "__attribute__((unused))", "int a, b;", "x = {1, 2};", "typedef",
)  # fmt: skip
"""Whole items, and what is none by itself, or another one beside its neighbours."""


def parsed(text: str | bytes, earlier: Parsed | None = None) -> Parsed:
    data = text.encode() if isinstance(text, str) else text
    own = scan(Source("unit.c", data))
    return parse(own, MacroEnvironment.of([own]), earlier)


def shape(node: Node) -> object:
    """A tree as values that can be compared."""
    inner = [shape(child) for child in node.children]
    return (node.kind, node.field, node.start, node.end, node.text, inner)


def assert_alike(old: str | bytes, new: str | bytes) -> Parsed:
    fresh, edited = parsed(new), parsed(new, parsed(old))
    assert [shape(each) for each in edited.items()] == [shape(each) for each in fresh.items()]
    assert edited.fences == fresh.fences
    assert edited.stand_ins == fresh.stand_ins
    return edited


lines = st.lists(st.sampled_from(LINES), max_size=8)


@settings(deadline=None)
@example(["case 1: a;"], ["int a;"], ["int a;"])
@example(["int a;"], [], ["struct s { int a; };"])
@given(lines, lines, lines)
def test_any_edit(kept: list[str], other: list[str], edit: list[str]) -> None:
    assert_alike("\n".join(kept + other), "\n".join(kept + edit + other))
    assert_alike("\n".join(kept + edit + other), "\n".join(kept + other))
    assert_alike("\n".join(kept + other), "\n".join(other + edit))


SAMPLE = (Path(__file__).parent / "sample.c").read_bytes()


@settings(deadline=None)
@given(st.integers(0, len(SAMPLE)), st.integers(0, 60), st.sampled_from(LINES))
def test_an_edit_anywhere_in_a_file(at: int, length: int, line: str) -> None:
    assert_alike(SAMPLE, SAMPLE[:at] + line.encode() + SAMPLE[at + length :])


def test_what_is_alike_is_taken_over_though_it_moved() -> None:
    old = parsed("int a;\nstatic int f(void) { return a; }\nint b;\nstruct s { int c; };\n")
    new = "int more;\nint a;\nstatic int f(void) { return a; }\nint c;\nstruct s { int c; };\n"
    edited = assert_alike(old.source.data, new)
    assert edited.primary is not None and old.primary is not None
    again = parsed(new, old).primary
    before = [raw for raw, _ in old.primary.pieces]
    assert again is not None
    assert [raw in before for raw, _ in again.pieces] == [False, True, True, False, True]


def test_so_is_what_only_a_further_view_shows() -> None:
    old = "int a;\n#if EGGS\nint f(void) { return a; }\n#else\nint b;\n#endif\n"
    new = "static int a;\n" + old.partition("\n")[2]
    first = parsed(old)
    assert_alike(old, new)
    assert first.windows and parsed(new, first).windows == first.windows
