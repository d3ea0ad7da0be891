"""Callbacks whose library owns a reference to their data (handbook pattern 85).

The reference is taken right before the call that registers them, and one of them releases it in the
end.  A pair of the data and the module can take the data's place: it lives for exactly as long.
"""

from __future__ import annotations

import re
from collections.abc import Container

import msgspec

from isolate_ext.capi.ownership import DECREF, INCREF
from isolate_ext.model.declarators import declarators, local_names
from isolate_ext.model.entities import Definition, Parameter, strip_casts
from isolate_ext.model.expressions import type_of
from isolate_ext.model.extension import Extension
from isolate_ext.model.roles import Called, roles
from isolate_ext.placement.frames import taken_as
from isolate_ext.placement.library_calls import (
    OBJECT,
    VOID,
    LibraryCall,
    functions_in,
    library_call,
    uses_in,
)
from isolate_ext.syntax import Node

_RELEASES = frozenset({"Py_DECREF", "Py_XDECREF", "Py_DecRef"})
_ASKS = re.compile(r"\w+_Check(Exact)?|PyArg_(Parse|Unpack)Tuple(AndKeywords)?")


class Gift(msgspec.Struct, frozen=True, eq=False):
    """A call that registers callbacks with ``data``, after ``taking`` gave it a reference.

    ``undoing`` are the uses of the data that take the reference back where the call fails.
    """

    call: LibraryCall
    data: Node
    taking: Node
    undoing: tuple[Node, ...]


class Pair(msgspec.Struct, frozen=True, eq=False):
    """All registrations that share callbacks, and the parameter by which each gets the data.

    Callbacks that only release it are not among them.
    """

    gifts: tuple[Gift, ...]
    callbacks: dict[Definition, Parameter]

    @property
    def calls(self) -> set[tuple[str, int]]:
        """The file and the start of each call."""
        return {(each.call.path, each.call.node.start) for each in self.gifts}


def pair_of(extension: Extension, definition: Definition, teardown: Container[str]) -> Pair | None:
    """The registrations of a callback, and of all that are registered with it; None where one of
    them does not own the data, or is in ``teardown``.
    """
    pending, seen = [definition.routine], set[str]()
    callbacks: dict[Definition, Parameter] = {}
    releasing: set[str] = set()
    gifts: dict[tuple[str, int], Gift] = {}
    while pending:
        key = pending.pop()
        if key in seen:
            continue
        seen.add(key)
        callback = extension.routines[key].definitions[0]
        parameter = _parameter(extension, callback)
        if parameter is None:
            return None
        if _only_releases(callback, parameter):
            releasing.add(key)
        elif _borrows(callback, parameter):
            callbacks[callback] = parameter
        else:
            return None
        calls = _calls(extension, key)
        for call in calls or ():
            gift = _gift(extension, call)
            if gift is None or call.inside.routine in teardown:
                return None
            gifts[call.path, call.node.start] = gift
            pending += [each.key for each in functions_in(extension, call)]
        if not calls:
            return None
    owned = all(_keys(extension, each.call) & releasing for each in gifts.values())
    return Pair(tuple(gifts.values()), callbacks) if owned else None


def _calls(extension: Extension, key: str) -> list[LibraryCall] | None:
    """The calls that hand a callback over; None where it is used in any other way."""
    routine = extension.routines[key]
    used = any(use.called for use in extension.uses_of(key)) or key in extension.fenced
    if used or len(routine.definitions) > 1:
        return None
    mine = [each for each in roles(extension, routine) if each.called is not Called.IDENTITY]
    found = [library_call(extension, each) for each in mine]
    return None if not all(found) else [each for each in found if each is not None]


def _keys(extension: Extension, call: LibraryCall) -> set[str]:
    return {each.key for each in functions_in(extension, call)}


def _parameter(extension: Extension, callback: Definition) -> Parameter | None:
    found = [each for each in callback.parameters if each.ctype == VOID and each.name]
    generated = callback.path in extension.generated
    return found[0] if len(found) == 1 and not generated else None


