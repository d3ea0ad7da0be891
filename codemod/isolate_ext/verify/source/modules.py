"""What the module state owns: visited, cleared and freed by its hooks (section 6, item 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from isolate_ext.model.entities import CType, Entry, Kind, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.initialisers import fields_of
from isolate_ext.verify.source.bodies import reached

_SIZE = re.compile(r"sizeof\s*\(\s*((?:struct\s+)?\w+)\s*\)")
VISITOR, CLEARER, FREER = HOOKS = ("m_traverse", "m_clear", "m_free")


def findings(extension: Extension) -> Iterator[str]:
    """One line for each mistake in the hooks of a module."""
    for module in extension.of_kind(Kind.MODULE_DEF):
        fields = {
            each.field: each
            for each in fields_of(extension.files[module.home.path], module.home)
            if not each.empty
        }
        yield from _hooks(extension, module, fields)


def _hooks(extension: Extension, module: Variable, fields: Mapping[str, Entry]) -> Iterator[str]:
    size = _SIZE.fullmatch(fields["m_size"].text) if "m_size" in fields else None
    owned = set(extension.structs.object_members(CType(size[1]))) if size is not None else set()
    for name in HOOKS:
        if owned and name not in fields and "m_slots" in fields:
            yield f"{module.name} has no {name}, and its state holds objects"
    done = {
        name: _members(extension, module, fields[name]) & owned for name in HOOKS if name in fields
    }
    for name, members in done.items():
        others = set().union(*done.values())
        for member in sorted(others - members):
            yield f"{fields[name].text} leaves out {member[1:]}"


def _members(extension: Extension, module: Variable, hook: Entry) -> set[str]:
    """What the collector is shown, or what is released, by a hook and all that it calls."""
    name = hook.text.rpartition(")")[2].strip()
    found = reached(extension, extension.routine_named(name, module.home.path))
    if hook.field == VISITOR:
        return {member for each in found for member in each.visited()}
    return {each.place(value) for each in found for _, value in each.releases()}
