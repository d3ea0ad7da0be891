"""Flags that keep the init function from doing something twice (handbook pattern 52).

A module that is executed once has no use for them: the first question is always answered alike.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from isolate_ext.model.entities import Definition, Kind, Use, Variable, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node

_LOOPS = ("for_statement", "while_statement", "do_statement")


class InitGuard(msgspec.Struct, frozen=True, eq=False):
    """``asked`` are the `if` statements that it guards with braces, ``set`` the assignments."""

    variable: Variable
    asked: tuple[Node, ...]
    set: tuple[Node, ...]


def init_guards(
    extension: Extension, creator: Definition, moved: Collection[str]
) -> dict[str, InitGuard]:
    """The flags among the variables that move which nothing but the init function names."""
    found = {}
    for key in moved:
        variable = extension.variables[key]
        guard = _guard(extension, creator, variable) if _is_flag(variable) else None
        if guard is not None:
            found[key] = guard
    return found


def _is_flag(variable: Variable) -> bool:
    value = variable.home.initialiser
    return (
        variable.kind is Kind.PLAIN
        and not variable.ctype.pointers
        and not variable.ctype.arrays
        and not variable.exported
        and len(variable.definitions) == 1
        and (value is None or value.str in ("0", "false", "FALSE"))
    )


def _guard(extension: Extension, creator: Definition, variable: Variable) -> InitGuard | None:
    asked, given = [], []
    for use in extension.uses_of(variable.key):
        if use.inside is not creator or use.node is None:
            return None
        test, assignment = _test(use.node), _assignment(use)
        if test is not None:
            asked.append(test)
        elif assignment is not None:
            given.append(assignment)
        else:
            return None
    body = creator.node.child("body") if creator.node is not None else None
    if not asked or body is None:
        return None
    first_set = min((each.start for each in given), default=body.end)
    if any((each.child("condition") or each).end > first_set for each in asked):
        return None
    if any(label.start < first_set for label in body.of_kind("labeled_statement")):
        return None
    return InitGuard(variable, tuple(asked), tuple(given))


def _test(node: Node) -> Node | None:
    """``if (!flag) {...}`` on lines of its own, without an `else`, outside of loops."""
    condition = node.enclosing("parenthesized_expression")
    while condition is not None and condition.field != "condition":
        condition = condition.enclosing("parenthesized_expression")
    statement = condition.parent if condition is not None else None
    if condition is None or statement is None or statement.kind != "if_statement":
        return None
    text = re.sub(r"[\s()]+", "", condition.str)
    if text not in (f"!{node.str}", f"{node.str}==0", f"0=={node.str}"):
        return None
    then = statement.child("consequence")
    if then is None or then.kind != "compound_statement" or statement.child("alternative"):
        return None
    if any(each.kind == "declaration" for each in then.named):
        return None
    inside = statement.parent is not None and statement.parent.kind == "compound_statement"
    fits = inside and _alone(statement, then) and not statement.enclosing(*_LOOPS)
    return statement if fits else None


def _alone(statement: Node, then: Node) -> bool:
    """Its first line holds nothing before it and nothing behind the brace, its last one neither."""
    data = statement.data
    before = data[data.rfind(b"\n", 0, statement.start) + 1 : statement.start]
    opening = data[then.start + 1 : data.find(b"\n", then.start)]
    last = data.rfind(b"\n", 0, then.end) + 1
    closing = data[last : data.find(b"\n", then.end)].strip()
    return not before.strip() and not opening.strip() and closing == b"}" and last > then.start


def _assignment(use: Use) -> Node | None:
    """``flag = value;`` as a statement in a block."""
    node = use.node
    assignment = node.parent if node is not None else None
    value = assignment.child("right") if assignment is not None else None
    statement = assignment.parent if assignment is not None else None
    if assignment is None or value is None or statement is None or statement.parent is None:
        return None
    if assignment.kind != "assignment_expression" or assignment.child("left") is not node:
        return None
    plain = strip_casts(value).kind in ("number_literal", "true", "identifier")
    block = statement.parent.kind == "compound_statement"
    return statement if plain and block and statement.kind == "expression_statement" else None
