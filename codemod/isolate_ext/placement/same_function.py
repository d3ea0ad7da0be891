"""Pointers that every import sets to the same function of the interpreter (pattern 52)."""

from __future__ import annotations

import re
from collections.abc import Collection

from isolate_ext.model.entities import Variable, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.sequences import StructSequence, struct_sequences
from isolate_ext.placement.pointer_values import How, Write
from isolate_ext.syntax import Node

_SLOT = re.compile(r"(\w+)\s*\.\s*(tp_\w+)")


def same_function(extension: Extension, variable: Variable, writes: Collection[Write]) -> bool:
    """Whether all it is given is a slot of a struct sequence, as the interpreter filled it."""
    sequences = struct_sequences(extension)
    return bool(sequences and writes) and all(
        each.how is How.ASSIGNED and _from_slot(extension, sequences, each) for each in writes
    )


def _from_slot(extension: Extension, sequences: dict[str, StructSequence], write: Write) -> bool:
    node = extension.files[write.path].node_at(write.start)
    assignment = node.parent if node is not None else None
    if node is None or assignment is None or assignment.kind != "assignment_expression":
        return False
    value = assignment.child("right")
    slot = _SLOT.fullmatch(strip_casts(value).str) if value is not None else None
    source = extension.variable_named(slot[1], write.path) if slot is not None else None
    if slot is None or source is None or source.key not in sequences:
        return False
    made = [use for use, _ in sequences[source.key].made if use.inside is write.inside]
    return bool(made) and not any(
        use.inside is not write.inside or use.start < write.start
        for use in extension.uses_of(source.key)
        if _sets(use.node.parent if use.node is not None else None, slot[2])
    )


def _sets(member: Node | None, slot: str) -> bool:
    """Whether an expression is that slot of a type, and is assigned to."""
    outer = member.parent if member is not None else None
    name = member.child("field") if member is not None else None
    return (
        outer is not None
        and outer.kind == "assignment_expression"
        and outer.child("left") is member
        and name is not None
        and name.str == slot
    )
