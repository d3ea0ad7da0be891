"""Whether a global object pointer owns its object (handbook patterns 14 and 68)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from isolate_ext.capi.ownership import BORROWED, IMMORTAL_SINGLETONS, INCREF, LENDS, NEW_REFERENCE
from isolate_ext.model.entities import Use, Variable, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.placement.writes import part
from isolate_ext.syntax import Node


class Assignment(msgspec.Struct, frozen=True, eq=False):
    """One place that gives the variable an object.

    ``owned`` says that a reference comes with it, ``new`` that the call which made it brings one.
    """

    use: Use
    node: Node
    value: Node
    owned: bool
    new: bool


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
        owned = _brings_reference(extension, use, bare, node)
        yield Assignment(use, parent, value, owned, _is_new(use, bare))


def owns(extension: Extension, variable: Variable) -> bool:
    """Every object it is given comes with a reference; one without makes it a borrower."""
    if any(_lent(use) for use in extension.uses_of(variable.key)):
        return False
    found = list(assignments(extension, variable))
    return all(each.owned for each in found)


def _lent(use: Use) -> bool:
    """Whether a call gets the address that puts borrowed references there."""
    node, address = part(use.node) if use.node is not None else (None, False)
    arguments = node.parent if node is not None and address else None
    call = arguments.parent if arguments is not None else None
    callee = call.child("function") if call is not None else None
    if arguments is None or callee is None:
        return False
    return callee.str in LENDS and "O&" not in arguments.str


def _brings_reference(extension: Extension, use: Use, value: Node, target: Node) -> bool:
    if value.kind == "call_expression":
        callee = value.child("function")
        name = callee.str if callee is not None else ""
        if name in NEW_REFERENCE:
            return True
        if name in BORROWED:
            return _increfs(use, target.str)
        return True
    if value.kind == "assignment_expression":
        inner = value.child("right")
        return inner is not None and _brings_reference(extension, use, strip_casts(inner), target)
    if value.kind == "conditional_expression":
        return _increfs(use, target.str)
    if value.kind == "pointer_expression" or value.str in IMMORTAL_SINGLETONS:
        return _increfs(use, target.str, value.str)
    return _increfs(use, target.str, value.str)


def _is_new(use: Use, value: Node) -> bool:
    if value.kind == "assignment_expression":
        inner = value.child("right")
        return inner is not None and _is_new(use, strip_casts(inner))
    callee = value.child("function") if value.kind == "call_expression" else None
    if callee is not None:
        return callee.str not in BORROWED
    return value.kind == "identifier" and _new_in_function(use, {value.str})


def _increfs(use: Use, *names: str) -> bool:
    for node in _nodes(use, "call_expression"):
        callee = node.child("function")
        arguments = node.child("arguments")
        if callee is None or arguments is None or not arguments.named:
            continue
        if callee.str in INCREF and strip_casts(arguments.named[0]).str in names:
            return True
    return _new_in_function(use, names)


def _nodes(use: Use, *kinds: str) -> Iterator[Node]:
    """Nodes of the function of a use, and of the macro that it stands in."""
    if use.inside is not None and use.inside.node is not None:
        yield from use.inside.node.of_kind(*kinds)
    define = use.parsed.define_at(use.start)
    body = use.parsed.macro_body(define) if define is not None else None
    if body is not None:
        yield from body.of_kind(*kinds)


def _new_in_function(use: Use, names: Collection[str]) -> bool:
    """A local that was given a new reference in this function and never released."""
    created = False
    for node in _nodes(use, "assignment_expression", "init_declarator"):
        left = node.child("left") or node.child("declarator")
        right = node.child("right") or node.child("value")
        if left is None or right is None or left.str.lstrip("* ") not in names:
            continue
        bare = strip_casts(right)
        if bare.kind == "call_expression":
            callee = bare.child("function")
            created = callee is not None and callee.str not in BORROWED
    return created
