"""Macros that are defined inside of a function and used there only: they are part of its body."""

from __future__ import annotations

from msgspec.structs import replace

from isolate_ext.model.entities import Definition, Routine
from isolate_ext.model.extension import Extension


def place_in_functions(extension: Extension) -> None:
    """Let what such macros use be used by the function itself; it sees all that is in scope."""
    homes = _homes(extension)
    for key, uses in extension.uses.items():
        extension.uses[key] = [
            replace(use, inside=homes[use.inside.routine])
            if use.inside is not None and use.inside.routine in homes
            else use
            for use in uses
        ]


def _homes(extension: Extension) -> dict[str, Definition]:
    """Per macro the function it is local to: the greatest set that holds together."""
    homes = {}
    for routine in extension.routines.values():
        home = _around(extension, routine) if routine.is_macro else None
        if home is not None and routine.key not in extension.fenced:
            homes[routine.key] = home
    while True:
        kept = {
            key: home
            for key, home in homes.items()
            if all(
                use.inside is home
                or (use.inside is not None and homes.get(use.inside.routine) is home)
                for use in extension.uses_of(key)
            )
        }
        if kept == homes:
            return homes
        homes = kept


def _around(extension: Extension, macro: Routine) -> Definition | None:
    """The one function whose body holds every definition of a macro."""
    found = {extension.function_at(each.path, each.start) for each in macro.definitions}
    return found.pop() if len(found) == 1 else None
