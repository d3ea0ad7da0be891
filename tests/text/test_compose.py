"""Composition: nesting, groups, conflicts."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isolate_ext.text import (
    Hole,
    Replacement,
    Span,
    Template,
    compose,
    deletion,
    insertion,
    pieces,
    replacement,
    style_of,
    unified_diff,
)

TEXT = b"alloc(Foo, &Foo_Type);\n"


def one(*items: Replacement, text: bytes = TEXT) -> bytes:
    result = compose({"f.c": text}, items)
    assert not result.conflicts
    return result.files["f.c"]


def test_a_replacement_inside_a_hole_is_filled_in() -> None:
    outer = replacement("f.c", 0, 21, [b"(Foo *)new(", Hole(Span(11, 20)), b")"], "alloc")
    inner = replacement("f.c", 11, 20, b"state->Foo_Type", "type")
    assert one(outer, inner) == b"(Foo *)new(state->Foo_Type);\n"
    assert one(inner, outer) == b"(Foo *)new(state->Foo_Type);\n"


def test_each_piece_tells_where_it_comes_from() -> None:
    outer = replacement("f.c", 0, 21, [b"new(", Hole(Span(11, 20)), b")"], "alloc")
    inner = replacement("f.c", 12, 20, b"state->Foo_Type", "type")
    found = [(each.text, each.at, each.by) for each in pieces(TEXT, [inner, outer]) if each.text]
    assert found == [
        (b"new(", 0, outer), (b"&", 11, None), (b"state->Foo_Type", 12, inner), (b")", 0, outer),
        (b";\n", 21, None),
    ]  # fmt: skip


def test_a_hole_may_repeat() -> None:
    outer = replacement("f.c", 0, 5, [Hole(Span(0, 5)), b"_", Hole(Span(0, 5))], "twice")
    assert one(outer, replacement("f.c", 0, 5, b"x", "inner")).startswith(b"x_x(")


def test_a_hole_moves_its_lines_to_another_margin() -> None:
    text = b"if (x) {\n    make(a,\n         b);\n# pragma\n\n}\n"
    kept = Hole(Span(9, 44), margins=(b"    ", b""))
    outer = replacement("f.c", 0, len(text), [kept], "outer")
    inner = replacement("f.c", 13, 32, b"a();\n    b()", "inner")
    assert one(outer, inner, text=text) == b"a();\nb();\n# pragma\n\n"


def test_overlap_outside_a_hole_drops_the_later_group_whole() -> None:
    first = replacement("f.c", 0, 5, b"make", "first")
    second = replacement("f.c", 3, 8, b"?", "second")
    elsewhere = deletion("f.c", 20, 21, "second")
    result = compose({"f.c": TEXT}, [first, second, elsewhere])
    assert result.files["f.c"] == b"make(Foo, &Foo_Type);\n"
    assert result.applied == {"first"}
    assert [(c.kept.group, c.dropped.group) for c in result.conflicts] == [("first", "second")]


def test_insertions_keep_their_order_and_identical_replacements_coalesce() -> None:
    assert one(insertion("f.c", 0, b"b", "g", 2), insertion("f.c", 0, b"a", "h", 1)) == b"ab" + TEXT
    same = replacement("f.c", 0, 5, b"x", "g"), replacement("f.c", 0, 5, b"x", "h")
    assert one(*same) == b"x" + TEXT[5:]
    assert one(insertion("f.c", 0, b"a", "g"), insertion("f.c", 0, b"a", "h")) == b"aa" + TEXT


def test_insertion_at_the_edge_of_a_replacement_is_no_conflict() -> None:
    change = replacement("f.c", 6, 9, b"Bar", "g")
    assert one(change, insertion("f.c", 6, b"<", "h"), insertion("f.c", 9, b">", "h")) == (
        b"alloc(<Bar>, &Foo_Type);\n"
    )


def test_a_replacement_outside_the_file_is_refused() -> None:
    with pytest.raises(ValueError, match=r"outside of f\.c"):
        compose({"f.c": b"x"}, [deletion("f.c", 0, 2, "g")])
    with pytest.raises(ValueError, match="outside its replacement"):
        replacement("f.c", 0, 2, [Hole(Span(1, 3))], "g")


@given(
    st.binary(max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8), st.binary(max_size=4)), max_size=8),
)
def test_disjoint_replacements_equal_slicing(
    data: bytes, raw: list[tuple[int, int, bytes]]
) -> None:
    items, expected, at = [], b"", 0
    for start, length, text in sorted(raw):
        if start < at or start + length > len(data) or length == 0:
            continue
        items.append(replacement("f", start, start + length, text, f"g{start}"))
        expected += data[at:start] + text
        at = start + length
    assert compose({"f": data}, items).files["f"] == expected + data[at:]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\nb\nc\n", b"a\nB\nc\n"),
        (b"a\r\nb\r\n", b"a\r\nc\r\n"),
        (b"\xef\xbb\xbfa\xff\n", b"\xef\xbb\xbfb\xff\n"),
        (b"a\nb", b"a\nc"),
        (b"a\nb", b"a\nb\n"),
        (b"", b"a\n"),
        (None, b"new\n"),
        (b"a\x0cb\n\x0c\nc\n", b"a\x0cb\n\x0c\nd\n"),
    ],
)
def test_diffs_are_accepted_by_git_apply(tmp_path, before, after) -> None:
    if before is not None:
        (tmp_path / "f.c").write_bytes(before)
    patch = unified_diff("f.c", before, after)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"], cwd=tmp_path, input=patch, check=True
    )
    assert (tmp_path / "f.c").read_bytes() == after


def test_style_is_read_off_the_text() -> None:
    style = style_of(b"int f(void) {\r\n\treturn 1;\r\n}\r\n")
    assert (style.newline, style.indent, style.brace_on_own_line) == (b"\r\n", b"\t", False)
    assert style.adapt(b"{\n    x;\n}") == b"{\r\n\tx;\r\n}"


def test_template_holes_are_checked() -> None:
    template = Template("int ${name}(void)\n{\n    ${body}\n}\n", "name body")
    assert template.fill(name="f", body="a;\nb;") == "int f(void)\n{\n    a;\n    b;\n}\n"
    assert template.fill(name="f", body="") == "int f(void)\n{\n}\n"
    with pytest.raises(ValueError, match="body"):
        Template("${name}", "name body")
    with pytest.raises(ValueError, match="body"):
        template.fill(name="f")
