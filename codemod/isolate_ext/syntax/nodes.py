"""Syntax nodes with offsets into the source, free of the parser library."""

from __future__ import annotations

import builtins
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

from isolate_ext.syntax.grammar import FIELDS, KINDS

_START = attrgetter("start")
_HEADS = {"compound_statement": "function_definition", "initializer_list": "init_declarator"}
"""Heads of pieces of their own, with what they must stand in at the top."""
_LEAVES = frozenset({
    "char_literal", "false", "field_identifier", "identifier", "null", "number_literal",
    "primitive_type", "statement_identifier", "storage_class_specifier", "string_literal",
    "system_lib_string", "true", "type_identifier", "type_qualifier",
})  # fmt: skip
"""What has nothing below it, or tokens that say no more than its text."""
_MADE = {
    index: known and (*known, known[1] and known[0] not in _LEAVES, known[0] in _HEADS)
    for index, known in KINDS.items()
}
"""Of the nodes that are made, whether to look below them, and whether they may be heads."""


class _Piece:
    """A piece of a tree, the nodes of which are made in one walk.

    ``base`` turns the offsets of ``raw`` into those of the source, ``index`` has the nodes below
    the head by kind, ``inner`` the pieces inside by their heads.
    """

    __slots__ = ("_by_kind", "base", "inner", "lists", "nodes", "raw")

    def __init__(self, raw: Any, base: int) -> None:
        self.raw = raw
        self.base = base
        self.nodes: list[Node] = []
        self.lists: list[list[Node]] = []
        """The children of its nodes, with which they go."""
        self._by_kind: dict[str, list[Node]] = {}
        self.inner: dict[Node, _Piece] = {}

    def of_kind(self, kind: str) -> list[Node]:
        """The nodes of one kind, in source order."""
        if kind not in self._by_kind:
            self._by_kind[kind] = [node for node in self.nodes if node.kind == kind]
        return self._by_kind[kind]

    def clear(self) -> None:
        """Take the nodes apart."""
        for each in self.lists:
            each.clear()
        self.lists.clear()
        self.nodes.clear()
        self._by_kind.clear()
        self.inner.clear()


class Node(msgspec.Struct, eq=False):
    """A node of the syntax tree; ``start`` and ``end`` are byte offsets into the source.

    Brackets, commas and semicolons have no node; operators and keywords do, and nothing is inside
    literals, storage classes and qualifiers. The nodes inside a
    top-level one are made when first asked for, and so are those of a function's body and of an
    initialiser.
    """

    kind: builtins.str
    start: int
    end: int
    field: builtins.str | None
    parent: Node | None
    data: bytes
    is_named: bool
    _piece: _Piece
    children: Sequence[Node] = ()
    """The nodes inside this one, in order, operators and keywords included."""

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
        for node in self.children:
            if node.field == field:
                return node
        return None

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

    def of_kind(self, *kinds: builtins.str) -> list[Node]:
        """This node and those below it that are of one of the kinds, in source order."""
        if not self.children:
            return [self] if self.kind in kinds else []
        piece = self._piece.inner.get(self)
        found = self._among(piece or self._piece, kinds)
        if self.kind in kinds and (piece is not None or self.parent is None):
            found.append(self)
        for head in self._piece.inner if piece is None else ():
            if self.start <= head.start and head.end <= self.end:
                found += [node for node in head.of_kind(*kinds) if node is not head]
        found.sort(key=lambda node: (node.start, -node.end))
        return found

    def _among(self, piece: _Piece, kinds: tuple[builtins.str, ...]) -> list[Node]:
        found = []
        for kind in kinds:
            nodes = piece.of_kind(kind)
            low = bisect_left(nodes, self.start, key=_START)
            high = bisect_left(nodes, self.end, low, key=_START)
            found += [node for node in nodes[low:high] if node.end <= self.end]
        return found

    def enclosing(self, *kinds: builtins.str) -> Node | None:
        """The nearest node of one of the kinds above this one."""
        node = self.parent
        while node is not None and node.kind not in kinds:
            node = node.parent
        return node

    def __repr__(self) -> builtins.str:
        return f"Node({self.kind}, {self.start}, {self.end})"


class _Unmade(Node, eq=False):
    """A node that becomes a plain one when the nodes inside it are first asked for."""

    def __getattr__(self, name: builtins.str) -> Any:
        """Called where ``children`` are missing."""
        if name != "children":
            raise AttributeError(name)
        self.__class__ = Node  # type: ignore[assignment]
        _fill(self)
        return self.children


