"""Python functions that C code makes by itself: `PyCFunction_New(definition, NULL)`."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import Definition, Variable, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node

_CALLS = frozenset({"PyCFunction_New", "PyCFunction_NewEx"})
_BASE = "PyMethodDef"


class Making(msgspec.Struct, frozen=True, eq=False):
    """A call that makes functions with no self; ``tables`` are the keys of what it makes them of.

    ``uses`` are the places, as (path, offset), where the tables are named on the way to it.
    """

    path: str
    inside: Definition
    call: Node
    receiver: Node
    tables: frozenset[str]
    uses: frozenset[tuple[str, int]]


def makings(extension: Extension) -> list[Making]:
    """Every such call of which it is plain to see what it makes functions of."""
    found = []
    for path, parsed in extension.files.items():
        for name in _CALLS.intersection(parsed.names()):
            for offset in parsed.occurrences(name):
                making = _making(extension, path, offset)
                if making is not None:
                    found.append(making)
    return found


def _making(extension: Extension, path: str, offset: int) -> Making | None:
    node, inside = extension.files[path].node_at(offset), extension.function_at(path, offset)
    call = node.parent if node is not None else None
    arguments = call.child("arguments") if call is not None else None
    if inside is None or call is None or arguments is None or len(arguments.named) < 2:
        return None
    definition, receiver = arguments.named[:2]
    if call.kind != "call_expression" or strip_casts(receiver).str not in ("NULL", "0"):
        return None
    trace = _Trace(extension)
    if not trace.follow(path, inside, definition) or not trace.tables:
        return None
    return Making(path, inside, call, receiver, frozenset(trace.tables), frozenset(trace.places))


class _Trace:
    """Follows a definition back to the tables it comes from, through locals and parameters."""

    def __init__(self, extension: Extension) -> None:
        self._extension = extension
        self._seen: set[tuple[Definition, str]] = set()
        self.tables: set[str] = set()
        self.places: set[tuple[str, int]] = set()

    def follow(self, path: str, inside: Definition, value: Node) -> bool:
        """Whether all that the expression may be is known."""
        bare = _base(value)
        if bare.kind != "identifier":
            return False
        variable = self._static(path, inside, bare.str)
        if variable is not None:
            self.tables.add(variable.key)
            self.places.add((path, bare.start))
            return variable.ctype.base == _BASE
        if (inside, bare.str) in self._seen:
            return True
        self._seen.add((inside, bare.str))
        given = list(_values(inside, bare.str))
        index = next((i for i, p in enumerate(inside.parameters) if p.name == bare.str), None)
        if index is None and not given:
            return False
        return all(self.follow(path, inside, each) for each in given) and (
            index is None or self._callers(inside, index)
        )

    def _static(self, path: str, inside: Definition, name: str) -> Variable | None:
        local = self._extension.variables.get(f"{inside.path}:{inside.name}:{name}")
        if local is not None:
            return local
        hidden = any(each.name == name for each in inside.parameters) or _declared(inside, name)
        return None if hidden else self._extension.variable_named(name, path)

    def _callers(self, inside: Definition, index: int) -> bool:
        for use in self._extension.uses_of(inside.routine):
            arguments = use.call.child("arguments") if use.call is not None else None
            if arguments is None or use.inside is None or len(arguments.named) <= index:
                return False
            if not self.follow(use.path, use.inside, arguments.named[index]):
                return False
        return True


def _base(value: Node) -> Node:
    """The name below casts, an ampersand, a subscript or an addition."""
    while True:
        bare = strip_casts(value)
        below = None
        if bare.kind == "pointer_expression" and bare.text[:1] == b"&":
            below = bare.child("argument")
        elif bare.kind == "subscript_expression":
            below = bare.children[0]
        elif bare.kind == "binary_expression":
            below = bare.child("left")
        if below is None:
            return bare
        value = below


def _declared(inside: Definition, name: str) -> bool:
    declared = inside.node.of_kind("declaration") if inside.node is not None else ()
    return any(each.name.str == name for node in declared for each in declarators(node))


def _values(inside: Definition, name: str) -> Iterator[Node]:
    """What a local is initialised with and assigned, steps from row to row left out."""
    for node in inside.node.of_kind("declaration") if inside.node is not None else ():
        for each in declarators(node):
            if each.name.str == name and each.initialiser is not None:
                yield each.initialiser
    for node in inside.node.of_kind("assignment_expression") if inside.node is not None else ():
        left, right = node.child("left"), node.child("right")
        if left is not None and right is not None and left.str == name:
            stepped = _base(right).str == name or any(c.kind == "+=" for c in node.children)
            if not stepped:
                yield right
