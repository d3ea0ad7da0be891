"""The result of parsing one file: trees of all views, merged by their place in the source."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Any

from isolate_ext.syntax.bodies import Bodies, Body
from isolate_ext.syntax.conditionals import Branch, Condition
from isolate_ext.syntax.configurations import Configuration, walk
from isolate_ext.syntax.directives import Define
from isolate_ext.syntax.environment import MacroEnvironment
from isolate_ext.syntax.fences import Fence
from isolate_ext.syntax.inference import is_simple
from isolate_ext.syntax.lexing import IDENTIFIER
from isolate_ext.syntax.nodes import (
    Glimpse,
    Node,
    forget,
    glimpse_at,
    glimpse_of,
    leaf_at,
    top_node,
)
from isolate_ext.syntax.reparsing import Shown
from isolate_ext.syntax.scanning import Scan
from isolate_ext.syntax.source import Source
from isolate_ext.syntax.writing import StandIn


class Parsed:
    """Trees, names, conditions and fences of one file. All offsets are bytes of the source."""

    def __init__(
        self,
        scan: Scan,
        macros: MacroEnvironment,
        pieces: list[tuple[Any, int]],
        fences: tuple[Fence, ...],
        stand_ins: tuple[StandIn, ...],
    ) -> None:
        self.scan = scan
        self.source: Source = scan.source
        self.macros = macros
        self.primary: Shown | None = None
        """The first view, for the next one who parses an edited text of the file."""
        self.windows: dict[bytes, Any] = {}
        """What was parsed of further views by itself, for the same use."""
        self._pieces = pieces
        self._view_fences = fences
        self._view_stand_ins = stand_ins
        self._bodies: dict[int, Body] = {}
        self._macro_nodes: dict[int, Node | None] = {}
        self._nodes: dict[int, Node | None] = {}
        self._glimpses: dict[int, Glimpse | None] = {}
        self._conditions: dict[Branch, tuple[Condition, ...]] = {}
        self.forgotten = False
        self.remembered: dict[Any, Any] = {}
        """What a model derives from the nodes, which goes with them."""

    @cached_property
    def _all_items(self) -> list[Node]:
        data = self.source.data
        found = [top_node(raw, base, data) for raw, base in self._pieces]
        found.sort(key=lambda node: (node.start, -node.end))
        return found

    @cached_property
    def _starts(self) -> list[int]:
        return [node.start for node in self._all_items]

    @cached_property
    def _items(self) -> list[Node]:
        found: dict[tuple[int, int], Node] = {}
        for node in self._all_items:
            found.setdefault(node.span, node)
        return list(found.values())

    def items(self) -> list[Node]:
        """The top-level nodes of all views, one per span, in source order."""
        return self._items

    def variants(self, item: Node) -> list[Node]:
        """The same item in every view that shows it: each has other branches of ``#if`` live."""
        low = bisect_left(self._starts, item.start)
        high = bisect_right(self._starts, item.start)
        return [node for node in self._all_items[low:high] if node.end == item.end]

    def occurrences(self, name: str) -> list[int]:
        """Where an identifier stands outside comments, strings and ``#if 0``, bodies included."""
        key = name.encode()
        found = [
            *self.scan.identifiers.get(key, ()),
            *self.scan.body_identifiers.get(key, ()),
        ]
        return sorted(found)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(map(bytes.decode, (*self.scan.identifiers, *self.scan.body_identifiers)))

    def names(self) -> Collection[str]:
        """Every identifier that occurs."""
        return self._names

    def node_at(self, offset: int) -> Node | None:
        """The innermost node of the identifier at an offset, in a view where it is live.

        None inside a fence, and where the identifier vanished into a stand-in. In a macro body a
        name made by ``##`` is one node, its pieces and the operators included.
        """
        if offset not in self._nodes:
            self._nodes[offset] = self._find(offset)
        return self._nodes[offset]

    def _find(self, offset: int) -> Node | None:
        define = self.define_at(offset)
        if define is not None:
            body = self.macro_body(define)
            return (self._leaf(body, offset) or _pasted(body, offset)) if body else None
        for item in self._around(offset):
            leaf = self._leaf(item, offset)
            if leaf is not None:
                return leaf
        return None

    def forget(self) -> None:
        """Let go of all nodes; what still holds one must not look below it."""
        self.forgotten = True
        for top in (*self.__dict__.get("_all_items", ()), *self._macro_nodes.values()):
            if top is not None:
                forget(top)
        self._macro_nodes.clear()
        self._nodes.clear()
        self.remembered.clear()

    def glimpse(self, offset: int, end: int) -> Glimpse | None:
        """What ``node_at`` would give for an identifier, at a fraction of the cost."""
        if offset not in self._glimpses:
            self._glimpses[offset] = self._glimpse(offset, end)
        return self._glimpses[offset]

    def _glimpse(self, offset: int, end: int) -> Glimpse | None:
        if self.define_at(offset) is not None:
            node = self.node_at(offset)
            above = node.parent if node is not None else None
            parent = above.kind if above is not None else ""
            return glimpse_of(node.kind, parent, node.field) if node is not None else None
        for item in self._around(offset):
            seen = glimpse_at(item, offset)
            if seen is not None and (seen[1] == end or self._is_whole(offset, seen[1])):
                return seen[0]
        return None

    def _around(self, offset: int) -> Iterator[Node]:
        """The top-level nodes that hold an offset, in every view; none inside a fence."""
        if self._view_fence(offset, offset + 1):
            return
        index = bisect_right(self._starts, offset)
        while index:
            index -= 1
            item = self._all_items[index]
            if item.end > offset:
                yield item
            if offset - item.start > self._longest:
                return

    @cached_property
    def _longest(self) -> int:
        return max((node.end - node.start for node in self._all_items), default=0)

    def _leaf(self, item: Node, offset: int) -> Node | None:
        leaf = leaf_at(item, offset)
        return leaf if leaf is not None and self._is_whole(offset, leaf.end) else None

    def _is_whole(self, offset: int, end: int) -> bool:
        """Whether a node is the identifier at its start, or several that ``##`` joins."""
        data = self.source.data
        token = IDENTIFIER.match(data, offset)
        return token is not None and (token.end() == end or b"##" in data[offset:end])

    @cached_property
    def _define_ends(self) -> list[int]:
        return [define.body_span[1] for define in self.scan.live_defines]

    def define_at(self, offset: int) -> Define | None:
        """The macro whose body holds the offset."""
        defines = self.scan.live_defines
        index = bisect_right(self._define_ends, offset)
        if index < len(defines) and defines[index].body_span[0] <= offset:
            return defines[index]
        return None

    def macro_body(self, define: Define) -> Node | None:
        """The tree of a macro's body; None when it is empty or could not be parsed.

        The node is the root of a snippet: nodes of the wrapper around the body lie outside
        ``define.body_span`` and have no meaning.
        """
        key = define.body_span[0]
        if key not in self._macro_nodes:
            body = self._body(define)
            code = None if body.failed else define.code
            node = top_node(body.root, body.base, self.source.data) if code else None
            self._macro_nodes[key] = node
        return self._macro_nodes[key]

    def _body(self, define: Define) -> Body:
        key = define.body_span[0]
        if key not in self._bodies:
            self._bodies[key] = self._body_parser.parse(define)
        return self._bodies[key]

    @cached_property
    def _body_parser(self) -> Bodies:
        return Bodies(self.scan, self.macros)

    @cached_property
    def fences(self) -> tuple[Fence, ...]:
        """What could not be parsed, in source order, macro bodies included."""
        bodies = [
            Fence(*define.body_span, "macro body not understood")
            for define in self.scan.live_defines
            if not is_simple(define.code) and self._body(define).failed
        ]
        return tuple(sorted((*self._view_fences, *bodies), key=lambda fence: fence.span))

    @cached_property
    def stand_ins(self) -> tuple[StandIn, ...]:
        """Each macro invocation that a view shows as something else, in source order."""
        inner = [
            stand_in
            for define in self.scan.live_defines
            if not is_simple(define.code)
            for stand_in in self._body(define).stand_ins
        ]
        return tuple(sorted((*self._view_stand_ins, *inner), key=lambda item: item.span))

    def conditions(self, offset: int) -> tuple[Condition, ...]:
        """The ``#if`` branches around an offset, outermost first."""
        branch = self.scan.branch_at(offset)
        if branch not in self._conditions:
            self._conditions[branch] = self.scan.conditions(offset)
        return self._conditions[branch]

    def usual(self, offset: int) -> bool:
        """Whether an offset is live in the primary configuration."""
        return not any(start <= offset < end for start, end in self._primary_dead)

    @cached_property
    def _primary_dead(self) -> list[tuple[int, int]]:
        return walk(self.scan.root, Configuration()).dead

    def line_column(self, offset: int) -> tuple[int, int]:
        """The 1-based line and the 1-based text column of an offset."""
        return self.scan.lines.line_column(offset)

    def fenced(self, start: int, end: int) -> Fence | None:
        """The first fence that overlaps the span."""
        define = self.define_at(start)
        if define is not None and self._body(define).failed:
            return Fence(*define.body_span, "macro body not understood")
        return self._view_fence(start, end)

    def _view_fence(self, start: int, end: int) -> Fence | None:
        if not self._view_fences:
            return None
        index = bisect_right(self._fence_ends, start)
        for fence in self._view_fences[index:]:
            if fence.start >= end:
                return None
            if fence.end > start:
                return fence
        return None

    @cached_property
    def _fence_ends(self) -> list[int]:
        """The greatest end of the fences up to each one."""
        ends: list[int] = []
        for fence in self._view_fences:
            ends.append(max(fence.end, ends[-1] if ends else 0))
        return ends


def _is_leaf(node: Node) -> bool:
    return node.is_named and not any(child.is_named for child in node.children)


def _pasted(body: Node, offset: int) -> Node | None:
    """The name made by ``##`` of which the identifier at the offset is a later piece."""
    for node in body.descendants():
        if node.start < offset < node.end and _is_leaf(node) and b"##" in node.text:
            return node
    return None
