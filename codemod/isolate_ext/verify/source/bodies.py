"""Functions that are given an instance, followed through those that they hand it to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from isolate_ext.capi.ownership import DECREF
from isolate_ext.model.entities import Definition, Routine, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node

VISIT, VISITOR = "Py_VISIT", "visitproc"


@dataclass(frozen=True)
class Body:
    """The body of a function or macro, and the names that mean the instance in it.

    Without names every ``pointer->member`` counts as a member of the instance.  ``base`` is the
    first member, an instance of the type's base; ``always`` says that no condition leads here.
    """

    definition: Definition
    node: Node
    names: frozenset[str]
    base: str = ""
    always: bool = True

    def place(self, value: Node) -> str:
        """``.a``, ``.b.c``, ``.d[*]`` for an expression below the instance; else empty."""
        node, parts = strip_casts(value), []
        while True:
            inner = node.child("argument")
            if node.kind == "field_expression" and (name := node.child("field")) is not None:
                parts.append(f".{name.str}")
            elif node.kind == "subscript_expression":
                parts.append("[*]")
            elif node.kind != "pointer_expression" or not parts:
                return "".join(reversed(parts)) if self.is_instance(node) else ""
            if inner is None:
                return ""
            node = strip_casts(inner)

    def is_instance(self, node: Node) -> bool:
        """A name of the instance, casts and macros that cast it apart, or its embedded base."""
        node = strip_casts(node)
        if (inner := _addressed(node)) is not None:
            return bool(self.base) and self.place(inner) == f".{self.base}"
        if not self.names or node.kind == "identifier":
            return not self.names or node.str in self.names
        callee, given = called(node)
        return callee.isupper() and len(given) == 1 and self.is_instance(given[0])

    def calls(self) -> Iterator[tuple[Node, str, list[Node]]]:
        """(call, name of the callee, arguments)."""
        for call in self.node.of_kind("call_expression"):
            yield call, *called(call)

    def visits(self) -> list[Node]:
        """What the collector is shown, by `Py_VISIT` or by the function that it passes."""
        visitors = {each.name for each in self.definition.parameters if each.ctype.base == VISITOR}
        return [
            given[0]
            for _, callee, given in self.calls()
            if given and (callee == VISIT or callee.strip("(* )") in visitors)
        ]

    def releases(self) -> list[tuple[Node, Node]]:
        """(call, argument) of each macro or function that gives a reference back."""
        return [
            (call, given[0]) for call, callee, given in self.calls() if given and callee in DECREF
        ]

    def visited(self) -> set[str]:
        """The members that the collector is shown."""
        return {self.place(each) for each in self.visits()} - {""}

    def released(self) -> set[str]:
        """The members that are released, but for those of which a condition decides it."""
        places = ((call, self.place(value)) for call, value in self.releases())
        sure = {place for call, place in places if place and not _depends(call, place)}
        return sure if self.always else set()

    def handed_on(self) -> set[str]:
        """The members that are given to any call, themselves or by address, or stored elsewhere."""
        values = [each for _, _, given in self.calls() for each in given]
        values += [
            right
            for each in self.node.of_kind("assignment_expression", "init_declarator")
            if (right := each.child("right") or each.child("value")) is not None
        ]
        plain = [strip_casts(each) for each in values]
        return {self.place(_addressed(each) or each) for each in plain} - {""}


def _addressed(value: Node) -> Node | None:
    """What ``&`` is applied to."""
    taken = value.kind == "pointer_expression" and value.text[:1] == b"&"
    return value.child("argument") if taken else None


def _depends(call: Node, place: str = "") -> bool:
    """Whether a condition that is not about the member itself leads to the call."""
    name = place.rpartition(".")[2].partition("[")[0]
    node = call.parent
    while node is not None and node.kind != "function_definition":
        test = node.child("condition") if node.kind == "if_statement" else None
        if test is not None and not (name and re.search(rf"\b{name}\b", test.str)):
            return True
        node = node.parent
    return False


def called(call: Node) -> tuple[str, list[Node]]:
    """The plain name that is called, and the arguments; an empty name where there is none."""
    callee, given = call.child("function"), call.child("arguments")
    if call.kind != "call_expression" or callee is None or given is None:
        return "", []
    return callee.str, [each for each in given.named if each.kind != "comment"]


def bodies(extension: Extension, routine: Routine | None, base: str = "") -> list[Body]:
    """Of a function that gets the instance first, and of all that it hands it to."""
    found: dict[tuple[int, int, bool], Body] = {}
    pending: list[tuple[Routine | None, int, bool]] = [(routine, 0, True)]
    while pending:
        routine, position, always = pending.pop()
        for definition in routine.definitions if routine is not None else ():
            key = (id(definition), position, always)
            body = _body(extension, definition, position) if key not in found else None
            if body is not None:
                found[key] = replace(body, base=base, always=always)
                pending += _followed(extension, found[key])
    return list(found.values())


def reached(extension: Extension, routine: Routine | None) -> list[Body]:
    """Of a function and of all that it calls; any pointer counts as that to the instance."""
    found: dict[int, Body] = {}
    pending = [routine]
    while pending:
        routine = pending.pop()
        for definition in routine.definitions if routine is not None else ():
            node = _node(extension, definition)
            if node is not None and id(definition) not in found:
                found[id(definition)] = Body(definition, node, frozenset())
                pending += [
                    extension.routines[use.symbol]
                    for use in extension.uses_inside(definition)
                    if use.called and use.symbol in extension.routines
                ]
    return list(found.values())


def _node(extension: Extension, definition: Definition) -> Node | None:
    if definition.macro is None:
        return definition.node
    return extension.files[definition.path].macro_body(definition.macro)


def _body(extension: Extension, definition: Definition, position: int) -> Body | None:
    node = _node(extension, definition)
    given = definition.parameters[position].name if position < len(definition.parameters) else None
    if node is None or given is None:
        return None
    body = Body(definition, node, frozenset({given}))
    body = Body(definition, node, body.names | _nicknames(extension, body))
    for each in node.of_kind("init_declarator", "assignment_expression"):
        left = each.child("declarator") or each.child("left")
        value = each.child("value") or each.child("right")
        if left is not None and value is not None and body.is_instance(value):
            name = left.str.lstrip("* ")
            if name.isidentifier():
                body = Body(definition, node, body.names | {name})
    return body


def _nicknames(extension: Extension, body: Body) -> set[str]:
    """Macros without arguments that stand for the instance."""
    used = {use.symbol for use in extension.uses_inside(body.definition)}
    return {
        definition.name
        for key in used & extension.routines.keys()
        for definition in extension.routines[key].definitions
        if definition.is_macro and not definition.parameters
        if (node := _node(extension, definition)) is not None and body.is_instance(_sole(node))
    }


def _sole(node: Node) -> Node:
    """The expression that a macro's body is, which is parsed as if the macro were declared."""
    values = [each.child("value") for each in node.of_kind("init_declarator")]
    return values[0] if len(values) == 1 and values[0] is not None else node


def _followed(extension: Extension, body: Body) -> Iterator[tuple[Routine | None, int, bool]]:
    """(function or macro, position of the instance among the arguments, whether always)."""
    path = body.definition.path
    for call, callee, given in body.calls():
        always = body.always and not _depends(call)
        for position, each in enumerate(given):
            if body.is_instance(each):
                yield extension.routine_named(callee, path), position, always
                yield extension.routine_named(f"#{callee}", path), position, always
