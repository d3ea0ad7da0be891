"""Getters and setters that are told by their closure which global to use: `{..., &Error}`.

Where the global moves, the closure is the offset of the member, from the state of the instance.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from isolate_ext.model.entities import Definition, Entry, Use, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.initialisers import GETSET_FIELDS, entries
from isolate_ext.model.roles import Called, Role
from isolate_ext.syntax import Node

_WRITES = ("update_expression", "pointer_expression")


class ClosureReader(msgspec.Struct, frozen=True, eq=False):
    """A getter or setter with the places where it names its closure, and the closures it gets.

    ``rows`` are pairs of a closure as it is written and the use of a moved object in it.
    """

    function: Definition
    names: tuple[Node, ...]
    rows: tuple[tuple[Entry, Use], ...]


def closure_readers(
    extension: Extension, objects: Collection[str], roles: Mapping[str, list[Role]]
) -> list[ClosureReader]:
    """Functions that get nothing but the addresses of moved objects as their closure."""
    moved = {
        (use.path, use.start): use
        for symbol in objects
        for use in extension.uses_of(symbol)
        if use.holder is not None and use.address_of is not None
    }
    readers = {
        key: reader
        for key, found in roles.items()
        if found and (reader := _reader(extension, key, found, moved)) is not None
    }
    while True:
        lost = [key for key, reader in readers.items() if not _alone(extension, readers, reader)]
        if not lost:
            return list(readers.values())
        for key in lost:
            del readers[key]


def _reader(
    extension: Extension, key: str, roles: list[Role], moved: Mapping[tuple[str, int], Use]
) -> ClosureReader | None:
    definitions = extension.routines[key].definitions
    if len(definitions) != 1 or any(use.called for use in extension.uses_of(key)):
        return None
    rows = []
    for role in roles:
        entry = _closure(extension, role)
        bare = strip_casts(entry.value).named if entry is not None else []
        use = moved.get((role.use.path, bare[0].start)) if bare else None
        if entry is None or use is None:
            return None
        rows.append((entry, use))
    index = 1 if roles[0].called is Called.GETTER else 2
    parameters = definitions[0].parameters
    name = parameters[index].name if index < len(parameters) else None
    names = _names(definitions[0], name) if name is not None else None
    return ClosureReader(definitions[0], tuple(names), tuple(rows)) if names else None


def _closure(extension: Extension, role: Role) -> Entry | None:
    if role.called not in (Called.GETTER, Called.SETTER) or role.use.node is None:
        return None
    values = role.use.node.enclosing("initializer_list")
    if values is None:
        return None
    row = entries(extension.files[role.use.path], values, GETSET_FIELDS)
    return next((each for each in row if each.field == "closure"), None)


def _names(function: Definition, parameter: str) -> list[Node] | None:
    """Where a function reads its closure; None where it changes it or hides it."""
    body = function.node.child("body") if function.node is not None else None
    found = []
    for node in body.of_kind("identifier") if body is not None else ():
        parent = node.parent
        if node.str != parameter or parent is None:
            continue
        written = parent.kind == "assignment_expression" and parent.child("left") is node
        if written or parent.kind in _WRITES or parent.kind.endswith("declarator"):
            if not (parent.kind == "init_declarator" and parent.child("value") is node):
                return None
        found.append(node)
    return found


def _alone(
    extension: Extension, readers: Mapping[str, ClosureReader], reader: ClosureReader
) -> bool:
    """Whether the other function of each row can read an offset, too."""
    for entry, use in reader.rows:
        values = entry.value.enclosing("initializer_list")
        assert values is not None
        for each in entries(extension.files[use.path], values, GETSET_FIELDS):
            name = strip_casts(each.value).str
            routine = extension.routine_named(name, reader.function.path)
            if each.field in ("get", "set") and routine is not None and routine.key not in readers:
                return False
    return True
