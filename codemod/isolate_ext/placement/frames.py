"""Callbacks that are over with the call that hands them over (handbook patterns 85 and 88).

The library is known to call back before it returns and never later, or what it gets as their data
is the address of a local variable, which is gone with its block.  So may be a struct beside that
variable, which leads to the state: the state outlives every function that has it.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

import msgspec

from isolate_ext.model.declarators import declarators, local_names
from isolate_ext.model.entities import CType, Definition, Parameter, strip_casts
from isolate_ext.model.expressions import type_of
from isolate_ext.model.extension import Extension
from isolate_ext.model.roles import Role
from isolate_ext.placement.library_calls import (
    VOID,
    LibraryCall,
    data_behind,
    functions_in,
    library_call,
    uses_in,
)
from isolate_ext.placement.room import statement_before
from isolate_ext.syntax import Node

_NOTHING = ("NULL", "0")


class Site(msgspec.Struct, frozen=True, eq=False):
    """A call that hands the callback over, with ``data`` that comes back to it.

    A struct can be declared in front of ``beside`` or, where that declares the variable whose
    address is the data, behind it.
    """

    path: str
    inside: Definition
    beside: Node
    data: Node


class Frame(msgspec.Struct, frozen=True, eq=False):
    """A callback, its parameter that the data comes back in, and all calls that hand it over.

    ``bare``: there is no data at all, so the state takes its place.
    """

    callback: Definition
    parameter: Parameter
    sites: tuple[Site, ...]
    bare: bool


def frame_of(
    extension: Extension,
    definition: Definition,
    roles: Sequence[Role],
    teardown: Container[str],
) -> Frame | None:
    """How a callback gets the state for the length of a call; None where it may be called later.

    ``teardown`` are the functions that may run when the state is gone.
    """
    if len(extension.routines[definition.routine].definitions) > 1:
        return None
    calls = [library_call(extension, each) for each in roles]
    found = [each for each in calls if each is not None and _alone(extension, each)]
    parameter = _parameter(definition, found)
    if not found or len(found) < len(roles) or parameter is None:
        return None
    sites = [_site(extension, definition, parameter, each) for each in found]
    known = tuple(each for each in sites if each is not None)
    if len(known) < len(sites) or any(each.inside.routine in teardown for each in known):
        return None
    bare = all(strip_casts(each.data).str in _NOTHING for each in known)
    bare = bare and not uses_in(definition, parameter.name or "")
    again = len({each.inside.routine for each in known}) < len(known)
    return None if again and not bare else Frame(definition, parameter, known, bare)


def _alone(extension: Extension, call: LibraryCall) -> bool:
    """No other function would get what takes the place of the data."""
    return len(list(functions_in(extension, call))) == 1


def _parameter(definition: Definition, calls: Sequence[LibraryCall]) -> Parameter | None:
    positions = {each.within.parameter if each.within is not None else -1 for each in calls}
    void = [each for each in definition.parameters if each.ctype == VOID and each.name]
    if positions == {-1}:
        return void[0] if len(void) == 1 else None
    position = positions.pop() if len(positions) == 1 else len(definition.parameters)
    found = definition.parameters[position : position + 1]
    return found[0] if found and found[0] in void else None


def _site(
    extension: Extension, definition: Definition, parameter: Parameter, call: LibraryCall
) -> Site | None:
    if call.within is not None:
        data = call.arguments[call.within.data : call.within.data + 1]
        found = data[0] if data and _plain(extension, call, data[0]) else None
    else:
        kinds = set(taken_as(definition, parameter.name or ""))
        found = data_behind(extension, call, kinds.pop()) if len(kinds) == 1 else None
    if found is None:
        return None
    beside = _declaration(extension, call, found)
    if beside is None and call.within is not None:
        beside = statement_before(found)
    return Site(call.path, call.inside, beside, found) if beside is not None else None


def _plain(extension: Extension, call: LibraryCall, argument: Node) -> bool:
    """Nothing, or a local variable or its address: the same text means it before the call."""
    bare = strip_casts(argument)
    if bare.str in _NOTHING:
        return True
    inner = bare.child("argument") if bare.kind == "pointer_expression" else bare
    if inner is None or inner.kind != "identifier" or bare.text[:1] == b"*":
        return False
    node = call.inside.node
    names = local_names(extension.files[call.path], node) if node is not None else {}
    ctype = type_of(extension, call.inside, call.path, bare)
    static = any(each.static for each in names.get(inner.str, ()))
    return inner.str in names and not static and ctype is not None and bool(ctype.pointers)


def _declaration(extension: Extension, call: LibraryCall, data: Node) -> Node | None:
    """The declaration in a block of an automatic variable, if the data is its address."""
    bare = strip_casts(data)
    name = bare.child("argument") if bare.kind == "pointer_expression" else None
    node = call.inside.node
    if name is None or name.kind != "identifier" or bare.text[:1] != b"&" or node is None:
        return None
    names = local_names(extension.files[call.path], node).get(name.str, [])
    if len(names) != 1 or names[0].static:
        return None
    found = names[0].declaration
    block = found.parent.kind if found.parent is not None else ""
    return found if found.kind == "declaration" and block == "compound_statement" else None


def taken_as(definition: Definition, name: str) -> Iterator[CType]:
    """The types that a parameter is cast or assigned to; something else for any other use."""
    for node in uses_in(definition, name):
        parent = node.parent
        kind = parent.child("type") if parent is not None else None
        if parent is not None and parent.kind == "cast_expression" and kind is not None:
            words = [word for word in kind.str.replace("*", " ").split() if word != "const"]
            yield CType(" ".join(words), kind.str.count("*"))
        elif parent is not None and parent.kind == "init_declarator" and parent.parent is not None:
            each = next(d for d in declarators(parent.parent) if d.node.start == parent.start)
            yield CType(each.ctype.base, each.ctype.pointers)
        else:
            yield CType("?")
