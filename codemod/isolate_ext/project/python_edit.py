"""Edits of setup.py that keep every other byte: python_requires, and depends= of an Extension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from isolate_ext.project.floor import below, newline_of, raised


class Tree:
    """A parsed script with the byte span of every node. Raises libcst.ParserSyntaxError."""

    def __init__(self, data: bytes) -> None:
        self.bom = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
        self.data = data.removeprefix(self.bom)
        wrapper = MetadataWrapper(cst.parse_module(self.data), unsafe_skip_copy=True)
        self.module = wrapper.module
        self.spans: Any = wrapper.resolve(ByteSpanPositionProvider)

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        found = self.spans[node]
        return found.start, found.start + found.length

    def calls(self, *names: str) -> list[cst.Call]:
        """The calls of functions whose last name component is one of the names, in order."""
        collector = Calls(names)
        self.module.visit(collector)
        return collector.found

    def replaced(self, edits: Sequence[tuple[int, int, bytes]]) -> bytes:
        data = self.data
        for start, end, text in sorted(edits, reverse=True):
            data = data[:start] + text + data[end:]
        return self.bom + data


class Calls(cst.CSTVisitor):
    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)
        self.found: list[cst.Call] = []

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802
        func = node.func
        name = func.attr.value if isinstance(func, cst.Attribute) else getattr(func, "value", None)
        if name in self.names:
            self.found.append(node)


def keyword(call: cst.Call, name: str) -> cst.Arg | None:
    return next((a for a in call.args if a.keyword is not None and a.keyword.value == name), None)


def edit_python_requires(data: bytes, floor: tuple[int, int], *, add: bool) -> tuple[bool, bytes]:
    """Whether a setup() call has python_requires, and the text with it raised or added as a
    keyword.

    A value that is a name bound to one string literal is changed where the literal stands.
    """
    try:
        tree = Tree(data)
    except (cst.ParserSyntaxError, UnicodeDecodeError):
        return False, data
    says = False
    edits: list[tuple[int, int, bytes]] = []
    for call in tree.calls("setup"):
        arg = keyword(call, "python_requires")
        if arg is not None:
            says = True
            edits += edited_literal(tree, literal_of(tree, arg.value), floor)
    if not says:
        for value in [
            *dict_entries(tree, "python_requires"),
            *given_values(tree, "python_requires"),
        ]:
            says = True
            edits += edited_literal(tree, literal_of(tree, value), floor)
    if not says and add:
        edits += added_keyword(tree, floor)
    return says, tree.replaced(edits)


def literal_of(tree: Tree, value: cst.BaseExpression) -> cst.BaseExpression | None:
    """The string literal the value is, or the only one assigned to the name that it is."""
    if isinstance(value, (cst.SimpleString, cst.ConcatenatedString)):
        return value
    if not isinstance(value, cst.Name):
        return None
    found = [
        s.value
        for s in assignments(tree)
        if any(isinstance(t.target, cst.Name) and t.target.value == value.value for t in s.targets)
    ]
    literal = found[0] if len(found) == 1 else None
    return literal if isinstance(literal, (cst.SimpleString, cst.ConcatenatedString)) else None


def assignments(tree: Tree) -> list[cst.Assign]:
    found: list[cst.Assign] = []

    class Visitor(cst.CSTVisitor):
        def visit_Assign(self, node: cst.Assign) -> None:  # noqa: N802
            found.append(node)

    tree.module.visit(Visitor())
    return found


def dict_entries(tree: Tree, key: str) -> list[cst.BaseExpression]:
    found: list[cst.BaseExpression] = []

    class Visitor(cst.CSTVisitor):
        def visit_DictElement(self, node: cst.DictElement) -> None:  # noqa: N802
            if isinstance(node.key, cst.SimpleString) and node.key.evaluated_value == key:
                found.append(node.value)

    tree.module.visit(Visitor())
    return found


def given_values(tree: Tree, key: str) -> list[cst.BaseExpression]:
    """What a dict gets by ``d.update(key=...)``, ``dict(key=...)`` or ``d["key"] = ...``."""
    found: list[cst.BaseExpression] = []

    class Visitor(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:  # noqa: N802
            arg = keyword(node, key)
            if arg is not None:
                found.append(arg.value)

    tree.module.visit(Visitor())
    return found + [
        each.value
        for each in assignments(tree)
        if any(_subscript_of(target.target) == key for target in each.targets)
    ]


def _subscript_of(target: cst.BaseExpression) -> object:
    """The string between the brackets of ``d["..."]``."""
    index = target.slice[0].slice if isinstance(target, cst.Subscript) else None
    value = index.value if isinstance(index, cst.Index) else None
    return value.evaluated_value if isinstance(value, cst.SimpleString) else None


def edited_literal(
    tree: Tree, literal: cst.BaseExpression | None, floor: tuple[int, int]
) -> list[tuple[int, int, bytes]]:
    if not isinstance(literal, (cst.SimpleString, cst.ConcatenatedString)):
        return []
    text = literal.evaluated_value
    if not isinstance(text, str) or not below(text, floor):
        return []
    first: cst.BaseExpression = literal
    while isinstance(first, cst.ConcatenatedString):
        first = first.left
    quote = first.quote if isinstance(first, cst.SimpleString) else '"'
    start, end = tree.span(literal)
    return [(start, end, f"{quote}{raised(text, floor)}{quote}".encode())]


def added_keyword(tree: Tree, floor: tuple[int, int]) -> list[tuple[int, int, bytes]]:
    """A python_requires keyword before the first argument of the setup() call, laid out as that one
    is."""
    calls = [c for c in tree.calls("setup") if c.args]
    if not calls:
        return []
    call = calls[0]
    named = next(
        (a for a in call.args if a.keyword is not None and a.keyword.value in ("version", "name")),
        None,
    )
    arg = named or call.args[0]
    start, _ = tree.span(arg)
    line_start = tree.data.rfind(b"\n", 0, start) + 1
    lead = tree.data[line_start:start]
    if lead.strip():
        lead = b" " * len(lead) if b"\n" in tree.data[start : tree.span(call)[1]] else b""
    end = newline_of(tree.data).encode() if b"\n" in tree.data[start : tree.span(call)[1]] else b" "
    spaced = (
        b" = "
        if arg.keyword is not None and b" = " in tree.data[start : tree.span(arg)[1]]
        else b"="
    )
    text = b"python_requires" + spaced + f"'>={floor[0]}.{floor[1]}',".encode() + end
    return [(start, start, text + (lead if end != b" " else b""))]


def add_depends(data: bytes, beside: str, header: str) -> bytes:
    """The script with `header` added to every depends=[...] list that names `beside`."""
    try:
        tree = Tree(data)
    except (cst.ParserSyntaxError, UnicodeDecodeError):
        return data
    edits = []
    for literal in list_items(tree):
        if isinstance(literal.value, cst.SimpleString) and literal.value.evaluated_value == beside:
            start, end = tree.span(literal.value)
            text = tree.data[start:end].replace(beside.encode(), header.encode())
            line_start = tree.data.rfind(b"\n", 0, start) + 1
            lead = tree.data[line_start:start]
            gap = b"\n" + lead if not lead.strip() else b" "
            edits.append((end, end, b"," + gap + text))
    return tree.replaced(edits) if edits else data


def list_items(tree: Tree) -> list[cst.Element]:
    found: list[cst.Element] = []

    class Visitor(cst.CSTVisitor):
        def visit_Element(self, node: cst.Element) -> None:  # noqa: N802
            found.append(node)

    tree.module.visit(Visitor())
    return found
