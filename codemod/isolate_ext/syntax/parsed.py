"""The result of parsing one file: trees of all views, merged by their place in the source."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from functools import cached_property
from typing import Any

from isolate_ext.syntax.bodies import Body, parse_body
from isolate_ext.syntax.conditionals import Condition
from isolate_ext.syntax.directives import Define
from isolate_ext.syntax.environment import MacroEnvironment
from isolate_ext.syntax.fences import Fence
from isolate_ext.syntax.nodes import Node, top_node
from isolate_ext.syntax.scanning import Scan
from isolate_ext.syntax.source import Source
from isolate_ext.syntax.standins import StandIn


class Parsed:
    """Trees, names, conditions and fences of one file. All offsets are bytes of the source."""

    def __init__(
        self,
        scan: Scan,
        macros: MacroEnvironment,
        raw: list[tuple[Any, int]],
        fences: tuple[Fence, ...],
        stand_ins: tuple[StandIn, ...],
    ) -> None:
        self.scan = scan
        self.macros = macros
        self.fences = fences
        self.stand_ins = stand_ins
        self._raw = raw
        self._bodies: dict[int, Body] = {}
        self._leaves: dict[int, dict[int, Node]] = {}
        self._body_nodes: dict[int, Node | None] = {}

    @property
    def source(self) -> Source:
        """The file that was parsed."""
        return self.scan.source

    @cached_property
    def _items(self) -> list[Node]:
        data = self.source.data
        found: dict[tuple[int, int], Node] = {}
        for raw, base in self._raw:
            node = top_node(raw, base, data)
            found.setdefault(node.span, node)
        return sorted(found.values(), key=lambda node: (node.start, -node.end))

    @cached_property
    def _starts(self) -> list[int]:
        return [node.start for node in self._items]

    def items(self) -> list[Node]:
        """The top-level nodes of all views, one per span, in source order."""
        return self._items

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
        return frozenset(
            name.decode() for name in (*self.scan.identifiers, *self.scan.body_identifiers)
        )

    def names(self) -> Collection[str]:
        """Every identifier that occurs."""
        return self._names

    def node_at(self, offset: int) -> Node | None:
        """The innermost node that starts at an identifier; None in a fence or a stand-in."""
        if self.fenced(offset, offset + 1):
            return None
        define = self.define_at(offset)
        if define is not None:
            body = self.macro_body(define)
            return self._leaf(body, offset) if body else None
        index = bisect_right(self._starts, offset)
        while index:
            index -= 1
            item = self._items[index]
            if item.end > offset:
                leaf = self._leaf(item, offset)
                if leaf is not None:
                    return leaf
            if offset - item.start > self._longest:
                return None
        return None

    @cached_property
    def _longest(self) -> int:
        return max((node.end - node.start for node in self._items), default=0)

    def _leaf(self, item: Node, offset: int) -> Node | None:
        leaves = self._leaves.get(id(item))
        if leaves is None:
            leaves = {
                node.start: node
                for node in item.descendants()
                if not node.children and node.is_named
            }
            self._leaves[id(item)] = leaves
        return leaves.get(offset)

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

        The node is the snippet's root: nodes of the wrapper around the body lie outside
        ``define.body_span`` and have no meaning.
        """
        key = define.body_span[0]
        if key not in self._body_nodes:
            body = parse_body(define, self.macros) if define.code.strip() else None
            self._body_nodes[key] = (
                top_node(body.root, body.base, self.source.data)
                if body and not body.failed
                else None
            )
        return self._body_nodes[key]

    def conditions(self, offset: int) -> tuple[Condition, ...]:
        """The ``#if`` branches around an offset, outermost first."""
        return self.scan.conditions(offset)

    def line_column(self, offset: int) -> tuple[int, int]:
        """The 1-based line and the 1-based text column of an offset."""
        return self.scan.lines.line_column(offset)

    def fenced(self, start: int, end: int) -> Fence | None:
        """The first fence that overlaps the span."""
        index = bisect_left(self._fence_ends, start + 1)
        if index < len(self.fences) and self.fences[index].start < end:
            return self.fences[index]
        return None

    @cached_property
    def _fence_ends(self) -> list[int]:
        return [fence.end for fence in self.fences]
