"""Calls of a base's teardown functions through its type: `Base_Type.tp_dealloc(self)`.

The state may be gone by then, and the type with it; the function behind the slot is known, so it is
called by name (handbook patterns 23 and 24).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from isolate_ext.model.entities import Definition, Use
from isolate_ext.model.extension import Extension
from isolate_ext.model.types import StaticType
from isolate_ext.syntax import Node

_SLOTS = frozenset({"tp_dealloc", "tp_traverse", "tp_clear", "tp_finalize"})


class BaseCall(msgspec.Struct, frozen=True):
    """A call through a slot: its callee ``Base_Type.slot`` and the function that stands there."""

    slot: str
    callee: Node
    arguments: Node
    function: Definition


def base_call(extension: Extension, types: Mapping[str, StaticType], use: Use) -> BaseCall | None:
    """What a use of a moving type calls, if that is a teardown function visible there."""
    node = use.node if use.symbol in types else None
    member = node.parent if node is not None else None
    if member is None or member.kind != "field_expression":
        return None
    slot, call = member.child("field"), member.parent
    if slot is None or slot.str not in _SLOTS or call is None or call.kind != "call_expression":
        return None
    arguments = call.child("arguments")
    function = _inherited(extension, types, types[use.symbol], slot.str)
    if arguments is None or not arguments.named or function is None:
        return None
    if not function.parameters or not _visible(extension, function, use):
        return None
    return BaseCall(slot.str, member, arguments, function)


def _inherited(
    extension: Extension, types: Mapping[str, StaticType], type_: StaticType, slot: str
) -> Definition | None:
    """The function in a slot of a type, or of the first of its bases that has one."""
    for _ in range(len(types)):
        name = type_.function(slot)
        if name is not None:
            routine = extension.routine_named(name, type_.home.path)
            return routine.definitions[0] if routine is not None and routine.definitions else None
        base = type_.slot("tp_base")
        variable = extension.variable_named(base.name or "", base.path) if base else None
        if variable is None or variable.key not in types:
            return None
        type_ = types[variable.key]
    return None


def _visible(extension: Extension, function: Definition, use: Use) -> bool:
    routine = extension.routines[function.routine]
    if function.path == use.path and function.start < use.start:
        return True
    reached = next((files for files in extension.units.values() if use.path in files), ())
    return any(
        (each.path == use.path and each.start < use.start)
        or (each.path != use.path and each.path in reached)
        for each in routine.prototypes
    )  # fmt: skip
