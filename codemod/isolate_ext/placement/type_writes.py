"""What changes static types otherwise than by ``Foo_Type.field = value;``.

Pointers to a type are followed to everything that may write through them; suites count as parts of
the types that own them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from isolate_ext.capi.slots import SUITE_FIELDS, SUITES, TYPE_FIELDS
from isolate_ext.model.entities import Definition, Kind, Variable, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.remembered import remembered
from isolate_ext.model.types import static_types
from isolate_ext.placement.pointer_places import Place
from isolate_ext.placement.pointer_values import How, Write
from isolate_ext.placement.writes import Writers, writers_of
from isolate_ext.syntax import Node

_HEAD_CALLS = {"Py_TYPE": "ob_type", "Py_REFCNT": "ob_refcnt"}
_SETTERS = {"Py_SET_TYPE": "ob_type", "Py_SET_REFCNT": "ob_refcnt"}
_COPIERS = ("memcpy", "memmove")
_READIES = ("PyType_Ready", "PyModule_AddType")
_EXCHANGING = ("Py_CLEAR", "Py_SETREF", "Py_XSETREF")
_SAME = ("parenthesized_expression", "cast_expression")
_MEMBERS = frozenset({*TYPE_FIELDS, "ob_type", "ob_refcnt", "ob_size"})
_OBJECTS = ("PyTypeObject", "struct _typeobject", "PyHeapTypeObject", "PyObject", "void")
_PARTS = ("field_expression", "subscript_expression", "pointer_expression")
_SUITE_MEMBERS = frozenset(member for suite in SUITES.values() for member in suite)


class TypeWrite(msgspec.Struct, eq=False):
    """One place that changes ``member`` of any of ``types``, or more than that where it is empty.

    ``node`` is what is written, or the call that does it.
    """

    path: str
    node: Node
    inside: Definition | None
    member: str
    types: set[str] = msgspec.field(default_factory=set)


class TypeReady(msgspec.Struct, frozen=True, eq=False):
    """A call that readies any of ``types``."""

    call: Node
    types: set[str]


class TypeWrites(msgspec.Struct, eq=False):
    """All of it, for one extension; ``holders`` says which types a place may lead to."""

    extension: Extension
    writers: Writers
    writes: list[TypeWrite] = msgspec.field(default_factory=list)
    ready: list[TypeReady] = msgspec.field(default_factory=list)
    holders: dict[Place, set[str]] = msgspec.field(default_factory=dict)
    _known: dict[tuple[str, int, int], TypeWrite] = msgspec.field(default_factory=dict)
    _readied: dict[tuple[str, int], TypeReady] = msgspec.field(default_factory=dict)
    _suites_taken: set[str] = msgspec.field(default_factory=set)
    _lost: set[str] = msgspec.field(default_factory=set)

    def of(self, type_: str) -> Iterator[TypeWrite]:
        return (each for each in self.writes if type_ in each.types)

    def find(self) -> TypeWrites:
        for key, type_ in static_types(self.extension).items():
            for write in self.writers.of(type_.variable):
                self._written(type_.variable, write, {key})
            for place in self.writers.reached(type_.variable):
                self.holders.setdefault(place, set()).add(key)
            for suite in type_.suites:
                for write in self.writers.of(self.extension.variables[suite]):
                    self._written(self.extension.variables[suite], write, {key})
        for place, types in self.holders.items():
            for spot in self.writers.places.spots(place):
                inside = spot.inside
                if spot.node is not None and (inside is None or self._counts(inside)):
                    self._looked_at(spot.path, spot.node, inside, types)
        if self._suites_taken:
            self._through_pointers(_SUITE_MEMBERS, self._suites_taken)
        if self._lost:
            self._through_pointers(frozenset(TYPE_FIELDS[1:]), self._lost)
        return self

    def _counts(self, inside: Definition) -> bool:
        """Code that runs, and is no stand-in for what younger Pythons have."""
        return inside.routine not in self.writers.dead and inside.name.lstrip("_") not in {
            each.lstrip("_") for each in _SETTERS
        }

    def _written(self, variable: Variable, write: Write, types: set[str]) -> None:
        node = write.node
        if node is None or (write.inside is not None and not self._counts(write.inside)):
            return
        if write.how is How.ESCAPED:
            foreign = _callee(node).startswith(("Py", "_Py"))
            self._lost |= set() if foreign or variable.kind is Kind.SUITE else types
            return
        if _is_plain(variable, node):
            return
        members = [each.str for each in _members(node)]
        if variable.kind is Kind.SUITE or (write.how is How.ASSIGNED and members):
            if variable.kind is Kind.SUITE or members[0] in _MEMBERS:
                member = members[0] if variable.kind is Kind.TYPE else ""
                self._add(write.path, node, write.inside, member, types)
        elif not _callee(node).startswith(("Py", "_Py")) and self._is_object(
            write.path, write.inside, node
        ):
            self._add(write.path, node, write.inside, "", types)

    def _add(
        self, path: str, node: Node, inside: Definition | None, member: str, types: Iterable[str]
    ) -> None:
        if member == "ob_refcnt" and not _is_set(node):
            return
        key = (path, node.start, node.end)
        if key not in self._known:
            self._known[key] = TypeWrite(path, node, inside, member)
            self.writes.append(self._known[key])
        self._known[key].types.update(types)

    def _looked_at(self, path: str, node: Node, inside: Definition | None, types: set[str]) -> None:
        """What is done with a type, or a pointer to one, besides assigning to its fields."""
        node = _whole(node)
        while (parent := node.parent) is not None and self._is_element(path, inside, parent):
            node = _whole(parent)
        if parent is None:
            return
        if parent.kind == "argument_list" and parent.parent is not None:
            self._handed(path, parent.parent, parent.named.index(node), inside, types)
        elif parent.kind == "pointer_expression" and parent.text[:1] == b"*":
            if self._is_copied(path, inside, parent):
                self._add(path, parent, inside, "", types)
        elif parent.kind == "field_expression" and parent.children[0] is node:
            self._member(path, parent, inside, types)

    def _handed(
        self, path: str, call: Node, position: int, inside: Definition | None, types: set[str]
    ) -> None:
        callee, outer = call.child("function"), call.parent
        name = callee.str if callee is not None else ""
        assigned = outer is not None and outer.kind == "assignment_expression"
        if name in _HEAD_CALLS and outer is not None and assigned and outer.child("left") is call:
            self._add(path, call, inside, _HEAD_CALLS[name], types)
        elif name in _SETTERS and position == 0:
            self._add(path, call, inside, _SETTERS[name], types)
        elif name in _COPIERS and position > 0:
            self._add(path, call, inside, "", types)
        elif name in _READIES:
            ready = self._readied.setdefault((path, call.start), TypeReady(call, set()))
            ready.types.update(types)
            if ready not in self.ready:
                self.ready.append(ready)

    def _member(self, path: str, member: Node, inside: Definition | None, types: set[str]) -> None:
        bare = _bare(member)
        name, parent = member.child("field"), bare.parent
        if name is None or parent is None:
            return
        if parent.kind == "argument_list" and parent.parent is not None:
            callee = parent.parent.child("function")
            if callee is not None and callee.str in _EXCHANGING and name.str in _MEMBERS:
                self._add(path, member, inside, "", types)
        if parent.kind == "pointer_expression" and name.str in _MEMBERS:
            if parent.text[:1] == b"&":
                self._add(path, parent, inside, "", types)
        if name.str not in SUITE_FIELDS:
            return
        if parent.kind == "field_expression" and _is_written(parent):
            self._add(path, parent, inside, "", types)
        elif parent.kind in ("init_declarator", "argument_list", "return_statement") or (
            parent.kind == "assignment_expression" and not _is_written(bare)
        ):
            self._suites_taken |= types

    def _through_pointers(self, members: frozenset[str], types: set[str]) -> None:
        """Pointers were lost on their way: what is written through any may be to these types."""
        for path, parsed in self.extension.files.items():
            for name in sorted(members & set(parsed.names())):
                for offset in parsed.occurrences(name):
                    node = parsed.node_at(offset)
                    member = node.parent if node is not None else None
                    if member is None or member.kind != "field_expression":
                        continue
                    arrow = b"->" in member.data[member.children[0].end : offset]
                    if arrow and _is_written(member):
                        inside = self.extension.function_at(path, offset)
                        if (path, member.start, member.end) not in self._known:
                            self._add(path, member, inside, "", types)

    def _is_object(self, path: str, inside: Definition | None, node: Node) -> bool:
        """Whether an expression is a type, an object or what may be one, or a pointer to it."""
        node = strip_casts(node)
        while node.kind == "binary_expression":
            node = strip_casts(node.children[0])
        shape = self.writers.places.shapes.of(path, inside, node)
        return shape is not None and shape.base in _OBJECTS

    def _is_element(self, path: str, inside: Definition | None, node: Node) -> bool:
        """``*p`` where that is a pointer still, out of a table."""
        if node.kind != "pointer_expression" or node.text[:1] != b"*":
            return False
        shape = self.writers.places.shapes.of(path, inside, node)
        return shape is not None and shape.is_pointer

    def _is_copied(self, path: str, inside: Definition | None, node: Node) -> bool:
        shape = self.writers.places.shapes.of(path, inside, node)
        pointer = shape is not None and (shape.is_pointer or shape.is_array)
        return not pointer and self._is_object(path, inside, node) and _is_copied(node)


@remembered
def type_writes(extension: Extension) -> TypeWrites:
    """What changes the static types of an extension."""
    return TypeWrites(extension, writers_of(extension)).find()


def _members(node: Node) -> Iterator[Node]:
    """The members that an expression goes through, the last first."""
    node = strip_casts(node)
    while node.kind in _PARTS:
        name = node.child("field")
        if name is not None:
            yield name
        node = strip_casts(node.child("argument") or node.children[0])


def _bare(node: Node) -> Node:
    """With the casts and parentheses around it."""
    while node.parent is not None and node.parent.kind in _SAME:
        node = node.parent
    return node


def _callee(node: Node) -> str:
    """The function that gets it as an argument."""
    arguments = node.enclosing("argument_list")
    call = arguments.parent if arguments is not None else None
    callee = call.child("function") if call is not None else None
    return callee.str if callee is not None else ""


def _whole(node: Node) -> Node:
    """The expression that leads to the same type: elements and members of tables are taken out."""
    while (parent := node.parent) is not None:
        inner = bool(parent.children) and parent.children[0] is node
        if parent.kind == "field_expression" and inner:
            name = parent.child("field")
            if name is None or name.str in _MEMBERS:
                break
        elif not (
            parent.kind in _SAME
            or (parent.kind == "subscript_expression" and inner)
            or (parent.kind == "pointer_expression" and parent.text[:1] == b"&")
        ):
            break
        node = parent
    return node


def _is_plain(variable: Variable, node: Node) -> bool:
    """``Foo_Type.field = value``, which is a slot."""
    if node.kind != "field_expression" or node.children[0].str != variable.name:
        return False
    parent = node.parent
    operator = parent.child("operator") if parent is not None else None
    return _is_written(node) and (operator is None or operator.str == "=")


def _is_written(node: Node) -> bool:
    parent = node.parent
    return parent is not None and (
        (parent.kind == "assignment_expression" and parent.child("left") is node)
        or parent.kind == "update_expression"
    )


def _is_set(node: Node) -> bool:
    """Whether a count is given a value, and not only counted up or down."""
    parent = node.parent
    if parent is None or parent.kind != "assignment_expression":
        return node.kind == "call_expression"
    operator = parent.child("operator")
    return operator is None or operator.str == "="


def _is_copied(whole: Node) -> bool:
    """``*type`` as a value, not as the owner of a member or the left of an assignment."""
    outer = whole
    while outer.parent is not None and outer.parent.kind == "parenthesized_expression":
        outer = outer.parent
    parent = outer.parent
    if parent is None or _is_written(outer) or parent.kind == "sizeof_expression":
        return False
    addressed = parent.kind == "pointer_expression" and parent.text[:1] == b"&"
    return parent.kind not in ("field_expression", "expression_statement") and not addressed
