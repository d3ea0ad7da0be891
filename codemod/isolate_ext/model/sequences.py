"""Struct sequences: static types that `PyStructSequence_InitType` fills (handbook pattern 52)."""

from __future__ import annotations

import msgspec

from isolate_ext.model.entities import Kind, Use, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node

INITIALISERS = frozenset({"PyStructSequence_InitType", "PyStructSequence_InitType2"})


class StructSequence(msgspec.Struct, frozen=True, eq=False):
    """A static type without an initialiser; ``made`` are the uses in the calls that fill it."""

    key: str
    variable: Variable
    made: tuple[tuple[Use, Node], ...]


def struct_sequences(extension: Extension) -> dict[str, StructSequence]:
    """All struct sequences that the extension defines, by key."""
    found = {}
    for variable in extension.of_kind(Kind.TYPE):
        if variable.definitions and not any(each.initialiser for each in variable.definitions):
            uses = extension.uses_of(variable.key)
            made = tuple((use, call) for use in uses if (call := filling_call(use)) is not None)
            if made and not variable.ctype.arrays:
                found[variable.key] = StructSequence(variable.key, variable, made)
    return found


def filling_call(use: Use) -> Node | None:
    """The call that fills the type, if the use is its first argument."""
    node = use.address_of
    while (
        node is not None
        and node.parent is not None
        and node.parent.kind
        in (
            "cast_expression",
            "parenthesized_expression",
        )
    ):
        node = node.parent
    arguments = node.parent if node is not None else None
    if arguments is None or arguments.kind != "argument_list" or arguments.parent is None:
        return None
    callee = arguments.parent.child("function")
    first = arguments.named[0] is node and len(arguments.named) == 2
    return arguments.parent if first and callee is not None and callee.str in INITIALISERS else None
