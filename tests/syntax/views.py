"""What the tests of the view ask of it, in one place."""

from __future__ import annotations

from isolate_ext.syntax import MacroEnvironment, Node, Parsed, Source, parse, scan


def parsed(text: str | bytes, *headers: str) -> Parsed:
    """Parse a text that sees the macros of the given headers."""
    data = text.encode() if isinstance(text, str) else text
    own = scan(Source("unit.c", data))
    others = [scan(Source(f"header{i}.h", h.encode())) for i, h in enumerate(headers)]
    return parse(own, MacroEnvironment.of([own, *others]))


def sound(text: str | bytes, *headers: str) -> Parsed:
    """Parse a text that must not need a fence, and in whose trees nothing is wrong."""
    result = parsed(text, *headers)
    assert result.fences == ()
    for item in result.items():
        assert not [n for n in item.descendants() if n.kind == "ERROR"], item.text
    return result


def kinds_at(result: Parsed, name: str) -> list[str | None]:
    """The kinds of the nodes at every occurrence of a name; None where there is no node."""
    nodes = [result.node_at(offset) for offset in result.occurrences(name)]
    return [node.kind if node else None for node in nodes]


def statement_of(result: Parsed, name: str) -> Node:
    """The statement or declaration around the only occurrence of a name."""
    (offset,) = result.occurrences(name)
    node = result.node_at(offset)
    assert node is not None, name
    found = node.enclosing("expression_statement", "declaration", "return_statement")
    assert found is not None, name
    return found
