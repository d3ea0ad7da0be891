"""Instances of moved types that a function has in hand without being their method.

A parameter of the instance's struct, a user pointer that is cast to it at once, or a member of a
foreign struct that always holds one (handbook section 2, "callback with a pointer of its own").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from isolate_ext.model.declarators import declarators, is_declaration
from isolate_ext.model.entities import CType, Definition, Parameter, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.remembered import remembered
from isolate_ext.model.roles import Role
from isolate_ext.model.types import StaticType
from isolate_ext.placement.callbacks import registered_instance
from isolate_ext.placement.decisions import Route, RouteKind


class InHand:
    """Finds the instance that leads from a function to the state."""

    def __init__(self, extension: Extension, types: Iterable[StaticType]) -> None:
        self._extension = extension
        self._structs = {id(each.struct) for each in types if each.struct is not None}

    def route(self, definition: Definition, handed_out: list[Role]) -> Route | None:
        """A parameter, or a user pointer cast at once, that is an instance of a moved type."""
        for parameter in definition.parameters:
            if parameter.name and self._points_to(parameter.ctype):
                return Route(RouteKind.INSTANCE, (as_object(parameter),))
        for parameter in definition.parameters:
            if parameter.name and parameter.ctype.pointers == 1 and parameter.ctype.base == "void":
                if self._cast_at_entry(definition, parameter.name):
                    return Route(RouteKind.INSTANCE, (as_object(parameter),))
        instance = registered_instance(self._extension, definition, handed_out, self._points_to)
        if instance is not None:
            return Route(RouteKind.INSTANCE, (as_object(instance),))
        for parameter in definition.parameters:
            member = self._user_members.get(parameter.ctype.base)
            if parameter.name and member and parameter.ctype.pointers == 1:
                return Route(RouteKind.INSTANCE, (f"(PyObject *){parameter.name}->{member}",))
        return None

    @cached_property
    def _user_members(self) -> dict[str, str]:
        """Per foreign struct the member that always holds an instance of a moved type.

        Callbacks that unpack it at their entry, ``Foo *self = (Foo *)task->data;``, show which.
        """
        found: dict[str, set[str]] = {}
        for base, member, ctype in _all_unpacked(self._extension):
            if self._points_to(ctype):
                found.setdefault(base, set()).add(member)
        return {base: members.pop() for base, members in found.items() if len(members) == 1}

    def _points_to(self, ctype: CType) -> bool:
        """Whether it is a pointer to an instance of a moved type."""
        under = self._extension.structs.resolve(ctype)
        if under.pointers != 1:
            return False
        struct = self._extension.structs.struct(
            CType(ctype.base)
        ) or self._extension.structs.struct(CType(under.base))
        return struct is not None and id(struct) in self._structs

    def _cast_at_entry(self, definition: Definition, name: str) -> bool:
        body = definition.node.child("body") if definition.node is not None else None
        for statement in body.named if body is not None else ():
            if not is_declaration(statement):
                return False
            for child in statement.children:
                value = child.child("value") if child.kind == "init_declarator" else None
                if value is not None and strip_casts(value).str == name:
                    kind = statement.child("type")
                    if kind is not None and self._points_to(CType(kind.str, 1)):
                        return True
        return False


def as_object(parameter: Parameter) -> str:
    """The parameter as a ``PyObject *`` expression."""
    if parameter.ctype.base == "PyObject" and parameter.ctype.pointers == 1:
        return parameter.name or ""
    return f"(PyObject *){parameter.name}"


@remembered
def _all_unpacked(extension: Extension) -> tuple[tuple[str, str, CType], ...]:
    """Of all functions what ``_unpacked`` finds."""
    functions = (each for path in extension.files for each in extension.functions(path))
    return tuple(found for each in functions for found in _unpacked(each))


def _unpacked(definition: Definition) -> Iterator[tuple[str, str, CType]]:
    """(parameter's type, member, type) for each leading declaration that reads such a member."""
    body = definition.node.child("body") if definition.node is not None else None
    if body is None or b"->" not in body.text[:400]:
        return
    for statement in body.named:
        if not is_declaration(statement):
            return
        for each in declarators(statement):
            value = strip_casts(each.initialiser) if each.initialiser is not None else None
            if value is None or value.kind != "field_expression" or "->" not in value.str:
                continue
            name, _, member = value.str.partition("->")
            for parameter in definition.parameters:
                if parameter.name == name.strip() and member.strip().isidentifier():
                    yield parameter.ctype.base, member.strip(), each.ctype
