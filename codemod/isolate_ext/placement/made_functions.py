"""Functions that init makes of definitions by itself, which can get the module as their self."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from isolate_ext.model.entities import Use
from isolate_ext.model.extension import Extension
from isolate_ext.model.makings import Making
from isolate_ext.model.roles import Called, Role

_ROW = ("subscript_expression", "field_expression")


def wanting(
    extension: Extension, makings: Iterable[Making], moved: Collection[str]
) -> list[Making]:
    """Those that make a function which uses, through others as well, what moves."""
    users = _users(extension, moved)
    return [
        each
        for each in makings
        if any(use.holder in each.tables for key in users for use in extension.uses_of(key))
    ]


def bound_tables(extension: Extension, makings: Iterable[Making]) -> set[str]:
    """The tables of which functions are made in no other way."""
    tables: set[str] = set()
    places: set[tuple[str, int]] = set()
    for each in makings:
        tables |= each.tables
        places |= each.uses
    return {
        key
        for key in tables
        if all(
            (use.path, use.start) in places or _measures(use) or _tells(use)
            for use in extension.uses_of(key)
        )
    }


def as_module_methods(roles: list[Role], tables: Collection[str]) -> list[Role]:
    """The roles, those in such a table as functions of the module."""
    return [
        Role(Called.MODULE_METHOD, each.use, each.slot, each.flags)
        if each.use.holder in tables
        else each
        for each in roles
    ]


def _measures(use: Use) -> bool:
    return use.node is not None and use.node.enclosing("sizeof_expression") is not None


def _tells(use: Use) -> bool:
    """What a row is called, or another part of it but the function."""
    node = use.node
    while node is not None and node.parent is not None and node.parent.kind in _ROW:
        if node.parent.children[0] is not node:
            return False
        node = node.parent
    member = node.child("field") if node is not None and node.kind == "field_expression" else None
    return member is not None and member.str in ("ml_name", "ml_flags", "ml_doc")


def _users(extension: Extension, moved: Collection[str]) -> set[str]:
    """Keys of the routines that name a moved symbol, and of all that call them."""
    found: set[str] = set()
    pending = list(moved)
    while pending:
        for use in extension.uses_of(pending.pop()):
            if use.inside is not None and use.inside.routine not in found:
                found.add(use.inside.routine)
                pending.append(use.inside.routine)
    return found
