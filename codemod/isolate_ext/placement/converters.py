"""Converters of the ``"O&"`` format that need the state (handbook pattern 60).

A converter whose one concern is whether the object is of a type of ours asks the object's type.
Any other gets the state from who parses the arguments, together with the place for the result.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

import msgspec

from isolate_ext.model.entities import Definition, Routine, Use, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.roles import Called, Role
from isolate_ext.placement.room import statement_before
from isolate_ext.syntax import Node

_CHECKS = ("PyObject_TypeCheck", "Py_IS_TYPE")
_PLACES = ("identifier", "field_identifier", "field_expression", "pointer_expression")


class Conversion(msgspec.Struct, frozen=True, eq=False):
    """A call that has a converter write to ``place``; ``statement`` is the one of a block."""

    path: str
    inside: Definition
    place: Node
    statement: Node


def type_checks(
    extension: Extension, types: Container[str], moved: Container[str], definition: Definition
) -> tuple[Node, ...] | None:
    """The checks of the object against our types, if they are all that needs the state."""
    if not definition.parameters or definition.parameters[0].name is None:
        return None
    checks: list[Node] = []
    for use in extension.uses_inside(definition):
        if use.symbol in moved:
            check = _check(use, definition.parameters[0].name) if use.symbol in types else None
            if check is None:
                return None
            checks.append(check)
        elif use.symbol in extension.routines and _reaches(extension, use.symbol, moved):
            return None
    return tuple(checks) or None


def _check(use: Use, name: str) -> Node | None:
    """``PyObject_TypeCheck(object, &T)`` or a comparison of its type, that a use is part of."""
    node = use.address_of
    while node is not None and node.parent is not None and node.parent.kind == "cast_expression":
        node = node.parent
    parent = node.parent if node is not None else None
    if parent is None or node is None:
        return None
    if parent.kind == "argument_list" and parent.parent is not None:
        callee = parent.parent.child("function")
        plain = callee is not None and callee.str in _CHECKS and len(parent.named) == 2
        return parent.parent if plain and strip_casts(parent.named[0]).str == name else None
    sides = [each for each in parent.named if each is not node]
    equal = parent.kind == "binary_expression" and any(e.kind == "==" for e in parent.children)
    asked = sides[0] if len(sides) == 1 else None
    if not equal or asked is None or asked.kind != "call_expression":
        return None
    callee, arguments = asked.child("function"), asked.child("arguments")
    if callee is None or callee.str != "Py_TYPE" or arguments is None or not arguments.named:
        return None
    return parent if strip_casts(arguments.named[0]).str == name else None


def _reaches(extension: Extension, key: str, moved: Container[str]) -> bool:
    """Whether a routine uses something that moved, itself or through others."""
    pending, seen = [key], set()
    while pending:
        each = pending.pop()
        if each in seen:
            continue
        seen.add(each)
        for definition in extension.routines[each].definitions:
            for use in extension.uses_inside(definition):
                if use.symbol in moved:
                    return True
                if use.symbol in extension.routines:
                    pending.append(use.symbol)
    return False


def conversions(
    extension: Extension, routine: Routine, roles: Sequence[Role]
) -> list[Conversion] | None:
    """Every call that hands the converter on or makes use of it; None where one hides itself."""
    if any(each.called is not Called.CONVERTER for each in roles):
        return None
    if any(len(each.parameters) != 2 for each in routine.definitions):
        return None
    found = []
    for use in extension.uses_of(routine.key):
        place = _place(use)
        statement = statement_before(place) if place is not None else None
        hidden = use.path in extension.generated or use.inside is None or use.inside.is_macro
        if hidden or use.inside is None or place is None or statement is None:
            return None
        found.append(Conversion(use.path, use.inside, place, statement))
    return found


def _place(use: Use) -> Node | None:
    """The argument behind the converter, or its own second one, if it is a plain address."""
    node = use.node
    if node is None:
        return None
    if use.call is not None:
        arguments = use.call.child("arguments")
        place = arguments.named[1] if arguments is not None and len(arguments.named) == 2 else None
    else:
        while node.parent is not None and node.parent.kind == "cast_expression":
            node = node.parent
        row = node.parent.named if node.parent is not None else []
        index = row.index(node) + 1
        place = row[index] if index < len(row) else None
    plain = place is not None and all(each.kind in _PLACES for each in _inner(strip_casts(place)))
    return place if plain else None


def _inner(node: Node) -> Iterator[Node]:
    return (each for each in node.descendants() if each.is_named)
