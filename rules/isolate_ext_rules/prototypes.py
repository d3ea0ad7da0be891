"""Declarations of functions that come to be named before they are defined."""

from __future__ import annotations

from isolate_ext.model.extension import Extension


def missing_prototype(extension: Extension, name: str, path: str, before: int) -> str | None:
    """The declaration that a static function of the file needs to be named at an offset.

    None where it is declared by then, or where it is not defined once and for all there.
    """
    routine = extension.routine_named(name, path)
    if routine is None or routine.is_macro or len(routine.definitions) != 1:
        return None
    function = routine.definitions[0]
    if function.path != path or function.start < before or function.conditions:
        return None
    if any(each.path != path or each.start < before for each in routine.prototypes):
        return None
    data = extension.files[path].source.data
    return data[function.start : function.body[0]].decode("latin-1").rstrip() + ";"
