"""Where identifiers go: calls of the C API, and parameters of own functions that pass them on."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from isolate_ext.capi.identifiers import FORMATTED, TAKES_IDENTIFIER, ByName
from isolate_ext.model.calls import made_by
from isolate_ext.model.entities import CType, Definition, Identifier, Routine, Use
from isolate_ext.model.expressions import local_type
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node

_NO_ARGUMENTS = ("NULL", '""', '"()"')


class Sink(msgspec.Struct, frozen=True, eq=False):
    """A call that gets an identifier as ``argument``: an address, or a parameter's name.

    ``by`` says what the call is without identifiers, None for a function of the extension's own;
    ``bare`` is the format that says that there are no further arguments.
    """

    path: str
    inside: Definition
    argument: Node
    call: Node
    by: ByName | None
    identifier: Identifier | None
    use: Use | None = None
    bare: Node | None = None


class IdentifierFlow(msgspec.Struct):
    """All sinks of the identifiers and parameters that nothing else knows.

    ``parameters`` are (routine, index) of own functions that take identifiers, ``stuck`` tells per
    identifier why it has to stay one.
    """

    sinks: list[Sink] = msgspec.field(default_factory=list)
    parameters: set[tuple[str, int]] = msgspec.field(default_factory=set)
    stuck: dict[str, str] = msgspec.field(default_factory=dict)
    joined: list[tuple[str, str]] = msgspec.field(default_factory=list)

    def spread(self) -> None:
        """What shares a parameter with something that has to stay has to stay, too."""
        changed = True
        while changed:
            changed = False
            for one, other in (*self.joined, *((b, a) for a, b in self.joined)):
                if one in self.stuck and other not in self.stuck:
                    self.stuck[other] = self.stuck[one]
                    changed = True


def identifier_flow(extension: Extension) -> IdentifierFlow:
    """Follow every identifier of an extension."""
    flow = IdentifierFlow()
    for key, identifier in extension.identifiers.items():
        why = _hidden(extension, key, identifier)
        if why is not None:
            flow.stuck[key] = why
        for use in extension.uses_of(key):
            address = use.address_of
            if address is None or use.inside is None or use.path in extension.generated:
                flow.stuck.setdefault(key, "its address is not taken in a function")
            else:
                _sink(extension, flow, key, (use.path, use.inside, address), identifier, use)
    flow.spread()
    return flow


def _hidden(extension: Extension, key: str, identifier: Identifier) -> str | None:
    if key in extension.fenced:
        return "it is used in code that was not parsed"
    if not extension.uses_of(key):
        return "nothing uses it"
    if any(made_by(extension, each, identifier.variable.name) for each in extension.pasted):
        return "## may make its name"
    return None


def _sink(
    extension: Extension, flow: IdentifierFlow, key: str, where: tuple[str, Definition, Node],
    identifier: Identifier | None, use: Use | None,
) -> None:  # fmt: skip
    """Note the call that an expression is an argument of, through parentheses and choices."""
    path, inside, argument = where
    node = argument
    while node.parent is not None and (
        node.parent.kind == "parenthesized_expression"
        or (node.parent.kind == "conditional_expression" and node.field != "condition")
    ):
        node = node.parent
    arguments = node.parent
    call = arguments.parent if arguments is not None else None
    callee = call.child("function") if call is not None else None
    if arguments is None or call is None or callee is None or arguments.kind != "argument_list":
        flow.stuck.setdefault(key, f"it is no plain argument in {inside.name}")
        return
    given = [each for each in arguments.named if each.kind != "comment"]
    index = next(i for i, each in enumerate(given) if each is node)
    own = _own(extension, callee.str, path)
    by = TAKES_IDENTIFIER.get(callee.str) if own is None else None
    if own is not None and not own.is_macro:
        flow.sinks.append(Sink(path, inside, argument, call, None, identifier, use))
        _enter(extension, flow, key, own, index)
        return
    if by is None or by.position != index or (by.by_object is None and identifier is None):
        flow.stuck.setdefault(key, f"{callee.str} takes it, and nothing public does the same")
        return
    bare = None
    if callee.str == FORMATTED and len(given) > 2 and given[2].str in _NO_ARGUMENTS:
        bare = given[2]
        by = ByName(1, "PyObject_CallMethodNoArgs", by.by_string)
    flow.sinks.append(Sink(path, inside, argument, call, by, identifier, use, bare))


def _own(extension: Extension, name: str, path: str) -> Routine | None:
    """A function or macro of the extension's own that Python 3 compiles."""
    for each in (f"#{name}", name):
        routine = extension.routine_named(each, path)
        if routine is not None and any(
            all(c.verdict is not False for c in definition.conditions)
            for definition in routine.definitions
        ):
            return routine
    return None


