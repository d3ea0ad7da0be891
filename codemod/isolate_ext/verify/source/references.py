"""References that a function took and released before its migration, and does not any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from isolate_ext.capi.ownership import INCREF, NEW_REFERENCE, RELEASE
from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.types import spec_types, static_types
from isolate_ext.verify.source.bodies import called

TAKES = INCREF | NEW_REFERENCE
DOES = {
    **dict.fromkeys(TAKES, "takes"),
    **dict.fromkeys(RELEASE | {"Py_CLEAR"}, "releases"),
    "Py_VISIT": "visits",
    "PyModule_AddObjectRef": "takes",
}
ARGUMENT = {"PyModule_AddObjectRef": 2}
"""Which argument it is that a function does this with, where it is not the first."""


def findings(before: Extension, after: Extension) -> Iterator[str]:
    """One line for each reference to a local object or a member; globals become other things."""
    now, spare = _functions(after), _spare(before)
    for name, definition in _functions(before).items():
        if name in now and not name.startswith("PyInit_"):
            gone = _counted(before, definition) - _counted(after, now[name])
            for does, what in sorted(gone):
                if (does, what) not in spare.get(name, ()):
                    yield f"{name} {does} no reference to {what}, as it did"


def _spare(extension: Extension) -> dict[str, set[tuple[str, str]]]:
    """By tp_new function the references that it takes to the instance which it returns.

    With them nobody could let it go, so they may be left out.
    """
    found = {}
    for type_ in (*static_types(extension).values(), *spec_types(extension).values()):
        slot = type_.slot("tp_new")
        routine = extension.routine_named(slot.name, slot.path) if slot and slot.name else None
        for each in routine.definitions if routine is not None else ():
            returned = each.node.of_kind("return_statement") if each.node is not None else []
            names = {strip_casts(it.named[0]).str for it in returned if it.named}
            found[each.name] = {("takes", name) for name in names}
    return found


def _functions(extension: Extension) -> dict[str, Definition]:
    """Those that have one body, by name."""
    found = [each for path in extension.files for each in extension.functions(path)]
    times = Counter(each.name for each in found)
    return {each.name: each for each in found if times[each.name] == 1}


def _counted(extension: Extension, definition: Definition) -> Counter[tuple[str, str]]:
    """How often it does what with which object that is not a global one."""
    found: Counter[tuple[str, str]] = Counter()
    for call in definition.node.of_kind("call_expression") if definition.node is not None else ():
        callee, given = called(call)
        index = ARGUMENT.get(callee, 0)
        if callee in DOES and index < len(given):
            what = "".join(strip_casts(given[index]).str.split())
            root = what.lstrip("&*(").partition("->")[0].partition("[")[0].partition(".")[0]
            if not _is_static(extension, definition, root):
                found[DOES[callee], what] += 1
    return found


def _is_static(extension: Extension, definition: Definition, name: str) -> bool:
    """Whether a name means a variable with static storage, of a file or of the function."""
    own = f"{definition.path}:{definition.name}:{name}"
    return own in extension.variables or extension.variable_named(name, definition.path) is not None
