"""Callbacks that get a struct of the extension's own back (handbook pattern 85, section 2).

The code that hands such a callback out fills the struct in, so it can put a pointer there that the
callback finds again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import CType, Definition, Struct, strip_casts
from isolate_ext.model.expressions import type_of
from isolate_ext.model.extension import Extension
from isolate_ext.model.roles import Called, Role
from isolate_ext.placement.library_calls import VOID, library_call
from isolate_ext.syntax import Node

_PLAIN = {
    True: frozenset({"expression_statement"}),
    False: frozenset({"expression_statement", "return_statement", "declaration", "if_statement"}),
}
"""Statements beside which others can be put: where a callback is stored, and where handed over."""


class Filling(msgspec.Struct, frozen=True, eq=False):
    """A place where a struct is connected with a callback.

    ``owner`` is the text before a member's name, ``object`` the expression in it; what is put into
    the struct is put there behind ``statement`` or, where that calls a library, before it.
    """

    path: str
    inside: Definition
    statement: Node
    object: Node
    owner: str
    behind: bool


class Context(msgspec.Struct, frozen=True, eq=False):
    """A callback and the struct it gets.

    ``source`` is the text before a member's name in the callback; where it needs a declaration of
    the callback's own, that is ``declaration``.
    """

    definition: Definition
    struct: Struct
    source: str
    declaration: Node | None
    fillings: tuple[Filling, ...]


def context_of(
    extension: Extension, definition: Definition, roles: Sequence[Role]
) -> Context | None:
    """The struct that every place hands a callback over with; None where there is none."""
    if not roles or any(use.called for use in extension.uses_of(definition.routine)):
        return None
    for struct, source, declaration in _received(extension, definition):
        fillings = [list(_fillings(extension, role, struct)) for role in roles]
        if all(fillings):
            found = tuple(each for places in fillings for each in places)
            return Context(definition, struct, source, declaration, found)
    return None


def _received(
    extension: Extension, definition: Definition
) -> Iterator[tuple[Struct, str, Node | None]]:
    """Own structs that a parameter is cast to where the body begins.

    A struct that stands in the signature itself is one that the library knows.
    """
    names = {each.name for each in definition.parameters}
    body = definition.node.child("body") if definition.node is not None else None
    statements = body.named if body is not None else []
    for statement in statements:
        if statement.kind != "declaration":
            return
        for each in declarators(statement):
            value = strip_casts(each.initialiser) if each.initialiser is not None else None
            struct = _own(extension, each.ctype)
            if value is None or struct is None or value.str not in names:
                continue
            if statement is statements[0]:
                yield struct, f"{each.name.str}->", statement
            else:
                yield struct, f"(({each.ctype.base} *){value.str})->", None


def _own(extension: Extension, ctype: CType) -> Struct | None:
    """The struct behind a pointer, if it is no Python object and can be given a member."""
    struct = extension.structs.struct(ctype) if ctype.pointers == 1 and not ctype.arrays else None
    if struct is None or struct.head or struct.node.kind != "struct_specifier":
        return None
    if any(extension.structs.is_object(name) for name in struct.names) or not struct.fields:
        return None
    last = struct.fields[-1].ctype.arrays
    flexible = bool(last) and last[0] in ("", "0")
    if flexible or struct.path in extension.generated or _known_outside(extension, struct):
        return None
    return struct


def _known_outside(extension: Extension, struct: Struct) -> bool:
    """Whether a function that is defined elsewhere takes the struct."""
    return any(
        parameter.ctype.pointers and extension.structs.struct(parameter.ctype) is struct
        for routine in extension.routines.values()
        for prototype in (routine.prototypes if not routine.definitions else ())
        for parameter in prototype.parameters
    )


def _fillings(extension: Extension, role: Role, struct: Struct) -> Iterator[Filling]:
    """Each struct that a callback may be handed over with at one place."""
    node, inside, path = role.use.node, role.use.inside, role.use.path
    if node is None or inside is None or inside.is_macro:
        return
    stored = role.called is Called.STORED
    around = node.enclosing("assignment_expression" if stored else "call_expression")
    statement = _statement(around)
    if around is None or statement is None or role.called not in (Called.STORED, Called.CALLBACK):
        return
    block = statement.parent.kind if statement.parent is not None else ""
    if block != "compound_statement" or statement.kind not in _PLAIN[stored]:
        return
    if stored:
        found = _holder(extension, path, inside, around.child("left"), struct)
    else:
        found = _handed(extension, role, struct)
    for part, owner in found:
        yield Filling(path, inside, statement, part, owner, stored)


def _statement(call: Node | None) -> Node | None:
    """The statement that a call is part of."""
    node = call
    while node is not None and not node.kind.endswith("_statement") and node.kind != "declaration":
        node = node.parent
    return node


def _holder(
    extension: Extension, path: str, inside: Definition, left: Node | None, struct: Struct
) -> Iterator[tuple[Node, str]]:
    """``a->`` in ``a->b.c``, where that is the struct; members on the way are parts of it."""
    node = left
    while node is not None and node.kind == "field_expression":
        inner, name = node.children[0], node.child("field")
        arrow = name is not None and b"->" in node.data[inner.end : name.start]
        ctype = type_of(extension, inside, path, inner)
        if ctype is not None and extension.structs.struct(ctype) is struct and not ctype.arrays:
            if ctype.pointers == int(arrow):
                yield inner, f"{inner.str}{'->' if arrow else '.'}"
                return
        if arrow:
            return
        node = inner


def _handed(extension: Extension, role: Role, struct: Struct) -> Iterator[tuple[Node, str]]:
    """The arguments of a library's function that point to the struct, if no other one may."""
    call = library_call(extension, role)
    found = []
    for argument in call.arguments if call is not None else ():
        bare = strip_casts(argument)
        ctype = type_of(extension, call.inside, call.path, bare) if call is not None else None
        if ctype == VOID:
            return
        if ctype is None or ctype.pointers != 1 or extension.structs.struct(ctype) is not struct:
            continue
        inner = bare.child("argument") if bare.kind == "pointer_expression" else None
        if inner is not None and bare.text[:1] == b"&":
            found.append((bare, f"{inner.str}."))
        elif bare.kind in ("identifier", "field_expression"):
            found.append((bare, f"{bare.str}->"))
        else:
            return
    yield from found