def _only_releases(callback: Definition, parameter: Parameter) -> bool:
    """Its one use of the data is to release it, whatever happens."""
    uses = uses_in(callback, parameter.name or "")
    call = _call_around(uses[0]) if len(uses) == 1 else None
    statement = call.parent if call is not None else None
    block = statement.parent if statement is not None else None
    body = callback.node.child("body") if callback.node is not None else None
    if call is None or body is None or block is None or block.start != body.start:
        return False
    return _named(call) in _RELEASES and not body.of_kind("return_statement", "goto_statement")


def _borrows(callback: Definition, parameter: Parameter) -> bool:
    """It takes the data for an object, and releases no reference of it."""
    name = parameter.name or ""
    if set(taken_as(callback, name)) != {OBJECT}:
        return False
    names = {name}
    for node in callback.node.of_kind("declaration") if callback.node is not None else ():
        for each in declarators(node):
            if each.initialiser is not None and strip_casts(each.initialiser).str == name:
                names.add(each.name.str)
    for node in callback.node.of_kind("assignment_expression") if callback.node is not None else ():
        left, right = node.child("left"), node.child("right")
        if left is not None and right is not None and strip_casts(right).str == name:
            names.add(left.str)
    return not any(
        _named(call) in INCREF | DECREF
        for each in names
        for use in uses_in(callback, each)
        if (call := _call_around(use)) is not None
    )


def _call_around(node: Node) -> Node | None:
    """The call that has a name as an argument."""
    while node.parent is not None and node.parent.kind in (
        "cast_expression",
        "parenthesized_expression",
    ):
        node = node.parent
    arguments = node.parent
    return arguments.parent if arguments is not None and arguments.kind == "argument_list" else None


def _named(call: Node) -> str:
    callee = call.child("function")
    return callee.str if callee is not None else ""


def _gift(extension: Extension, call: LibraryCall) -> Gift | None:
    types = [type_of(extension, call.inside, call.path, strip_casts(e)) for e in call.arguments]
    data = [
        strip_casts(e) for e, ctype in zip(call.arguments, types, strict=True) if ctype == OBJECT
    ]
    if len(data) != 1 or data[0].kind != "identifier" or VOID in types:
        return None
    node = call.inside.node
    names = local_names(extension.files[call.path], node) if node is not None else {}
    if not names.get(data[0].str) or any(each.static for each in names[data[0].str]):
        return None
    statement = call.node
    while statement.parent is not None and statement.parent.kind != "compound_statement":
        statement = statement.parent
    block, name = statement.parent, data[0].str
    earlier = [e for e in (block.named if block is not None else []) if e.end <= statement.start]
    taking = next((e for e in reversed(earlier) if e.kind != "comment"), None)
    if taking is None or block is None:
        return None
    if not re.fullmatch(rf"Py_INCREF\s*\(\s*{name}\s*\)\s*;", taking.str):
        return None
    uses = uses_in(call.inside, name)
    before = [each for each in uses if each.start < taking.start]
    after = [each for each in uses if each.start > data[0].start]
    if len(before) + len(after) + 2 != len(uses) or not all(_asked(each) for each in before):
        return None
    if not all(_undoes(each) and each.end <= block.end for each in after):
        return None
    return Gift(call, data[0], taking, tuple(after))


def _asked(node: Node) -> bool:
    """Declared, filled in with what a caller owns, or looked at: nothing keeps it."""
    parent = node.parent
    while parent is not None and parent.kind == "pointer_declarator":
        parent = parent.parent
    if parent is None or parent.kind == "declaration":
        return parent is not None
    if parent.kind == "init_declarator":
        value = parent.child("value")
        return value is not None and value.str == "NULL"
    if parent.kind in ("binary_expression", "unary_expression"):
        return any(each.kind in ("==", "!=", "!") for each in parent.children)
    taken = parent.kind == "pointer_expression" and parent.text[:1] == b"&"
    call = _call_around(parent if taken else node)
    if call is None or not _ASKS.fullmatch(_named(call)) or "O&" in call.str:
        return False
    return taken == _named(call).startswith("PyArg_")


def _undoes(node: Node) -> bool:
    call = _call_around(node)
    return call is not None and _named(call) in _RELEASES
