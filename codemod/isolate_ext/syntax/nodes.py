"""Syntax nodes with offsets into the source, free of the parser library."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

from isolate_ext.syntax.grammar import FIELDS, KINDS, NAMED, PUNCTUATION


class Node:
    """A node of the syntax tree; ``start`` and ``end`` are byte offsets into the source.

    Brackets, commas and semicolons have no node; operators and keywords do. The children of a
    top-level node are made when first asked for.
    """

    __slots__ = (
        "_base",
        "_children",
        "_raw",
        "data",
        "end",
        "field",
        "is_named",
        "kind",
        "parent",
        "start",
    )

    def __init__(
        self, kind: str, start: int, end: int, field: str | None, parent: Node | None, data: bytes,
        is_named: bool = True,
    ) -> None:  # fmt: skip
        self.kind = kind
        self.start = start
        self.end = end
        self.field = field
        self.parent = parent
        self.data = data
        self.is_named = is_named
        self._children: list[Node] | None = None
        self._raw: Any = None
        self._base = 0

    @property
    def children(self) -> list[Node]:
        """The nodes inside this one, in order, operators and keywords included."""
        if self._children is None:
            self._children = []
            if self._raw is not None:
                raw, self._raw = self._raw, None
                _fill(self, raw, self._base)
        return self._children

    @property
    def text(self) -> bytes:
        """The bytes of the source that the node spans."""
        return self.data[self.start : self.end]

    @property
    def str(self) -> builtins.str:
        """The text, decoded."""
        return self.text.decode("utf-8", "surrogateescape")

    @property
    def span(self) -> tuple[int, int]:
        """Start and end."""
        return (self.start, self.end)

    def child(self, field: builtins.str) -> Node | None:
        """The first child in the given field of the grammar."""
        return next((node for node in self.children if node.field == field), None)

    @property
    def named(self) -> list[Node]:
        """The children that are no mere token."""
        return [node for node in self.children if node.is_named]

    def descendants(self) -> Iterator[Node]:
        """This node and everything below it, in source order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def enclosing(self, *kinds: builtins.str) -> Node | None:
        """The nearest node of one of the kinds above this one."""
        node = self.parent
        while node is not None and node.kind not in kinds:
            node = node.parent
        return node

    def __repr__(self) -> builtins.str:
        return f"Node({self.kind}, {self.start}, {self.end})"


def top_node(raw: Any, base: int, data: bytes) -> Node:
    """The node of a top-level item; ``base`` turns parser offsets into source offsets."""
    start = raw.start_byte + base
    while data[start : start + 1] in (b"\n", b"\r"):
        start += 1
    node = Node(raw.type, start, raw.end_byte + base, None, None, data)
    node._raw = raw
    node._base = base
    return node


def _fill(top: Node, raw: Any, base: int) -> None:
    """Convert everything below ``raw`` in one walk."""
    cursor = raw.walk()
    if not cursor.goto_first_child():
        return
    data = top.data
    parent = top
    siblings = parent._children
    assert siblings is not None
    while True:
        inner = cursor.node
        kind = inner.kind_id
        node: Node | None = None
        if kind not in PUNCTUATION:
            kind_name = KINDS[kind] if kind < len(KINDS) else "ERROR"
            node = Node(
                kind_name, inner.start_byte + base, inner.end_byte + base,
                FIELDS[cursor.field_id or 0], parent, data, kind >= len(NAMED) or NAMED[kind],
            )  # fmt: skip
            node._children = []
            siblings.append(node)
        if node is not None and cursor.goto_first_child():
            parent = node
            siblings = node._children
            assert siblings is not None
            continue
        while not cursor.goto_next_sibling():
            if parent is top:
                return
            cursor.goto_parent()
            assert parent.parent is not None
            parent = parent.parent
            siblings = parent._children
            assert siblings is not None
