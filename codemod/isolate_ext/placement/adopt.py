"""A state struct that the extension has already (handbook pattern 3)."""

from __future__ import annotations

import re

from isolate_ext.model.entities import CType, Definition, Kind, Struct, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.init import ModuleInit, state_struct
from isolate_ext.placement.decisions import Adopted


def adopted_state(extension: Extension, init: ModuleInit) -> Adopted | None:
    """The struct that `m_size` is the size of, with the macros and functions that find it."""
    name = state_struct(extension, init)
    struct = extension.structs.struct(CType(name)) if name is not None else None
    if struct is None or name is None:
        return None
    finding = re.compile(rf"\bPyState_FindModule\b{_or_global(extension, init)}")
    accessors: set[str] = set()
    getters: set[str] = set()
    module_accessor = None
    bodies = {
        routine.key: [_body(extension, each) for each in routine.definitions]
        for routine in extension.routines.values()
    }
    for routine in extension.routines.values():
        texts = bodies[routine.key]
        if any("PyModule_GetState" in text for text in texts) and not any(
            finding.search(text) for text in texts
        ):
            if _returns_state(extension, routine.definitions, texts, struct):
                getters.add(routine.name)
            if _takes_module(routine.definitions[0], struct):
                module_accessor = routine.name
    for routine in extension.routines.values():
        texts = bodies[routine.key]
        if routine.key in {each.routine for each in init.chain}:
            continue
        if any(finding.search(text) for text in texts) and (
            _finds(routine.definitions, struct, texts)
            or (getters and all(re.match(rf"\(*({'|'.join(getters)})\s*\(", t) for t in texts))
        ):
            accessors.add(routine.key)
    return Adopted(
        struct, name, frozenset(accessors), module_accessor, _singleton(extension, struct)
    )


def module_global(extension: Extension, init: ModuleInit) -> Variable | None:
    """The global in which the init function keeps the module it makes."""
    if init.module_variable is None or init.create_call is None:
        return None
    variable = extension.variable_named(init.module_variable, init.creator.path)
    if variable is None or variable.function is not None:
        return None
    used = any(use.inside is init.creator for use in extension.uses_of(variable.key))
    return variable if used else None


def _or_global(extension: Extension, init: ModuleInit) -> str:
    variable = module_global(extension, init)
    return rf"|\b{variable.name}\b" if variable is not None else ""


def _body(extension: Extension, definition: Definition) -> str:
    start, end = definition.body
    return extension.files[definition.path].source.data[start:end].decode("latin-1")


def _finds(definitions: list[Definition], struct: Struct, texts: list[str]) -> bool:
    """Its value is the state: a cast to the struct, or a function that returns a pointer to it."""
    for definition, text in zip(definitions, texts, strict=True):
        if definition.is_macro:
            if any(
                f"{name} *" in " ".join(text.split()) or f"{name}*" in text for name in struct.names
            ):
                return True
            if "PyModule_GetState" in text:
                return True
        elif definition.node is not None:
            kind = definition.node.child("type")
            if kind is not None and " ".join(kind.str.split()) in struct.names:
                return True
    return False


def _returns_state(
    extension: Extension, definitions: list[Definition], texts: list[str], struct: Struct
) -> bool:
    return _finds(definitions, struct, texts)


def _takes_module(definition: Definition, struct: Struct) -> bool:
    if definition.is_macro or definition.node is None or len(definition.parameters) != 1:
        return False
    kind = definition.node.child("type")
    parameter = definition.parameters[0].ctype
    return (
        kind is not None
        and " ".join(kind.str.split()) in struct.names
        and parameter.base == "PyObject"
        and parameter.pointers == 1
    )


def _singleton(extension: Extension, struct: Struct) -> Variable | None:
    for variable in extension.variables.values():
        if (
            variable.ctype.base in struct.names
            and not variable.ctype.pointers
            and (variable.kind in (Kind.PLAIN, Kind.OBJECT_STRUCT))
        ):
            return variable
    return None
