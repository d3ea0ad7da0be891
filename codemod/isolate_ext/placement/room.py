"""Where there is room for a declaration that one argument of a call needs."""

from __future__ import annotations

from isolate_ext.model.entities import strip_casts
from isolate_ext.syntax import Node

_AGAIN = ("labeled_statement", "for_statement", "while_statement", "do_statement")


def statement_before(argument: Node) -> Node | None:
    """The statement of a block, in front of which the declaration can stand.

    None where the argument is reached again without it, or what the argument starts from changes on
    the way to it.
    """
    node = argument
    while node.parent is not None:
        parent = node.parent
        outer = parent.parent.kind if parent.parent is not None else ""
        if node.kind in _AGAIN:
            return None
        if parent.kind == "compound_statement" and outer != "switch_statement":
            return None if _changes(node, argument) else node
        node = parent
    return None


def _changes(statement: Node, argument: Node) -> bool:
    """Whether what the argument starts from is assigned, or may be, on the way to it."""
    names = {each.str for each in argument.of_kind("identifier")}
    for node in statement.of_kind("assignment_expression", "update_expression"):
        left = node.child("left") or node.child("argument")
        if left is not None and left.str in names and node.start < argument.start:
            return True
    for node in statement.of_kind("pointer_expression"):
        inner = node.child("argument")
        taken = inner is not None and inner.str in names and node.text[:1] == b"&"
        if taken and node.end < argument.start and strip_casts(argument).kind == "identifier":
            return True
    return False
