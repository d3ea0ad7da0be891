"""What other extensions are handed in capsules: tables that they may keep for good (pattern 64)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import Definition, Use, Variable, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node

_PARTS = (
    "field_expression", "subscript_expression", "parenthesized_expression", "pointer_expression"
)  # fmt: skip
Stretch = tuple[str, int, int]
"""A path, and the bytes from a start to an end."""


class Export(msgspec.Struct, frozen=True, eq=False):
    """A table that the argument at ``start..end`` of ``path`` hands out.

    ``variable`` is None for memory from the heap; ``values`` is where stands what is put into it.
    """

    name: str
    variable: Variable | None
    path: str
    start: int
    end: int
    values: tuple[Stretch, ...]

    def holds(self, use: Use) -> bool:
        """Whether a use is part of what is put into the table."""
        return any(path == use.path and a <= use.start < b for path, a, b in self.values)


def exports(extension: Extension) -> list[Export]:
    """Every table whose address becomes the pointer of a capsule, once each."""
    found: dict[object, Export] = {}
    for path, parsed in extension.files.items():
        for offset in parsed.occurrences("PyCapsule_New"):
            inside, node = extension.function_at(path, offset), parsed.node_at(offset)
            call = node.parent if node is not None else None
            arguments = call.child("arguments") if call is not None else None
            if inside is not None and arguments is not None and arguments.named:
                for each in _Argument(extension, path, inside, arguments.named[0]).exports():
                    key = each.variable.key if each.variable is not None else (path, each.start)
                    found.setdefault(key, each)
    return list(found.values())


class _Argument:
    """Follows the pointer that a capsule is made of, through pointers that it was copied from."""

    def __init__(self, extension: Extension, path: str, inside: Definition, argument: Node) -> None:
        self.extension = extension
        self.path = path
        self.inside = inside
        self.argument = argument
        self.values: list[Stretch] = []
        """What is put into the table through pointers to it."""
        self.seen: set[str] = set()

    def exports(self) -> Iterator[Export]:
        variables = list(self._tables(self.path, self.inside, self.argument))
        if not variables and self.values:
            yield self._export(strip_casts(self.argument).str, None)
        for variable in variables:
            yield self._export(variable.name, variable)

    def _export(self, name: str, variable: Variable | None) -> Export:
        values = list(self.values)
        if variable is not None:
            values += [
                (each.path, each.initialiser.start, each.initialiser.end)
                for each in variable.definitions
                if each.initialiser is not None
            ]
            values += _assigned(self.extension.uses_of(variable.key))
        argument = self.argument
        return Export(name, variable, self.path, argument.start, argument.end, tuple(values))

    def _tables(self, path: str, inside: Definition | None, node: Node) -> Iterator[Variable]:
        node = _pointed(node)
        if node.kind != "identifier":
            return
        variable = _variable(self.extension, path, inside, node)
        if variable is None:
            if inside is not None and node.str not in self.seen:
                self.seen.add(node.str)
                yield from self._of_local(inside, node.str)
        elif variable.ctype.pointers and not variable.ctype.arrays:
            if variable.key not in self.seen:
                self.seen.add(variable.key)
                yield from self._of_pointer(variable)
        else:
            yield variable

    def _of_pointer(self, pointer: Variable) -> Iterator[Variable]:
        """What a static pointer is set to, anywhere."""
        uses = self.extension.uses_of(pointer.key)
        self.values += _assigned(uses)
        for each in pointer.definitions:
            if each.initialiser is not None:
                yield from self._tables(each.path, None, each.initialiser)
        for use in uses:
            value = _value_given(use.node) if use.node is not None else None
            if value is not None:
                yield from self._tables(use.path, use.inside, value)

    def _of_local(self, inside: Definition, name: str) -> Iterator[Variable]:
        """What a local pointer is set to."""
        for node in inside.node.descendants() if inside.node is not None else ():
            if node.kind == "declaration":
                for each in declarators(node):
                    if each.name.str == name and each.initialiser is not None:
                        yield from self._tables(inside.path, inside, each.initialiser)
            elif node.kind == "identifier" and node.str == name:
                self.values += _given_to_part(inside.path, node)
                value = _value_given(node)
                if value is not None:
                    yield from self._tables(inside.path, inside, value)


def _pointed(node: Node) -> Node:
    """What an address is that of: ``X`` for ``(void *)&X[0]``."""
    while True:
        bare = strip_casts(node)
        if bare.kind == "pointer_expression" and bare.text[:1] == b"&":
            inner = bare.child("argument")
        elif bare.kind == "subscript_expression":
            inner = bare.children[0]
        else:
            return bare
        if inner is None:
            return bare
        node = inner


def _variable(
    extension: Extension, path: str, inside: Definition | None, node: Node
) -> Variable | None:
    if inside is None:
        return extension.variable_named(node.str, path)
    for use in extension.uses_inside(inside):
        if use.path == path and use.start == node.start:
            return extension.variables.get(use.symbol)
    return None


def _assigned(uses: list[Use]) -> Iterator[Stretch]:
    for use in uses:
        if use.node is not None:
            yield from _given_to_part(use.path, use.node)


def _given_to_part(path: str, node: Node) -> Iterator[Stretch]:
    """The value, where a member or element of what a name means is assigned to."""
    part = node
    while (parent := part.parent) is not None and parent.kind in _PARTS:
        if parent.named[0] is not part:
            break
        part = parent
    value = _value_given(part) if part is not node else None
    if value is not None:
        yield path, value.start, value.end


def _value_given(node: Node) -> Node | None:
    """The right side of an assignment whose left side this is."""
    parent = node.parent
    if parent is None or parent.kind != "assignment_expression":
        return None
    return parent.child("right") if parent.child("left") is node else None
