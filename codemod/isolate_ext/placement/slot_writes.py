"""Changes of static types through a pointer that are as good as slots of all those types.

``type->tp_new = f;`` is, where the same block readies ``type`` later, nothing else does, and the
pointer never leads to anything but static types of the extension.
"""

from __future__ import annotations

import re

import msgspec

from isolate_ext.model.declarators import local_names
from isolate_ext.model.entities import Declaration, Definition, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.initialisers import fields_of
from isolate_ext.model.types import StaticType, static_types
from isolate_ext.placement.type_sources import TypeSources
from isolate_ext.placement.type_writes import TypeWrite, TypeWrites, type_writes
from isolate_ext.syntax import Node

_UNFIT = frozenset("tp_dict tp_bases tp_mro tp_cache tp_subclasses tp_weaklist".split())
_COMPUTED = ("call_expression", "field_expression", "subscript_expression", "assignment_expression")
_LABELS = ("labeled_statement", "case_statement")


class SlotWrite(msgspec.Struct, frozen=True, eq=False):
    """A statement that gives each of ``types`` a slot; ``adds`` says that these are more flags.

    One without a value only names the metaclass that the types have anyway.
    """

    path: str
    statement: Node
    field: str
    types: tuple[StaticType, ...]
    value: Node | None = None
    adds: bool = False


def slot_writes(extension: Extension) -> list[SlotWrite]:
    """All of them, in no particular order."""
    found = type_writes(extension)
    sources = TypeSources(extension, found.writers.places)
    return [
        slot
        for write in found.writes
        for slot in (_metaclass(extension, write) or _slot(extension, found, sources, write),)
        if slot is not None
    ]


def names_type(write: TypeWrite) -> bool:
    """Whether it makes ``type`` the metaclass, which it is without."""
    arguments = write.node.child("arguments")
    outer = write.node.parent
    given = outer.child("right") if outer is not None else None
    if given is None or outer is None or outer.child("left") is not write.node:
        given = arguments.named[-1] if arguments is not None and arguments.named else None
    return (
        write.member == "ob_type"
        and given is not None
        and strip_casts(given).str.replace(" ", "") == "&PyType_Type"
    )


def _metaclass(extension: Extension, write: TypeWrite) -> SlotWrite | None:
    statement = _statement(write.node)
    if not names_type(write) or statement is None or write.inside is None:
        return None
    if write.inside.is_macro:
        return None
    types = tuple(static_types(extension)[key] for key in sorted(write.types))
    return SlotWrite(write.path, statement, "ob_type", types)


def _slot(
    extension: Extension, found: TypeWrites, sources: TypeSources, write: TypeWrite
) -> SlotWrite | None:
    inside, statement = write.inside, _statement(write.node)
    assignment = write.node.parent
    if inside is None or inside.is_macro or statement is None or assignment is None:
        return None
    value, operator = assignment.child("right"), assignment.child("operator")
    adds = operator is not None and operator.str == "|=" and write.member == "tp_flags"
    if value is None or not (adds or operator is None or operator.str == "="):
        return None
    if not write.member.startswith("tp_") or write.member in _UNFIT:
        return None
    pointer = write.node.children[0]
    types = tuple(static_types(extension)[key] for key in sorted(write.types))
    if (
        _is_constant(extension, inside, value, types)
        and _readied_after(found, write, statement, pointer)
        and all(_alone(found, each, write.member) and _fits(extension, each, write.member)
                for each in types)
        and sources.known(write.path, inside, pointer)
    ):  # fmt: skip
        return SlotWrite(write.path, statement, write.member, types, value, adds)
    return None


def _statement(node: Node) -> Node | None:
    """The statement that is the assignment, or the call, and nothing more, in a block."""
    outer = node.parent
    if outer is not None and outer.kind == "assignment_expression":
        outer = outer.parent if outer.child("left") is node else None
    block = outer.parent if outer is not None else None
    if outer is None or outer.kind != "expression_statement" or block is None:
        return None
    return outer if block.kind == "compound_statement" else None


def _is_constant(
    extension: Extension, inside: Definition, value: Node, types: tuple[StaticType, ...]
) -> bool:
    """The value is the same wherever it stands, and its names mean the same at the types."""
    if inside.node is None or value.of_kind(*_COMPUTED) or value.kind in _COMPUTED:
        return False
    local = local_names(extension.files[inside.path], inside.node)
    names = {
        each.str for each in (*value.of_kind("identifier"), value) if each.kind == "identifier"
    }
    return not names & local.keys() and all(
        each.startswith(("Py", "_Py")) or _is_known(extension, each, inside.path, type_.home)
        for each in names
        for type_ in types
    )


def _is_known(extension: Extension, name: str, path: str, home: Declaration) -> bool:
    """A name means the same at a type as elsewhere in its file, and may be declared by then."""
    if home.path != path:
        return False
    variable = extension.variable_named(name, path)
    if variable is not None:
        declared = [
            (each.path, each.start) for each in variable.definitions + variable.declarations
        ]
        return any(where != path or start < home.start for where, start in declared)
    macro = extension.routine_named(f"#{name}", path)
    routine = macro or extension.routine_named(name, path)
    if routine is None or not routine.definitions:
        return False
    return all(
        each.path != path or each.start < home.start or not (each.is_macro or each.conditions)
        for each in routine.definitions
    )


def _readied_after(found: TypeWrites, write: TypeWrite, statement: Node, pointer: Node) -> bool:
    """One call readies the types, later in the block, and through the same pointer."""
    ready = [each for each in found.ready if each.types & write.types]
    if len(ready) != 1 or ready[0].types != write.types or statement.parent is None:
        return False
    call = ready[0].call
    after = [each for each in statement.parent.named if statement.end <= each.start < call.end]
    if not after or not after[-1].start <= call.start < after[-1].end:
        return False
    if any(each.kind in _LABELS or each.of_kind(*_LABELS) for each in after):
        return False
    arguments = call.child("arguments")
    given = [strip_casts(each) for each in arguments.named] if arguments is not None else []
    bare = strip_casts(pointer)
    direct = [each for each in given if each.text[:1] == b"&" and len(write.types) == 1]
    if not direct and bare.str not in [each.str for each in given]:
        return False
    return not any(_changes(each, bare, call.start) for each in after)


def _changes(statement: Node, pointer: Node, before: int) -> bool:
    """Whether a statement may let the pointer lead elsewhere."""
    names = set(re.findall(r"[A-Za-z_]\w*", pointer.str))
    for node in statement.of_kind("assignment_expression", "update_expression"):
        left = node.child("left") or node.child("argument")
        if node.start < before and left is not None and left.str in names:
            return True
    return any(
        node.text[:1] == b"&" and node.text[1:].strip().decode("latin-1") in names
        for node in statement.of_kind("pointer_expression")
        if node.start < before
    )


def _alone(found: TypeWrites, type_: StaticType, member: str) -> bool:
    """Nothing else changes that field of the type."""
    others = [each for each in found.of(type_.key) if each.member in (member, "")]
    return len(others) == 1 and all(each.field != member for each in type_.assigned)


def _fits(extension: Extension, type_: StaticType, member: str) -> bool:
    """The initialiser has one place for the value."""
    home = type_.home
    values = home.initialiser
    if values is None or values.kind != "initializer_list" or not values.named:
        return False
    given = fields_of(extension.files[home.path], home)
    placed = [each for each in given if each.field == member]
    hidden = any(each.field.startswith("#") or each.conditions != home.conditions for each in given)
    return len(placed) <= 1 and not hidden and not type_.variants
