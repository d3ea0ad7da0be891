"""Calls that make a type of a spec for no module, though they could say for which."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node

MAKER = "PyType_FromModuleAndSpec"


class Moduleless(msgspec.Struct, frozen=True, eq=False):
    """A call in ``inside`` whose ``argument`` for the module is NULL."""

    inside: Definition
    path: str
    argument: Node


def moduleless(extension: Extension) -> Iterator[Moduleless]:
    """Calls of `PyType_FromModuleAndSpec`, and of functions that hand their module on to it."""
    for path, parsed in extension.files.items():
        for at in parsed.occurrences(MAKER) if MAKER in parsed.names() else ():
            function, argument = extension.function_at(path, at), _argument(parsed.node_at(at), 0)
            if function is None or argument is None:
                continue
            if _is_null(argument):
                yield Moduleless(function, path, argument)
            index = _parameter(function, argument)
            if index is not None:
                yield from _callers(extension, function, index)


def _callers(extension: Extension, maker: Definition, index: int) -> Iterator[Moduleless]:
    for use in extension.uses_of(maker.routine):
        argument = _argument(use.node, index) if use.called else None
        if argument is not None and use.inside is not None and _is_null(argument):
            yield Moduleless(use.inside, use.path, argument)


def _argument(callee: Node | None, index: int) -> Node | None:
    call = callee.parent if callee is not None and callee.field == "function" else None
    arguments = call.child("arguments") if call is not None else None
    named = [it for it in arguments.named if it.kind != "comment"] if arguments is not None else []
    return named[index] if len(named) > index else None


def _is_null(argument: Node) -> bool:
    return strip_casts(argument).str in ("NULL", "0")


def _parameter(function: Definition, argument: Node) -> int | None:
    name = strip_casts(argument).str
    return next((i for i, it in enumerate(function.parameters) if it.name == name), None)
