"""The binary against the source model: static storage that the model does not know of."""

from __future__ import annotations

from isolate_ext.model.extension import Extension
from isolate_ext.verify.binary.records import Inventory, Static

ANY = "*"
"""The function of a variable that a macro declares: it is local to whoever uses the macro."""


def unmodelled(found: Inventory, extension: Extension) -> tuple[Static, ...]:
    """Variables that hold an object or a type, or can be written to, and that the model lacks.

    They are matched by file, function and name, so the inventory's tree must be rooted where the
    model's files are, and what macros make is known once `spelled_out` wrote them out.  Of files
    that the model did not read, only those variables are missed that hold an object.
    """
    known = _known(extension)
    return tuple(
        each
        for each in found.variables
        if each.own
        and (each.holds.object or (each.mutable and each.place.path in extension.files))
        and not known & _names(each)
    )


def _known(extension: Extension) -> set[tuple[str, str, str]]:
    known = set()
    for variable in extension.variables.values():
        function = variable.function
        scope = "" if function is None else ANY if function.is_macro else function.name
        for each in (*variable.definitions, *variable.declarations):
            known.add((each.path, scope, variable.name))
    return known


def _names(each: Static) -> set[tuple[str, str, str]]:
    path = each.place.path
    scopes = {ANY, each.function} if each.function is not None else {"", ANY}
    return {(path, scope, each.name) for scope in scopes}