def _enter(
    extension: Extension, flow: IdentifierFlow, key: str, routine: Routine, index: int
) -> None:
    """The identifier becomes a parameter: of every definition, and followed there."""
    parameter = f"{routine.key}:{index}"
    flow.joined.append((key, parameter))
    if (routine.key, index) in flow.parameters:
        return
    flow.parameters.add((routine.key, index))
    lists = [each.parameters for each in routine.definitions]
    lists += [each.parameters for each in routine.prototypes]
    if not all(index < len(each) and _takes(each[index].ctype) for each in lists) or any(
        not use.called or use.inside is None for use in extension.uses_of(routine.key)
    ):
        flow.stuck[parameter] = f"{routine.name} takes it as something else, or is handed out"
        return
    for other in _other_arguments(extension, flow, routine, index):
        flow.stuck[parameter] = f"{routine.name} is also called with {other}"
    for definition in routine.definitions:
        for node in _named(definition, index):
            where = (definition.path, definition, node)
            _sink(extension, flow, parameter, where, None, None)


def _takes(ctype: CType) -> bool:
    return ctype.base.removeprefix("struct ") == "_Py_Identifier" and ctype.pointers == 1


def _named(definition: Definition, index: int) -> Iterator[Node]:
    name = definition.parameters[index].name
    body = definition.node.child("body") if definition.node is not None else None
    for node in body.of_kind("identifier") if body is not None and name is not None else ():
        if node.str == name:
            yield node


def _other_arguments(
    extension: Extension, flow: IdentifierFlow, routine: Routine, index: int
) -> Iterator[str]:
    """Arguments that are no identifiers; parameters among them are followed to their origin."""
    for use in extension.uses_of(routine.key):
        arguments = use.call.child("arguments") if use.call is not None else None
        given = [each for each in arguments.named if each.kind != "comment"] if arguments else []
        if index >= len(given) or use.inside is None:
            yield "fewer arguments"
            continue
        for each in _choices(given[index]):
            name = each.child("argument") if each.kind == "pointer_expression" else None
            if name is not None and _is_identifier(extension, name, use):
                continue
            own = [i for i, p in enumerate(use.inside.parameters) if p.name == each.str]
            if not own or not _is_parameter(extension, use.inside, each):
                yield each.str
                continue
            caller = extension.routines[use.inside.routine]
            _enter(extension, flow, f"{routine.key}:{index}", caller, own[0])


def _choices(node: Node) -> Iterator[Node]:
    if node.kind == "parenthesized_expression":
        yield from _choices(node.named[0])
    elif node.kind == "conditional_expression":
        for arm in (node.child("consequence"), node.child("alternative")):
            if arm is not None:
                yield from _choices(arm)
    else:
        yield node


def _is_parameter(extension: Extension, inside: Definition, node: Node) -> bool:
    found = local_type(extension, inside, node.str, node.start)
    return node.kind == "identifier" and found is not None and _takes(found)


def _is_identifier(extension: Extension, name: Node, use: Use) -> bool:
    return any(
        each.start == name.start and each.path == use.path
        for key in extension.identifiers
        for each in extension.uses_of(key)
    )
