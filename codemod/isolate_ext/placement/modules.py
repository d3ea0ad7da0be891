"""How functions that only run during init name the module (handbook patterns 15 and 63)."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from isolate_ext.model.entities import Definition, Prototype, Routine, Use, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.init import ModuleInit, init_closure
from isolate_ext.model.type_makers import moduleless
from isolate_ext.syntax import Node

_MAKERS = frozenset({"PyType_FromSpec", "PyType_FromSpecWithBases"})


class Modules(msgspec.Struct):
    """``names`` says how a function calls the module; ``threaded`` take it as a new parameter."""

    names: dict[Definition, str] = msgspec.field(default_factory=dict)
    threaded: set[str] = msgspec.field(default_factory=set)
    parameter: str = "module"


def modules_at_hand(
    extension: Extension, init: ModuleInit, types: Collection[str], makers: Collection[str] = ()
) -> Modules:
    """The module in every function of init that makes types, and in all that lead there.

    ``makers`` are the keys of others that are to have it.
    """
    closure = init_closure(extension, init) - {each.routine for each in init.chain}
    routines = _helpers(extension, init)
    given = _given(extension, init, routines)
    found = Modules(parameter=_fresh(extension, closure))
    wanting = {*makers, *(each.inside.routine for each in moduleless(extension))}
    pending = [
        each.key for each in routines if each.key in wanting or _makes_types(extension, each, types)
    ]
    while pending:
        routine = extension.routines[pending.pop()]
        if routine.key in found.threaded or routine.definitions[0] in found.names:
            continue
        index = min((i for key, i in given if key == routine.key), default=None)
        for definition in routine.definitions:
            name = definition.parameters[index].name if index is not None else None
            found.names[definition] = name or found.parameter
        if index is None:
            found.threaded.add(routine.key)
            for use in extension.uses_of(routine.key):
                if use.inside is not None and use.inside.routine in closure:
                    pending.append(use.inside.routine)
    return found


def module_parameters(extension: Extension, init: ModuleInit) -> dict[Definition, str]:
    """What functions that only run during init call the module that every call hands them."""
    return {
        definition: name
        for key, index in _given(extension, init, _helpers(extension, init))
        for definition in extension.routines[key].definitions
        if definition.node is not None and (name := definition.parameters[index].name) is not None
    }


def _helpers(extension: Extension, init: ModuleInit) -> list[Routine]:
    """The functions that only run during init, but for those that lead to the module's creation."""
    closure = init_closure(extension, init) - {each.routine for each in init.chain}
    routines = [extension.routines[key] for key in sorted(closure)]
    return [each for each in routines if _editable(extension, each)]


def _editable(extension: Extension, routine: Routine) -> bool:
    places: list[Definition | Prototype] = [*routine.definitions, *routine.prototypes]
    return bool(routine.definitions) and not any(
        each.path in extension.generated for each in places
    )


def _makes_types(extension: Extension, routine: Routine, types: Collection[str]) -> bool:
    for definition in routine.definitions:
        calls = definition.node.of_kind("call_expression") if definition.node is not None else ()
        for node in calls:
            callee = node.child("function")
            if callee is not None and callee.str in _MAKERS:
                return True
            if (
                callee is not None
                and callee.str == "PyType_Ready"
                and any(
                    use.symbol in types and node.start <= use.start < node.end
                    for use in extension.uses_inside(definition)
                )
            ):
                return True
    return False


def _given(extension: Extension, init: ModuleInit, routines: list[Routine]) -> set[tuple[str, int]]:
    """(routine, index) of parameters that every call hands the module: the greatest such set."""
    given = {
        (routine.key, index)
        for routine in routines
        for index in range(min(len(d.parameters) for d in routine.definitions))
        if all(_is_object(d, index) for d in routine.definitions)
    }
    while True:
        kept = {
            (key, index)
            for key, index in given
            if all(_hands_module(init, given, use, index) for use in extension.uses_of(key))
        }
        if kept == given:
            return given
        given = kept


def _is_object(definition: Definition, index: int) -> bool:
    parameter = definition.parameters[index]
    plain = parameter.ctype.base == "PyObject" and parameter.ctype.pointers == 1
    return plain and parameter.name is not None and not parameter.unused


def _hands_module(init: ModuleInit, given: set[tuple[str, int]], use: Use, index: int) -> bool:
    arguments = use.call.child("arguments") if use.call is not None else None
    if arguments is None or use.inside is None or len(arguments.named) <= index:
        return False
    name = strip_casts(arguments.named[index]).str
    if use.inside is init.creator:
        return name == init.module_variable
    if _assigned(use.inside.node, name):
        return False
    return any(
        parameter.name == name and (use.inside.routine, position) in given
        for position, parameter in enumerate(use.inside.parameters)
    )


def _assigned(function: Node | None, name: str) -> bool:
    return any(
        (left := node.child("left")) is not None and left.str == name
        for node in (function.of_kind("assignment_expression") if function is not None else ())
    )


def _fresh(extension: Extension, closure: Collection[str]) -> str:
    """A name for the new parameter that none of these functions uses."""
    taken: set[str] = set()
    for key in closure:
        for definition in extension.routines[key].definitions:
            if definition.node is not None:
                taken |= {node.str for node in definition.node.of_kind("identifier")}
    for parsed in extension.files.values():
        taken |= {define.name for define in parsed.scan.defines}
    return next(
        name
        for name in ("module", "mod", "own_module", "init_module", "isolated_module")
        if name not in taken
    )
