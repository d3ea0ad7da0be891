"""The hooks that a module has already, and what they do with its members (patterns 5 and 6)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from isolate_ext.model.entities import Definition, Routine, Use, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.init import ModuleInit
from isolate_ext.model.initialisers import fields_of
from isolate_ext.placement.refcounts import any_index, place
from isolate_ext.placement.writes import part
from isolate_ext.syntax import Node

HOOKS = {"m_traverse": "Py_VISIT", "m_clear": "Py_CLEAR", "m_free": "Py_CLEAR"}
"""What each hook does with a member."""

_RELEASES = frozenset({"Py_DECREF", "Py_XDECREF"})


def own_hooks(extension: Extension, init: ModuleInit) -> dict[str, Routine]:
    """The functions that the module definition names, by its field."""
    found: dict[str, Routine] = {}
    home = init.def_declaration
    if home is None:
        return found
    for entry in fields_of(extension.files[home.path], home):
        if entry.field in HOOKS and not entry.empty:
            routine = extension.routine_named(strip_casts(entry.value).str, home.path)
            if routine is not None and routine.definitions and not routine.is_macro:
                found[entry.field] = routine
    return found


def completed_hooks(extension: Extension, init: ModuleInit) -> dict[str, Routine]:
    """Those that new members are added to: `m_free` only where it leaves `m_clear` out."""
    found = own_hooks(extension, init)
    clear, free = found.get("m_clear"), found.get("m_free")
    if clear is not None and free is not None and clear.key in called_from(extension, free):
        del found["m_free"]
    return found


def called_from(extension: Extension, routine: Routine) -> set[str]:
    """The function, and all functions and macros that it names, and those that they name."""
    pending, found = [routine.key], set[str]()
    while pending:
        key = pending.pop()
        if key not in found:
            found.add(key)
            pending += [
                use.symbol
                for definition in extension.routines[key].definitions
                for use in extension.uses_inside(definition)
                if use.symbol in extension.routines
            ]
    return found


def handled(
    extension: Extension, routine: Routine, definition: Definition, field: str
) -> set[tuple[str, str]]:
    """What one definition of a hook visits or clears by itself: symbols, and which part of each."""
    callees = {HOOKS[field]}
    if field == "m_traverse" and len(definition.parameters) > 1:
        callees.add(definition.parameters[1].name or "visit")
    others = called_from(extension, routine) - {routine.key}
    definitions = [definition, *(d for key in others for d in extension.routines[key].definitions)]
    return {
        (use.symbol, any_index(place(whole)[len(node.str) :]))
        for each in definitions
        for use, node, whole, callee in _given(extension, each)
        if callee.str in callees
    }


def raw_releases(
    extension: Extension, init: ModuleInit, symbols: Collection[str]
) -> Iterator[tuple[Use, Node]]:
    """Uses in the hooks that release a member and leave the pointer, and the callee of each."""
    hooks = own_hooks(extension, init)
    routines = {
        key
        for field in ("m_clear", "m_free")
        if field in hooks
        for key in called_from(extension, hooks[field])
    }
    for key in sorted(routines):
        for definition in extension.routines[key].definitions:
            for use, _, _, callee in _given(extension, definition):
                if use.symbol in symbols and callee.str in _RELEASES:
                    yield use, callee


def _given(extension: Extension, definition: Definition) -> Iterator[tuple[Use, Node, Node, Node]]:
    """Uses that are arguments of a call: the name, the part of it that is given, and the callee."""
    for use in extension.uses_inside(definition):
        node = use.node
        if node is None or use.symbol not in extension.variables:
            continue
        whole, address = part(node)
        arguments = whole.parent
        if arguments is None or arguments.kind != "argument_list" or address:
            continue
        callee = arguments.parent.child("function") if arguments.parent is not None else None
        if callee is not None:
            yield use, node, whole, callee
