"""Callbacks whose user data is a callable: it can carry the module (handbook pattern 85)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from isolate_ext.capi.ownership import DECREF, INCREF
from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.model.expressions import local_type
from isolate_ext.model.extension import Extension
from isolate_ext.model.roles import Role
from isolate_ext.placement.library_calls import (
    OBJECT,
    VOID,
    LibraryCall,
    library_call,
    uses_in,
)
from isolate_ext.syntax import Node

_CALLS = re.compile(r"_?PyObject_(Call|Vectorcall)\w*")


class Registration(msgspec.Struct, frozen=True, eq=False):
    """A call that registers callbacks with ``data``, a local that holds the callable.

    ``first`` is the statement of its block before which a carrier takes the callable's place.
    """

    path: str
    inside: Definition
    call: Node
    data: str
    block: Node
    first: Node


def registrations(extension: Extension, roles: Sequence[Role]) -> list[Registration] | None:
    """The registrations of a callback; None where one is not plain to see."""
    found = []
    for role in roles:
        call = library_call(extension, role)
        registration = _registration(extension, call) if call is not None else None
        if registration is None:
            return None
        found.append(registration)
    return found


def carried_by(
    extension: Extension, definition: Definition, found: Sequence[Registration]
) -> str | None:
    """The expression by which a callback names its user data, as an object that it calls.

    None where another callback of a registration does anything else with it.
    """
    siblings = [sibling for each in found for sibling in _siblings(extension, each)]
    others = [each for each in siblings if each.routine != definition.routine]
    if not all(_calls_or_counts(each) for each in others):
        return None
    for parameter in definition.parameters:
        if parameter.ctype == VOID and parameter.name is not None:
            if _only_called(definition, parameter.name):
                return f"(PyObject *){parameter.name}"
    for sibling in (definition, *siblings):
        for getter, base in _getters(sibling):
            for parameter in definition.parameters:
                if parameter.ctype.base == base and parameter.name is not None:
                    return f"(PyObject *){getter}({parameter.name})"
    return None


def _registration(extension: Extension, call: LibraryCall) -> Registration | None:
    inside, node = call.inside, call.node
    bare = [strip_casts(each) for each in call.arguments]
    names = {
        each.str
        for each in bare
        if each.kind == "identifier"
        and local_type(extension, inside, each.str, each.start) == OBJECT
    }
    if any(each.function is inside and each.leaves for each in extension.fragments.values()):
        return None
    statement = node
    while statement.parent is not None and statement.parent.kind != "compound_statement":
        statement = statement.parent
    block = statement.parent
    if len(names) != 1 or block is None or node.enclosing("for_statement", "while_statement"):
        return None
    data = names.pop()
    first = statement
    for each in reversed([s for s in block.named if s.end <= statement.start]):
        if not re.fullmatch(rf"Py_X?INCREF\s*\(\s*{data}\s*\)\s*;", each.str):
            break
        first = each
    found = Registration(call.path, inside, node, data, block, first)
    return found if _ends_with_block(found) else None


def _ends_with_block(registration: Registration) -> bool:
    """Behind the block nobody uses the callable, and inside it nobody jumps or returns it."""
    inside, block, data = registration.inside, registration.block, registration.data
    for node in inside.node.descendants() if inside.node is not None else ():
        if node.kind == "identifier" and node.str == data and node.start >= block.end:
            return False
        if node.kind == "goto_statement" and registration.first.start < node.start < block.end:
            return False
        if node.kind == "return_statement" and registration.first.start < node.start < block.end:
            if re.search(rf"\b{data}\b", node.str):
                return False
    return True


def _only_called(definition: Definition, name: str) -> bool:
    """Every use of a name is that of a callable, or counts references."""
    uses = [
        node
        for node in (definition.node.descendants() if definition.node is not None else ())
        if node.kind == "identifier"
        and node.str == name
        and definition.body[0] <= node.start
        and node.field != "left"
        and (node.parent is None or not node.parent.kind.endswith("declarator"))
    ]
    return bool(uses) and all(_is_called(node) for node in uses)


def _calls_or_counts(definition: Definition) -> bool:
    """Whether what may be the data is called only, and references to it are taken and released."""
    names = [each.name or "" for each in definition.parameters if each.ctype == VOID]
    return not names or any(
        all(_is_called(each) or _is_alias(definition, each) for each in uses_in(definition, name))
        for name in names
    )


def _is_alias(definition: Definition, node: Node) -> bool:
    """The value of a new local that is called only."""
    while node.parent is not None and node.parent.kind == "cast_expression":
        node = node.parent
    outer = node.parent
    name = outer.child("declarator") if outer is not None else None
    while name is not None and name.kind == "pointer_declarator":
        name = name.child("declarator")
    return name is not None and _only_called(definition, name.str)


def _is_called(node: Node) -> bool:
    while node.parent is not None and node.parent.kind in (
        "cast_expression",
        "parenthesized_expression",
    ):
        node = node.parent
    arguments = node.parent
    call = arguments.parent if arguments is not None else None
    if arguments is None or call is None or arguments.kind != "argument_list":
        return False
    callee = call.child("function")
    first = arguments.named[0] is node
    known = callee is not None and (_CALLS.fullmatch(callee.str) or callee.str in INCREF | DECREF)
    return first and bool(known)


def _getters(definition: Definition) -> Iterator[tuple[str, str]]:
    """(function, base type of its parameter) for ``object = (PyObject *)function(parameter)``."""
    for node in definition.node.descendants() if definition.node is not None else ():
        if node.kind != "assignment_expression":
            continue
        left, right = node.child("left"), node.child("right")
        call = strip_casts(right) if right is not None else None
        if left is None or call is None or call is right or call.kind != "call_expression":
            continue
        callee, arguments = call.child("function"), call.child("arguments")
        if callee is None or arguments is None or len(arguments.named) != 1:
            continue
        for parameter in definition.parameters:
            given = parameter.name == arguments.named[0].str
            if given and left.kind == "identifier" and _only_called(definition, left.str):
                yield callee.str, parameter.ctype.base


def _siblings(extension: Extension, registration: Registration) -> Iterator[Definition]:
    """The other callbacks of a registration."""
    arguments = registration.call.child("arguments")
    for each in arguments.named if arguments is not None else ():
        name = strip_casts(each).str.lstrip("& ")
        routine = extension.routine_named(name, registration.path)
        if routine is not None and not routine.is_macro:
            yield from routine.definitions
