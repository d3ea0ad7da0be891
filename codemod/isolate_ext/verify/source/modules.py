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
    hooks = {name: _Hook(extension, module, fields[name]) for name in HOOKS if name in fields}
    members = owned & {member for each in hooks.values() for member in each.surely()}
    for name, each in hooks.items():
        for member in sorted(members - each.maybe()):
            yield f"{fields[name].text} leaves out {member[1:]}"


class _Hook:
    """What the collector is shown, or what is released, by a hook and all that it calls."""

    def __init__(self, extension: Extension, module: Variable, hook: Entry) -> None:
        name = hook.text.rpartition(")")[2].strip()
        routine = extension.routine_named(name, module.home.path)
        self.bodies = reached(extension, routine)
        self.visits = hook.field == VISITOR

    def surely(self) -> set[str]:
        if self.visits:
            return {member for each in self.bodies for member in each.visited()}
        return {each.place(value) for each in self.bodies for _, value in each.releases()}

    def maybe(self) -> set[str]:
        """With what is released under another name."""
        handed = {member for each in self.bodies for member in each.handed_on()}
        return self.surely() | (set() if self.visits else handed)
