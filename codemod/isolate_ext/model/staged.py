"""The static state that an earlier stage wrote, and what finds it."""

from __future__ import annotations

import re

import msgspec

from isolate_ext.model.entities import CType, Definition, Routine, Struct, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.init import module_inits, state_struct

STATIC_ACCESSOR = re.compile(r"get_global_\w+_state_*")
_RETURNS_ADDRESS = re.compile(rb"\{\s*return\s*&\s*(\w+)\s*;\s*\}")
_WORD = re.compile(r"[A-Za-z_]\w*")
_PLAIN = frozenset({"void", "return", "if", "NULL", "Py_TYPE", "found"})


class Staged(msgspec.Struct, frozen=True, eq=False):
    """One ``variable`` of type ``struct``, whose address ``getter`` returns.

    ``accessors`` are all functions that find it, the getter included; each returns that address
    whatever it gets.  ``own`` says that each module has such a struct too, which it had before.
    """

    struct: Struct
    variable: Variable
    getter: Routine
    accessors: tuple[Routine, ...]
    own: bool

    def points_to_state(self, ctype: CType) -> bool:
        return ctype.base in self.struct.names and ctype.pointers == 1 and not ctype.arrays


def static_getter(extension: Extension) -> Routine | None:
    """The function that an earlier stage named as the way to the static state."""
    for routine in extension.routines.values():
        if STATIC_ACCESSOR.fullmatch(routine.name) and routine.definitions:
            return routine
    return None


def staged_state(extension: Extension) -> Staged | None:
    """None where there is no such state, or not in the form that the tool writes."""
    getter = static_getter(extension)
    if getter is None or len(getter.definitions) > 1:
        return None
    own = getter.definitions[0]
    match = _RETURNS_ADDRESS.fullmatch(_body(extension, own))
    name = match[1].decode() if match is not None else ""
    variable = extension.variable_named(name, own.path)
    struct = extension.structs.struct(variable.ctype) if variable is not None else None
    if variable is None or struct is None:
        return None
    finding = [getter]
    sized = {state_struct(extension, init) for init in module_inits(extension)}
    if sized & set(struct.names):
        return Staged(struct, variable, getter, (getter,), True)
    candidates = [it for it in extension.routines.values() if _returns(it, struct)]
    while fresh := [
        it for it in candidates if it not in finding and _finds(extension, it, finding)
    ]:
        finding += fresh
    return Staged(struct, variable, getter, tuple(finding), False)


def _body(extension: Extension, definition: Definition) -> bytes:
    return extension.files[definition.path].source.data[slice(*definition.body)]


def _returns(routine: Routine, struct: Struct) -> bool:
    """A function, defined once, that returns a pointer to the struct."""
    node = routine.definitions[0].node if len(routine.definitions) == 1 else None
    kind = node.child("type") if node is not None and not routine.is_macro else None
    return kind is not None and " ".join(kind.str.split()) in struct.names


def _finds(extension: Extension, routine: Routine, finding: list[Routine]) -> bool:
    """It does nothing but to hand on what those that are known find."""
    own = routine.definitions[0]
    known = {each.name for each in finding}
    words = set(_WORD.findall(_body(extension, own).decode("latin-1")))
    names = {each.name for each in own.parameters if each.name is not None}
    kind = own.node.child("type") if own.node is not None else None
    names |= set(kind.str.split()) if kind is not None else set()
    return bool(words & known) and words <= known | names | _PLAIN
