"""Calls of a library that hand a callback over, and the argument that comes back to it.

Handbook pattern 85: a library takes a callback and, beside it, a pointer of the caller's own.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from isolate_ext.capi.callbacks import DURING_THE_CALL, RETURNS_AT_ONCE, Within
from isolate_ext.model.entities import CType, Definition, Routine, strip_casts
from isolate_ext.model.expressions import local_type, type_of
from isolate_ext.model.extension import Extension
from isolate_ext.model.roles import Called, Role
from isolate_ext.syntax import Node

VOID, OBJECT = CType("void", 1), CType("PyObject", 1)


class LibraryCall(msgspec.Struct, frozen=True, eq=False):
    """A call of a function that is not the extension's, by its name; ``position`` is the callback's
    among the arguments.
    """

    path: str
    inside: Definition
    node: Node
    callee: str
    arguments: tuple[Node, ...]
    position: int

    @property
    def within(self) -> Within | None:
        """What is known of a function that calls back before it returns, and never later."""
        found = DURING_THE_CALL.get(self.callee)
        return found if found is not None and found.callback == self.position else None


def library_call(extension: Extension, role: Role) -> LibraryCall | None:
    """The call that a role stands for; None where it is none, returns at once, or is not edited."""
    node, inside, path = role.use.node, role.use.inside, role.use.path
    call = node.enclosing("call_expression") if node is not None else None
    callee = call.child("function") if call is not None else None
    arguments = call.child("arguments") if call is not None else None
    if role.called is not Called.CALLBACK or inside is None or inside.is_macro:
        return None
    if path != inside.path or path in extension.generated:
        return None
    if node is None or call is None or callee is None or arguments is None:
        return None
    name = callee.str
    if callee.kind != "identifier" or name in RETURNS_AT_ONCE:
        return None
    if local_type(extension, inside, name, call.start) or extension.variable_named(name, path):
        return None
    known = extension.routine_named(name, path), extension.routine_named(f"#{name}", path)
    if any(each is not None and each.definitions for each in known):
        return None
    given = tuple(arguments.named)
    position = next(i for i, each in enumerate(given) if each.start <= node.start < each.end)
    return LibraryCall(path, inside, call, name, given, position)


def functions_in(extension: Extension, call: LibraryCall) -> Iterator[Routine]:
    """The extension's own functions among the arguments, the callback included."""
    for each in call.arguments:
        name = strip_casts(each).str.lstrip("& ")
        routine = extension.routine_named(name, call.path)
        if routine is not None and not routine.is_macro and routine.definitions:
            yield routine


def uses_in(definition: Definition, name: str) -> list[Node]:
    """Where the body of a function names a parameter or a local."""
    names = definition.node.of_kind("identifier") if definition.node is not None else []
    return [each for each in names if each.str == name and each.start >= definition.body[0]]


def data_behind(extension: Extension, call: LibraryCall, kind: CType) -> Node | None:
    """The argument behind the callback, if that is what comes back to it as a ``kind``.

    The callee's prototype says so or, where nobody declares it here, nothing else may be it.
    """
    if call.position + 1 >= len(call.arguments):
        return None
    found = call.arguments[call.position + 1]
    if _type_of(extension, call, found) != kind:
        return None
    routine = extension.routine_named(call.callee, call.path)
    for prototype in routine.prototypes if routine is not None else ():
        declared = prototype.parameters[call.position + 1 : call.position + 2]
        return found if declared and declared[0].ctype == VOID else None
    before = call.arguments[call.position - 1] if call.position else None
    return None if before is not None and _may_be(extension, call, before, kind) else found


def _may_be(extension: Extension, call: LibraryCall, argument: Node, kind: CType) -> bool:
    """Whether it may point to what the callback takes its data for."""
    bare = strip_casts(argument)
    if bare.kind in ("number_literal", "string_literal") and bare.str != "0":
        return False
    ctype = _type_of(extension, call, argument)
    return ctype is None or ctype in (VOID, kind)


def _type_of(extension: Extension, call: LibraryCall, argument: Node) -> CType | None:
    bare = strip_casts(argument)
    found = type_of(extension, call.inside, call.path, bare)
    if found is None and bare is not argument:
        return type_of(extension, call.inside, call.path, argument)
    return found
