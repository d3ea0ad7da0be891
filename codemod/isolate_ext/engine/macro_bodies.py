"""Functions whose whole body is a macro: `static PyObject *spam(PyObject *self) BODY(spam)`.

What goes to the entry of a function needs a brace to stand behind, so the body is written out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.engine.spelling import applied, expansion_at
from isolate_ext.model.entities import Definition
from isolate_ext.model.extension import Extension
from isolate_ext.placement.decisions import Decisions, RouteKind

_NAME = re.compile(rb"[A-Za-z_]\w*")


def written_bodies(extension: Extension, decisions: Decisions) -> dict[str, bytes]:
    """Files with the bodies written out of the functions to which the migration adds code."""
    changed = {}
    entered = list(_entered(extension, decisions))
    for path, parsed in extension.files.items():
        items = [
            each
            for body in sorted({each.body[0] for each in entered if each.path == path})
            if (match := _NAME.match(parsed.source.data, body)) is not None
            for each in expansion_at(extension.files, parsed, body, match[0].decode())
        ]
        if items:
            changed[path] = applied(parsed, items)
    return changed


def _entered(extension: Extension, decisions: Decisions) -> Iterator[Definition]:
    """Functions that fetch the state, create the module, or stand in slots of moving types."""
    yield from {decisions.init.creator, decisions.init.entry}
    for definition, route in decisions.routes.items():
        if route.kind is not RouteKind.PARAMETER and not definition.is_macro:
            yield definition
    for type_ in decisions.types.values():
        for value in (*type_.slots.values(), *type_.assigned):
            routine = extension.routine_named(value.name, value.path) if value.name else None
            if routine is not None and not routine.is_macro:
                yield from routine.definitions
