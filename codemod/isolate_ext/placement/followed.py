"""Which uses and places matter to the references of what the state owns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from isolate_ext.capi.ownership import (
    BORROWED,
    BUILDS,
    IMMORTAL_SINGLETONS,
    RELEASE,
    REPLACE,
    STEALS,
)
from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.placement.refcounts import place
from isolate_ext.syntax import Node

_WRAPPERS = (
    "pointer_expression",
    "cast_expression",
    "parenthesized_expression",
    "subscript_expression",
    "field_expression",
    "conditional_expression",
    "comma_expression",
)
_PLACES = ("identifier", "field_expression", "subscript_expression", "pointer_expression")
_MOVING = ("assignment_expression", "init_declarator", "return_statement")


def matters(extension: Extension, path: str, node: Node, *, address: bool = False) -> bool:
    """Whether a use may give an object or a reference to it away, or another one to the place.

    ``address`` says that the object is what the address is taken of.
    """
    parent = node.parent
    while parent is not None and parent.kind in _WRAPPERS:
        node, parent = parent, parent.parent
    if parent is not None and parent.child("left") is node:
        return parent.kind == "assignment_expression" and not _is_made(extension, path, parent)
    if parent is None or parent.kind != "argument_list":
        return parent is None or parent.kind in _MOVING
    callee = parent.parent.child("function") if parent.parent is not None else None
    if callee is None or callee.kind != "identifier":
        return True
    if not address and node.kind == "pointer_expression" and node.text[:1] == b"&":
        return True
    name = callee.str
    return (
        name in STEALS
        or name in RELEASE | REPLACE
        or (name in BUILDS and "N" in parent.str)
        or extension.routine_named(name, path) is not None
        or extension.routine_named(f"#{name}", path) is not None
    )


def argument_of(node: Node) -> tuple[Node, int] | None:
    """The callee that a use is handed to below casts, and the position of the argument."""
    parent = node.parent
    while parent is not None and parent.kind in _WRAPPERS:
        node, parent = parent, parent.parent
    callee = parent.parent.child("function") if parent is not None and parent.parent else None
    if parent is None or parent.kind != "argument_list" or callee is None:
        return None
    at = next((index for index, each in enumerate(parent.named) if each.start == node.start), -1)
    return (callee, at) if at >= 0 else None


def _is_made(extension: Extension, path: str, assignment: Node) -> bool:
    """Whether what is assigned is NULL, or comes from a call that brings a reference."""
    right = assignment.child("right")
    bare = strip_casts(right) if right is not None else None
    callee = bare.child("function") if bare is not None else None
    if bare is None or callee is None or callee.kind != "identifier":
        return bare is None or bare.str == "NULL"
    name = callee.str
    known = (extension.routine_named(each, path) for each in (name, f"#{name}"))
    return name not in BORROWED and all(each is None for each in known)


def mentioned(
    extension: Extension, definition: Definition, names: Iterable[str]
) -> re.Pattern[bytes]:
    """Matches where a function names one of some variables or members, or a macro that does."""
    found = {match for name in names for match in re.findall(r"\w+", name)}
    pattern = _words(found)
    macros = {
        macro.name
        for _, macro in _macros(extension, definition)
        if pattern.search(extension.files[macro.path].source.data, *macro.body)
    }
    return _words(found | macros) if macros else pattern


def _words(names: Iterable[str]) -> re.Pattern[bytes]:
    return re.compile(rf"\b(?:{'|'.join(sorted(names))})\b".encode())


def connected(
    extension: Extension, definition: Definition, start: Callable[[str], bool]
) -> frozenset[str]:
    """Places of a function that may hold the same object as those that ``start`` names."""
    pairs = list(_pairs(extension, definition))
    found: set[str] = set()
    while True:
        more = {
            other
            for pair in pairs
            for one, other in (pair, pair[::-1])
            if (one in found or start(one)) and other not in found
        }
        if not more:
            return frozenset(found)
        found |= more


def _pairs(extension: Extension, definition: Definition) -> Iterator[tuple[str, str]]:
    """Left and right of every assignment, those of the macros that are used included."""
    if definition.node is None:
        return
    yield from _assigned(definition.node, {})
    for call, macro in _macros(extension, definition):
        parsed, arguments = extension.files[macro.path], call.child("arguments")
        body = parsed.macro_body(macro.macro) if macro.macro is not None else None
        names = (parameter.name or "" for parameter in macro.parameters)
        given = map(place, arguments.named if arguments is not None else ())
        if body is not None:
            yield from _assigned(body, dict(zip(names, given, strict=False)))


def _macros(extension: Extension, definition: Definition) -> Iterator[tuple[Node, Definition]]:
    """Each use of a macro with arguments in a function."""
    for call in definition.node.of_kind("call_expression") if definition.node is not None else ():
        callee = call.child("function")
        if callee is not None and callee.kind == "identifier":
            routine = extension.routine_named(f"#{callee.str}", definition.path)
            yield from ((call, each) for each in (routine.definitions[-1:] if routine else ()))


def _assigned(node: Node, given: dict[str, str]) -> Iterator[tuple[str, str]]:
    for each in node.of_kind("assignment_expression", "init_declarator"):
        left = each.child("left") or each.child("declarator")
        right = each.child("right") or each.child("value")
        if left is None or right is None:
            continue
        name = place(left).lstrip("*") if each.kind == "init_declarator" else place(left)
        for source in _sources(right):
            yield given.get(name, name), given.get(source, source)


def _sources(right: Node) -> Iterator[str]:
    """Places whose object an expression may be; those of a chain and of both arms."""
    bare = strip_casts(right)
    if bare.kind == "assignment_expression":
        inner = [bare.child("left"), bare.child("right")]
    elif bare.kind == "conditional_expression":
        inner = [bare.child("consequence"), bare.child("alternative")]
    else:
        inner = []
    for each in inner:
        if each is not None:
            yield from _sources(each)
    if bare.kind in _PLACES and bare.str not in IMMORTAL_SINGLETONS:
        yield place(bare)
