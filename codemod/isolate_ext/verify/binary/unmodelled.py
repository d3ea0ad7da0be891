"""The binary against the source model: static storage that the model does not know of."""

from __future__ import annotations

from collections.abc import Iterator

from isolate_ext.model.entities import Variable
from isolate_ext.model.extension import Extension
from isolate_ext.verify.binary.records import Inventory, Static

ANY = "*"
"""The function of a variable that a macro declares: it is local to whoever uses the macro."""

Where = tuple[str, str, str]
"""The file, the function ("" at file scope, or ANY) and the name of a variable."""


def unmodelled(found: Inventory, extension: Extension) -> tuple[Static, ...]:
    """Variables that hold an object or a type, or can be written to, and that the model lacks.

    They are matched by file, function and name, so the inventory's tree must be rooted where the
    model's files are, and what macros make is known once `spelled_out` wrote them out.  Of files
    that the model did not read, only those variables are missed that hold an object.
    """
    known = modelled(extension)
    return tuple(
        each
        for each in found.variables
        if each.own
        and (each.holds.object or (each.mutable and each.place.path in extension.files))
        and known.isdisjoint(names(each))
    )


def modelled(extension: Extension) -> frozenset[Where]:
    """Where the model knows of a variable with static storage."""
    return frozenset(it for each in extension.variables.values() for it in places(each))


def places(variable: Variable) -> Iterator[Where]:
    """Where the source defines or declares a variable."""
    function = variable.function
    scope = "" if function is None else ANY if function.is_macro else function.name
    for each in (*variable.definitions, *variable.declarations):
        yield each.path, scope, variable.name


def names(each: Static) -> tuple[Where, Where]:
    """Where the source may have a variable of the binary."""
    path = each.place.path
    return (path, each.function or "", each.name), (path, ANY, each.name)
