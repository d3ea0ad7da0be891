"""Nodes, macro bodies and fences of a parsed file."""

from __future__ import annotations

from pathlib import Path

import oracle
from views import kinds_at, parsed, sound

from isolate_ext.syntax import Node


def body_of(text: str) -> tuple[str, Node]:
    result = sound(text)
    (define,) = result.scan.defines
    node = result.macro_body(define)
    assert node is not None
    return text, node


def test_nodes_carry_fields_text_and_parents() -> None:
    result = sound("static int f(int a)\n{\n    return a + 1;\n}\n")
    (function,) = result.items()
    assert function.kind == "function_definition"
    body = function.child("body")
    assert body is not None and body.parent is function
    (statement,) = body.named
    assert statement.text == b"return a + 1;" and statement.str == "return a + 1;"
    use = result.node_at(result.occurrences("a")[1])
    assert use is not None
    assert use.enclosing("function_definition") is function
    assert [n.kind for n in use.parent.children if n.parent] == [
        "identifier", "+", "number_literal",
    ]  # type: ignore[union-attr] # fmt: skip


def test_items_come_in_source_order() -> None:
    result = sound("#ifdef A\nint a;\n#else\nint b;\n#endif\nint c;\ntypedef int d;\n")
    assert [item.text for item in result.items()] == [
        b"int a;", b"int b;", b"int c;", b"typedef int d;",
    ]  # fmt: skip


BODIES = {
    "expression": "#define A(x) ((x) + used)",
    "statements": "#define A(x) \\\n    do { used(x); \\\n    } while (0)",
    "open": "#define A { int x = used;",
    "close": "#define A used = 1; }",
    "function": "#define A(n) static int n(void) { return used; }",
    "head": "#define A(x) for (x = 0; x < used; x++)",
    "entry": "#define A {\"a\", used, 0},",
    "fields": "#define A int a; used b;",
    "type": "#define A const used *",
    "pasted": "#define A(x) used(x##_type, #x)",
    "variadic": "#define A(x, ...) used(x, ##__VA_ARGS__)",
    "case": "#define A(x) case x: used(x); break;",
    "threads": "#define A Py_BEGIN_ALLOW_THREADS used = 1; Py_END_ALLOW_THREADS",
    "parameter as statement": "#define A(B) { int x = used; B }",
    "parameter as arguments": "#define A(P, Q) static int f P { int x = used Q ; return x; }",
    "several items": "#define A {used, 1}, {used, 2}",
    "attribute": "#define A __attribute__((cleanup(used)))",
    "bare return": "#define A return used",
    "else": "#define A else if (used)",
    "cast": "#define A (used *)",
}  # fmt: skip


def test_macro_bodies_are_code() -> None:
    for case, text in BODIES.items():
        kinds = kinds_at(sound(text), "used")
        assert kinds and None not in kinds, case


def test_a_body_sees_assignments_as_such() -> None:
    result = sound(BODIES["threads"])
    node = result.node_at(result.occurrences("used")[0])
    assert node is not None and node.parent is not None
    assert node.parent.kind == "assignment_expression"


def test_a_name_made_by_pasting_is_one_node() -> None:
    result = sound("#define GET(x) get_##x##_type(1)\n")
    first = result.node_at(result.occurrences("get_")[0])
    assert first is not None and first.text == b"get_##x##_type"
    assert result.node_at(result.occurrences("_type")[0]) is first


def test_the_macro_that_holds_an_offset() -> None:
    result = sound("#if X\n#define A used\n#endif\nint used;\n")
    inside, outside = result.occurrences("used")
    define = result.define_at(inside)
    assert define is not None and define.name == "A"
    assert [c.text for c in define.conditions] == ["X"]
    assert result.define_at(outside) is None


def test_a_fence_is_no_larger_than_the_statement() -> None:
    text = "int f(void)\n{\n    a = 1;\n    int b = @@ c;\n    return d;\n}\n"
    result = parsed(text)
    (fence,) = result.fences
    assert text[fence.start : fence.end].strip() == "int b = @@ c;"
    assert kinds_at(result, "c") == [None]
    assert kinds_at(result, "d") == ["identifier"]
    assert result.fenced(text.index("c;"), text.index("c;") + 1) is fence
    assert result.fenced(0, 3) is None


def test_a_fence_is_the_item_where_brackets_do_not_match() -> None:
    text = "int a;\nint f(void)\n{\n    x = (1;\n}\nint b;\n"
    result = parsed(text)
    (fence,) = result.fences
    assert text[fence.start : fence.end].startswith("int f")
    assert kinds_at(result, "b") == ["identifier"]


def test_a_fragment_of_an_initialiser_is_understood() -> None:
    for text in ("ONE, TWO,\n THREE, used,\n", "{1, used},\n{2, other},\n{3, other},\n"):
        assert kinds_at(sound(text), "used") == ["identifier"]


def test_declarations_of_older_functions() -> None:
    result = sound("int f(a, used)\n    int a;\n    char *used;\n{\n    return a;\n}\nint after;\n")
    assert kinds_at(result, "after") == ["identifier"]


def test_libclang_finds_nothing_that_the_view_does_not(tmp_path: Path) -> None:
    text = (Path(__file__).parent / "sample.c").read_bytes()
    path = tmp_path / "sample.c"
    path.write_bytes(text)
    names, macros, errors = oracle.spelled_names(str(path), [])
    assert errors == 0
    comparison = oracle.Comparison("sample.c")
    oracle.compare(sound(text), names, comparison)
    assert comparison.wrong == []
    assert comparison.uses >= 30 and comparison.definitions >= 14 and macros >= 2
