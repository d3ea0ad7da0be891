"""Locals that are put into the state, and handed to the module's dict further down their block."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from isolate_ext.capi.ownership import DECREF, INCREF, STEALS_ON_SUCCESS
from isolate_ext.model.entities import Use
from isolate_ext.placement.writes import part
from isolate_ext.syntax import Node


class Alias(msgspec.Struct, frozen=True, eq=False):
    """The calls that hand it over, and where references are taken or released for them."""

    calls: list[Node]
    surplus: list[Node]


def alias_of(use: Use) -> Alias | None:
    """The local that an assignment of the use puts into the state, if the dict gets it too."""
    assignment = _assignment(use)
    right = assignment.child("right") if assignment is not None else None
    statement = assignment.parent if assignment is not None else None
    block = statement.parent if statement is not None else None
    if right is None or right.kind != "identifier" or statement is None or block is None:
        return None
    if statement.kind != "expression_statement" or block.kind != "compound_statement":
        return None
    later = [n for s in block.named if s.start >= statement.end for n in s.of_kind("identifier")]
    mine = [n for n in later if n.str == right.str]
    calls = [call for n in mine if (call := _argument_of(n, STEALS_ON_SUCCESS)) is not None]
    taken = [n for n in mine if _argument_of(n, INCREF) is not None]
    released = [n for n in mine if _argument_of(n, DECREF) is not None]
    if not calls or not all(_after_failure(each, calls) for each in released):
        return None
    return Alias(calls, [*taken[: len(calls)], *released])


def _after_failure(name: Node, calls: list[Node]) -> bool:
    """Released in the branch that is taken where one of the calls failed."""
    test = name.enclosing("if_statement")
    condition = test.child("condition") if test is not None else None
    plain = _argument_of(name, frozenset({"Py_DECREF", "Py_XDECREF"})) is not None
    return (
        plain
        and condition is not None
        and any(condition.start <= each.start < condition.end for each in calls)
    )


def _assignment(use: Use) -> Node | None:
    node = part(use.node)[0] if use.node is not None else None
    parent = node.parent if node is not None else None
    whole = parent is not None and parent.kind == "assignment_expression"
    return parent if whole and parent is not None and parent.child("left") is node else None


def _argument_of(name: Node, callees: Collection[str]) -> Node | None:
    """The call of one of some functions that takes the name itself as an argument."""
    while name.parent is not None and name.parent.kind in (
        "cast_expression",
        "parenthesized_expression",
    ):
        name = name.parent
    arguments = name.parent
    call = arguments.parent if arguments is not None else None
    callee = call.child("function") if call is not None else None
    if arguments is None or arguments.kind != "argument_list" or callee is None:
        return None
    return call if callee.str in callees else None
