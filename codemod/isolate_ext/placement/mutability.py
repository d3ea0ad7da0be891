"""Whether plain data is ever written."""

from __future__ import annotations

from isolate_ext.model.entities import Variable, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.placement.writes import assigned, writers_of


def is_mutable(extension: Extension, variable: Variable) -> bool:
    """Whether anything may write plain data; libraries call the functions of a table, no more."""
    if _function_table(extension, variable):
        return any(assigned(use) for use in extension.uses_of(variable.key))
    return bool(writers_of(extension).of(variable))


def _function_table(extension: Extension, variable: Variable) -> bool:
    """A table of callbacks for a library: functions, handed over as they are."""
    values = variable.home.initialiser
    if values is None or values.kind != "initializer_list" or not values.named:
        return False
    path, functions = variable.home.path, False
    for node in values.named:
        if node.kind == "comment":
            continue
        if node.kind == "initializer_pair":
            node = strip_casts(node.child("value") or node)
        if extension.routine_named(node.str, path) is not None:
            functions = True
            continue
        bare = strip_casts(node).str
        if bare not in ("NULL", "0") and extension.routine_named(bare, path) is None:
            return False
    return functions
