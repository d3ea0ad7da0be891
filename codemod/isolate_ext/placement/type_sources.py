"""Whether a pointer leads to static types of the extension only, and always to the same one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import Definition, Variable, strip_casts
from isolate_ext.model.extension import Extension, Pasted
from isolate_ext.model.types import static_types
from isolate_ext.placement.pointer_places import PointerPlaces
from isolate_ext.placement.writes import writes
from isolate_ext.syntax import Node

_INTO = ("subscript_expression", "field_expression", "pointer_expression", "binary_expression")
_LITERALS = ("string_literal", "concatenated_string", "number_literal", "null", "char_literal")


class TypeSources(msgspec.Struct, eq=False):
    """Follows values back to where they come from."""

    extension: Extension
    places: PointerPlaces
    _asked: set[tuple[Definition, str]] = msgspec.field(default_factory=set)

    def known(self, path: str, inside: Definition | None, node: Node) -> bool:
        """Every value of an expression is the address of a type, an element of a table, or NULL."""
        self._asked.clear()
        return self._known(path, inside, node)

    def _known(self, path: str, inside: Definition | None, node: Node) -> bool:
        node = strip_casts(node)
        if node.kind in _LITERALS or node.str == "NULL":
            return True
        if node.kind == "initializer_list":
            return all(self._known(path, inside, each) for each in _elements(node))
        if node.kind == "pointer_expression" and node.text[:1] == b"&":
            target = self._type(path, node.child("argument"))
            if target:
                return True
        if node.kind in _INTO:
            return self._known(path, inside, node.children[0] if node.kind != "pointer_expression"
                              else node.child("argument") or node.children[-1])  # fmt: skip
        if node.kind != "identifier":
            return False
        if inside is not None and self.places.shapes.of_local(inside, node) is not None:
            return self._local(inside, node.str)
        if self._type(path, node):
            return True
        variable = self.extension.variable_named(node.str, path)
        return variable is not None and self._table(variable)

    def _type(self, path: str, node: Node | None) -> bool:
        if node is None:
            return False
        for pasted in self.extension.pasted:
            if pasted.path == path and node.start <= pasted.start < node.end:
                return self._made(pasted)
        variable = self.extension.variable_named(node.str, path)
        return variable is not None and variable.key in static_types(self.extension)

    def _made(self, pasted: Pasted) -> bool:
        """Whatever has a name that ## can make is a type."""
        found = [
            each.key
            for each in self.extension.variables.values()
            if re.fullmatch(pasted.pattern, each.name) is not None
        ]
        return bool(found) and all(each in static_types(self.extension) for each in found)

    def _table(self, variable: Variable) -> bool:
        home = variable.home
        if len(variable.definitions) != 1 or home.initialiser is None:
            return False
        return self._known(home.path, None, home.initialiser) and not writes(
            self.extension, variable
        )

    def _local(self, inside: Definition, name: str) -> bool:
        if (inside, name) in self._asked:
            return True
        self._asked.add((inside, name))
        values = [each for each in _values(inside, name) if each.str not in ("NULL", "0")]
        index = next((i for i, each in enumerate(inside.parameters) if each.name == name), None)
        if index is not None:
            return not values and self._handed(inside, index)
        return len(values) == 1 and self._known(inside.path, inside, values[0])

    def _handed(self, inside: Definition, index: int) -> bool:
        """What the callers of a function give it."""
        for use in self.extension.uses_of(inside.routine):
            call = use.call
            arguments = call.child("arguments") if call is not None else None
            given = arguments.named if arguments is not None else []
            if use.inside is None or use.inside.is_macro or len(given) <= index:
                return False
            if not self._known(use.path, use.inside, given[index]):
                return False
        return True


def _elements(values: Node) -> Iterator[Node]:
    for each in values.named:
        value = each.child("value") if each.kind == "initializer_pair" else each
        if each.kind != "comment" and value is not None:
            yield value


def _values(inside: Definition, name: str) -> Iterator[Node]:
    """What a local is given; its address, if that is taken, which is no known value."""
    for node in inside.node.of_kind("declaration") if inside.node is not None else ():
        for each in declarators(node):
            if each.name.str == name and each.initialiser is not None:
                yield each.initialiser
    for node in inside.node.of_kind("assignment_expression") if inside.node is not None else ():
        left, right = node.child("left"), node.child("right")
        if left is not None and right is not None and left.str == name:
            yield right
    for node in inside.node.of_kind("pointer_expression") if inside.node is not None else ():
        if node.text[:1] == b"&" and node.text[1:].strip() == name.encode():
            yield node
