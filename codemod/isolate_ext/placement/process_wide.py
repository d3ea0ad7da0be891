"""Hooks of the process: functions put into variables that are not the extension's own (pattern 84).

A C library, or the interpreter itself, keeps one such pointer for all interpreters; no copy of the
module can have it to itself.  So one module of a process is loaded (pattern 10), and what is hooked
finds the state through that one.
"""

from __future__ import annotations

from collections.abc import Iterator

from isolate_ext.model.declarators import local_names
from isolate_ext.model.entities import CType, Definition, Kind, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.init import ModuleInit, module_inits
from isolate_ext.model.remembered import remembered
from isolate_ext.model.roles import Called, Role, roles
from isolate_ext.model.shapes import is_number
from isolate_ext.placement.decisions import Level, Stay
from isolate_ext.placement.refusals import Reason, Refusal

_OPTED_OUT = b"Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED"
_SIGNALS = frozenset({"signal", "bsd_signal", "sigset", "PyOS_setsig"})
_SIGNAL_MEMBERS = ("sa_handler", "sa_sigaction")


@remembered
def hooks(extension: Extension) -> tuple[Refusal, ...]:
    """What a module that may be loaded twice is refused for: each function that is hooked in."""
    return tuple(
        _hook(extension, key, role)
        for key, role in _handed_out(extension)
        if role.called is Called.STORED and _foreign(extension, role)
    )


def is_owner(extension: Extension, init: ModuleInit) -> bool:
    """Whether the module is to be loaded once, as it has no slots that say otherwise yet."""
    return bool(hooks(extension)) and not init.multi_phase and init.def_declaration is not None


def owned_hooks(extension: Extension, init: ModuleInit) -> tuple[Refusal, ...]:
    """Those for which the module is loaded once."""
    return hooks(extension) if is_owner(extension, init) else ()


def loose_hooks(extension: Extension, init: ModuleInit) -> tuple[Refusal, ...]:
    """Those of a module that may be loaded twice, and stays so."""
    return () if is_owner(extension, init) or _opts_out(extension, init) else hooks(extension)


def loaded_once(extension: Extension) -> tuple[str, ...]:
    """What a module hooks into the process that opts out for it, and is loaded once."""
    return tuple(
        each.message
        for init in module_inits(extension)
        if _opts_out(extension, init) and _flag(extension, init) is not None
        for each in hooks(extension)
    )


def owner_stays(extension: Extension, init: ModuleInit) -> dict[str, Stay]:
    """What is static in a module that is loaded once: its flag, and what signal handlers name."""
    stays = {}
    done = _opts_out(extension, init) and bool(hooks(extension))
    flag = _flag(extension, init) if _opts_out(extension, init) else None
    if flag is not None:
        why = "it names the one module that is loaded"
        stays[flag.key] = Stay(flag.key, Level.RUNTIME, why, True)
    for key in _of_signals(extension) if done or is_owner(extension, init) else ():
        why = "a signal handler uses it, and the process has one"
        stays[key] = Stay(key, Level.PROCESS, why, True)
    return stays


def bail_out(extension: Extension, definition: Definition) -> str | None:
    """How a hook returns that has nobody to work for; None where its result has no zero."""
    node = definition.node
    kind, declarator = (node.child("type"), node.child("declarator")) if node else (None, None)
    if kind is None or declarator is None:
        return None
    if declarator.kind == "pointer_declarator":
        return "return NULL;"
    ctype = extension.structs.resolve(CType(kind.str))
    if ctype.pointers:
        return "return NULL;"
    if ctype.base == "void":
        return "return;"
    return "return 0;" if is_number(ctype.base) else None


def _opts_out(extension: Extension, init: ModuleInit) -> bool:
    """Whether the slots of a module say that it does not bear several interpreters."""
    slots = init.slots
    if slots is None:
        return False
    return _OPTED_OUT in extension.files[slots.path].source.data[slots.start : slots.end]


def _flag(extension: Extension, init: ModuleInit) -> Variable | None:
    """What the exec function gives the module to, and what names it from then on."""
    for use in extension.uses_inside(init.creator):
        assignment = use.node.parent if use.node is not None else None
        variable = extension.variables.get(use.symbol)
        if variable is None or assignment is None or assignment.kind != "assignment_expression":
            continue
        right = assignment.child("right")
        if right is not None and right.str == init.module_variable:
            return variable
    return None


def _of_signals(extension: Extension) -> Iterator[str]:
    """Keys of the plain variables that signal handlers name."""
    for key, role in _handed_out(extension):
        if role.slot in _SIGNALS or role.slot.endswith(_SIGNAL_MEMBERS):
            for definition in extension.routines[key].definitions:
                for use in extension.uses_inside(definition):
                    variable = extension.variables.get(use.symbol)
                    if variable is not None and variable.kind is Kind.PLAIN:
                        yield use.symbol


def _handed_out(extension: Extension) -> Iterator[tuple[str, Role]]:
    for key, routine in extension.routines.items():
        for role in roles(extension, routine) if not routine.is_macro else ():
            yield key, role


def _hook(extension: Extension, key: str, role: Role) -> Refusal:
    use, name = role.use, extension.routines[key].name
    text = f"{name} is hooked into {role.slot}, which the whole process shares"
    return Refusal("load-once", Reason.PROCESS_WIDE, use.path, use.start, use.end, text, key)


def _foreign(extension: Extension, role: Role) -> bool:
    inside = role.use.inside
    if inside is None or inside.node is None or not role.slot.isidentifier():
        return False
    if role.use.holder is not None:
        return False
    if role.slot in local_names(extension.files[inside.path], inside.node):
        return False
    if role.slot in {parameter.name for parameter in inside.parameters}:
        return False
    variable = extension.variable_named(role.slot, role.use.path)
    return variable is None or not variable.definitions
