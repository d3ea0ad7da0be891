"""Post-conditions of a migrated module (handbook section 6, items 1 to 3 and 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.engine import Output, Violation
from isolate_ext.model.calls import uncalled
from isolate_ext.model.entities import Definition
from isolate_ext.model.init import module_inits
from isolate_ext.model.roles import Called, roles
from isolate_ext.placement.decisions import StateField
from isolate_ext.placement.own_hooks import HOOKS, called_from
from isolate_ext.placement.teardown import teardown_closure
from isolate_ext.syntax import Parsed

_GONE = ("PyModule_Create", "PyModule_Create2", "PyState_FindModule", "PyState_AddModule",
         "PyState_RemoveModule")  # fmt: skip
_RETURN = re.compile(rb"\{\s*return\s+PyModuleDef_Init\s*\(\s*&\s*\w+\s*\)\s*;\s*\}")


def verify_init(output: Output) -> Iterator[Violation]:
    """`PyInit_name` is one return; nothing single-phase is left.

    An init function that had slots before is not ours.
    """
    if output.before.init.multi_phase:
        return
    idle = uncalled(output.extension)
    for path, parsed in output.extension.files.items():
        for name in _GONE:
            for offset in _live(parsed, name, idle):
                yield Violation("single-phase-init", path, offset, f"{name} is still called")
    for init in module_inits(output.extension):
        if not _RETURN.fullmatch(body_of(output, init.entry)):
            yield Violation(
                "single-phase-init",
                init.entry.path,
                init.entry.start,
                f"{init.entry.name} does more than return its definition",
            )


def verify_hooks(output: Output) -> Iterator[Violation]:
    """What the state owns is visited and cleared, each member in every hook."""
    found = {name: _hook(output, name) for name in HOOKS}
    for field in output.before.fields.values():
        for member in _members(field) if field.owned else ():
            for hook, macro in HOOKS.items():
                body = found[hook]
                callee = rf"(?:{macro}|visit)" if hook == "m_traverse" else macro
                if not re.search(rf"\b{callee}\s*\([^;]*->\s*{member}\s*[,)]", body):
                    home = output.before.init.creator
                    yield Violation(
                        "module-hooks",
                        home.path,
                        0,
                        f"{hook} leaves out {field.name}",
                        field.symbol,
                    )


def verify_teardown(output: Output) -> Iterator[Violation]:
    """No lookup by definition in what runs while an instance or the module is destroyed."""
    extension, names = output.extension, output.before.names
    found = {
        key: roles(extension, routine)
        for key, routine in extension.routines.items()
        if not routine.is_macro
    }
    wanted = re.compile(
        rf"\b({names.type_accessor}|{names.operand_accessor}|PyType_GetModuleByDef)\s*\(".encode()
    )
    for key in teardown_closure(extension, found):
        routine = extension.routines[key]
        if routine.name in (names.type_accessor, names.operand_accessor):
            continue
        for definition in routine.definitions:
            if wanted.search(body_of(output, definition)):
                yield Violation(
                    "state-access",
                    definition.path,
                    definition.start,
                    f"{definition.name} may run in teardown, and finds the state by definition",
                )


def body_of(output: Output, definition: Definition) -> bytes:
    return output.extension.files[definition.path].source.data[slice(*definition.body)]


def _members(field: StateField) -> Iterator[str]:
    tail = r"\[\w+\]" * len(field.arrays)
    for member in field.members or ("",):
        path = re.escape(member).replace(re.escape("[*]"), r"\[\w+\]")
        yield re.escape(field.name) + tail + path


def _hook(output: Output, field: str) -> str:
    """The bodies of the module's hook, and of what it calls."""
    extension = output.extension
    routines = {
        key
        for routine in extension.routines.values()
        if not routine.is_macro
        and any(r.called is Called.HOOK and r.slot == field for r in roles(extension, routine))
        for key in called_from(extension, routine)
    }
    definitions = (each for key in routines for each in extension.routines[key].definitions)
    return "".join(body_of(output, each).decode("latin-1") for each in definitions)


def _live(parsed: Parsed, name: str, idle: frozenset[str]) -> Iterator[int]:
    """Where a name occurs in code that Python 3 compiles, but for macros that nothing uses."""
    for offset in parsed.occurrences(name) if name in parsed.names() else ():
        define = parsed.define_at(offset)
        if define is not None and f"{parsed.source.path}:#{define.name}" in idle:
            continue
        if all(each.verdict is not False for each in parsed.conditions(offset)):
            yield offset
