"""C APIs in capsules: other extensions keep their tables, so nothing of a module may be in one.

Handbook pattern 64.  A table stays where it is for the life of the process.  It may hold functions
that need no state or find it by their arguments; a type that it holds stays static.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isolate_ext.model.entities import Kind
from isolate_ext.model.exports import Export, exports
from isolate_ext.model.extension import Extension
from isolate_ext.model.roles import Role
from isolate_ext.placement.decisions import Level, Stay
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.placement.writes import writes


class Exported:
    """The tables of an extension that capsules hand out, and what must stay because of them."""

    def __init__(self, extension: Extension) -> None:
        self._extension = extension
        self._exports = exports(extension)
        self._types = {
            type_.key: export
            for type_ in extension.of_kind(Kind.TYPE)
            for export in self._exports
            if any(export.holds(use) for use in extension.uses_of(type_.key))
        }
        self._stranded: dict[Export, list[str]] = {}
        self._following: dict[Export, list[str]] = {}

    @property
    def kept(self) -> set[str]:
        """The keys of tables and types that keep static storage."""
        tables = {e.variable.key for e in self._exports if e.variable is not None}
        return tables | self._types.keys()

    def strands(self, name: str, roles: Sequence[Role]) -> bool:
        """Whether a table keeps a function from the state: it holds the function, or its type."""
        for export in self._exports:
            if any(export.holds(role.use) for role in roles):
                self._stranded.setdefault(export, []).append(name)
                return True
        owners = [owner for role in roles for owner in role.owners]
        if owners and all(owner in self._types for owner in owners):
            self._following.setdefault(self._types[owners[0]], []).append(name)
            return True
        return False

    def stays(self) -> Iterator[Stay]:
        for export in self._exports:
            variable = export.variable
            if variable is not None and variable.kind is not Kind.CONSTANT:
                yield Stay(variable.key, Level.PROCESS, "other extensions keep its address")

    def refusals(self) -> Iterator[Refusal]:
        """One for each table that is not fit to be shared by all copies of the module."""
        for export in self._exports:
            why = list(self._unfit(export))
            if why:
                yield Refusal(
                    "state-access",
                    Reason.EXPORTED,
                    export.path,
                    export.start,
                    export.end,
                    f"other extensions may keep {export.name} for good, but {', and '.join(why)}",
                    export.variable.key if export.variable is not None else "",
                    tuple(self._chain(export)),
                )

    def _chain(self, export: Export) -> Iterator[str]:
        for key in self._held(export):
            yield f"{key} stays a static type"
        for name in self._following.get(export, ()):
            yield f"{name} uses the static state"

    def _held(self, export: Export) -> list[str]:
        return [key for key, holder in self._types.items() if holder is export]

    def _unfit(self, export: Export) -> Iterator[str]:
        held = [self._extension.variables[key].name for key in self._held(export)]
        if held:
            yield f"it holds {_some(held)}"
        elif self._filled(export):
            yield "it is filled each time that the module is made"
        stranded = self._stranded.get(export, [])
        if stranded:
            needs = "needs" if len(stranded) == 1 else "need"
            yield f"its {_some(stranded)} {needs} the module state"

    def _filled(self, export: Export) -> bool:
        return export.variable is not None and any(
            not (use.path == export.path and export.start <= use.start < export.end)
            for use in writes(self._extension, export.variable)
        )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
