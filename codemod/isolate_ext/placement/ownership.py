"""Whether a global object pointer owns its object (handbook patterns 14 and 68)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isolate_ext.capi.ownership import BORROWED, IMMORTAL_SINGLETONS, INCREF, NEW_REFERENCE
from isolate_ext.model.entities import Definition, Use, Variable, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.placement.writes import part
from isolate_ext.syntax import Node


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """One place that gives the variable an object; ``owned`` says a reference comes with it."""

    use: Use
    node: Node
    value: Node
    owned: bool


def assignments(extension: Extension, variable: Variable) -> Iterator[Assignment]:
    """Assignments of something other than NULL, in source order."""
    for use in extension.uses_of(variable.key):
        if use.node is None:
            continue
        node, _ = part(use.node)
        parent = node.parent
        if (
            parent is None
            or parent.kind != "assignment_expression"
            or parent.child("left") is not node
        ):
            continue
        value = parent.child("right")
        if value is None:
            continue
        bare = strip_casts(value)
        if bare.str in ("NULL", "0"):
            continue
        yield Assignment(use, parent, value, _brings_reference(extension, use, bare, node))


def owns(extension: Extension, variable: Variable) -> bool:
    """Every object it is given comes with a reference; one without makes it a borrower."""
    found = list(assignments(extension, variable))
    return all(each.owned for each in found)


def _brings_reference(extension: Extension, use: Use, value: Node, target: Node) -> bool:
    if value.kind == "call_expression":
        callee = value.child("function")
        name = callee.str if callee is not None else ""
        if name in NEW_REFERENCE:
            return True
        if name in BORROWED:
            return _increfs(use.inside, target.str, value.start)
        return True
    if value.kind == "assignment_expression":
        inner = value.child("right")
        return inner is not None and _brings_reference(extension, use, strip_casts(inner), target)
    if value.kind == "conditional_expression":
        return _increfs(use.inside, target.str, value.start)
    if value.kind == "pointer_expression" or value.str in IMMORTAL_SINGLETONS:
        return _increfs(use.inside, target.str, value.start, value.str)
    return _increfs(use.inside, target.str, value.start, value.str)


def _increfs(function: Definition | None, *_: object) -> bool:
    names = {each for each in _ if isinstance(each, str)}
    if function is None or function.node is None:
        return False
    for node in function.node.of_kind("call_expression"):
        callee = node.child("function")
        arguments = node.child("arguments")
        if callee is None or arguments is None or not arguments.named:
            continue
        if callee.str in INCREF and strip_casts(arguments.named[0]).str in names:
            return True
    return _new_in_function(function, names)


def _new_in_function(function: Definition, names: set[str]) -> bool:
    """A local that was given a new reference in this function and never released."""
    assert function.node is not None
    created = False
    for node in function.node.of_kind("assignment_expression", "init_declarator"):
        left = node.child("left") or node.child("declarator")
        right = node.child("right") or node.child("value")
        if left is None or right is None or left.str.lstrip("* ") not in names:
            continue
        bare = strip_casts(right)
        if bare.kind == "call_expression":
            callee = bare.child("function")
            created = callee is not None and callee.str not in BORROWED
    return created
