"""Statements that are a single call, and the ones that stand beside them."""

from __future__ import annotations

import re
from collections.abc import Container

from isolate_ext.model.entities import strip_casts
from isolate_ext.syntax import Node

_DIRECTIVE = re.compile(rb"^[ \t]*#", re.MULTILINE)


def sole_argument(statement: Node, callees: Container[str]) -> Node | None:
    """X of a statement ``callee(X);``, without casts."""
    if statement.kind != "expression_statement":
        return None
    call = next(iter(statement.named), statement)
    if call.kind != "call_expression":
        return None
    name, arguments = call.child("function"), call.child("arguments")
    if name is None or arguments is None or name.str not in callees:
        return None
    return strip_casts(arguments.named[0]) if len(arguments.named) == 1 else None


def following(statement: Node) -> Node | None:
    """The next statement of the block."""
    return next((e for e in _siblings(statement) if e.start >= statement.end), None)


def preceding(statement: Node) -> Node | None:
    """The statement of the block before it."""
    before = [each for each in _siblings(statement) if each.end <= statement.start]
    return before[-1] if before else None


def across_directives(statement: Node, other: Node) -> bool:
    """Whether a line like `#if` stands in one of two statements or between them."""
    start, end = min(statement.start, other.start), max(statement.end, other.end)
    return _DIRECTIVE.search(statement.data, start, end) is not None


def spelled(node: Node) -> str:
    """The text without white space: two expressions of the same spelling are the same."""
    return re.sub(r"\s", "", node.str)


def _siblings(statement: Node) -> list[Node]:
    parent = statement.parent
    if parent is None or parent.kind != "compound_statement":
        return []
    return [each for each in parent.named if each.kind != "comment"]