class Glimpse(msgspec.Struct, frozen=True):
    """What is to be seen of a node without making it: its kind, and what it does where it stands.

    One that ``declares`` may be the name in a declarator, one ``called`` is what a call calls.
    """

    kind: str
    declares: bool
    called: bool


@cache
def glimpse_of(kind: str, parent: str, field: str | None) -> Glimpse:
    """The glimpse of a node by the kinds of it and its parent, and its field."""
    declarator = parent.endswith(("declarator", "declaration"))
    declares = declarator and field not in ("value", "size", "type")
    return Glimpse(kind, declares, parent == "call_expression" and field == "function")


def top_node(raw: Any, base: int, data: bytes) -> Node:
    """The node of a top-level item; ``base`` turns parser offsets into source offsets."""
    start = raw.start_byte + base
    while data[start : start + 1] in (b"\n", b"\r"):
        start += 1
    node = Node(raw.type, start, raw.end_byte + base, None, None, data, True, _Piece(raw, base))
    _empty(node)
    return node


def forget(top: Node) -> None:
    """Take a tree apart, so that its nodes go at once and need not be looked for as garbage.

    The nodes below ``top`` are made anew when they are asked for again.
    """
    pieces = [top._piece]
    while pieces:
        piece = pieces.pop()
        pieces.extend(piece.inner.values())
        piece.clear()
    _empty(top)


def _empty(node: Node) -> None:
    """Have the nodes below made when they are asked for."""
    node.children = ()
    del node.children
    node.__class__ = _Unmade


def leaf_at(top: Node, offset: int) -> Node | None:
    """The named node without named ones inside that starts at an offset."""
    node = top
    while True:
        index = bisect_right(node.children, offset, key=_START) - 1
        inner = node.children[index] if index >= 0 else None
        if inner is None or offset >= inner.end or not inner.is_named:
            break
        node = inner
    leaf = node.is_named and not any(child.is_named for child in node.children)
    return node if leaf and node.start == offset else None


def glimpse_at(top: Node, offset: int) -> tuple[Glimpse, int] | None:
    """The same as ``leaf_at`` without making nodes, and where the leaf ends."""
    base = top._piece.base
    at = offset - base
    cursor = top._piece.raw.walk()
    while cursor.goto_first_child_for_byte(at) is not None:
        pass
    node, field = cursor.node, cursor.field_id
    if not node.is_named and cursor.goto_parent():
        node, field = cursor.node, cursor.field_id
    if node.start_byte != at or not node.is_named or node.named_child_count:
        return None
    parent = cursor.node.type if cursor.goto_parent() else ""
    return glimpse_of(node.type, parent, FIELDS[field]), node.end_byte + base


def _fill(node: Node) -> None:
    """Make the nodes of the piece that a node is the head of."""
    outer = node._piece
    piece = outer.inner.get(node, outer)
    nodes, base, data = piece.nodes, piece.base, node.data
    siblings: list[Node] = []
    node.children = siblings
    lists = piece.lists
    lists.append(siblings)
    above: list[list[Node]] = []
    parent = node
    cursor = piece.raw.walk()
    descend, advance = cursor.goto_first_child, cursor.goto_next_sibling
    if not descend():
        return
    while True:
        inner = cursor.node
        known = _MADE[inner.kind_id]
        if known is not None:
            kind, is_named, has_inside, may_be_head = known
            child = Node(
                kind, inner.start_byte + base, inner.end_byte + base,
                FIELDS[cursor.field_id], parent, data, is_named, piece,
            )  # fmt: skip
            siblings.append(child)
            nodes.append(child)
            if may_be_head and piece is outer and _is_head(child, node):
                piece.inner[child] = _Piece(inner, base)
                _empty(child)
            elif has_inside and descend():
                above.append(siblings)
                child.children = siblings = []
                lists.append(siblings)
                parent = child
                continue
        while not advance():
            if parent is node:
                return
            cursor.goto_parent()
            assert parent.parent is not None
            parent = parent.parent
            siblings = above.pop()


def _is_head(node: Node, top: Node) -> bool:
    holder = node.parent
    assert holder is not None
    return holder.kind == _HEADS[node.kind] and (holder is top or holder.parent is top)
