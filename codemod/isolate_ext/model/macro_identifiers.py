"""Identifiers that a macro declares wherever it is used: ``#define ADD(x) { _Py_IDENTIFIER(x); }``.

They are no variables of the model, since nothing outside of the macro can name them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.model.entities import CType, Declaration, Definition, Kind, Use, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.syntax.expansion import invocation

_DECLARED = re.compile(rb"\b_Py_(IDENTIFIER|static_string)\s*\(\s*(\w+)")
_TYPE = CType("_Py_Identifier")


def macro_identifiers(extension: Extension) -> Iterator[Variable]:
    """One for each place where such a macro is used in a function."""
    for routine in list(extension.routines.values()):
        for definition in routine.definitions if routine.is_macro else ():
            data = extension.files[definition.path].source.data
            for match in _DECLARED.finditer(data, *definition.body):
                for use in extension.uses_of(routine.key):
                    found = _declared(extension, definition, match, use)
                    if found is not None:
                        yield found


def _declared(
    extension: Extension, macro: Definition, match: re.Match[bytes], use: Use
) -> Variable | None:
    function = use.inside
    if function is None or function.node is None:
        return None
    word = match[2].decode()
    names = [each.name for each in macro.parameters]
    if word in names:
        call = invocation(extension.files[use.path].source.data, use.end)
        given = call[1] if call is not None else []
        if names.index(word) >= len(given):
            return None
        word = given[names.index(word)].decode("utf-8", "surrogateescape")
    name = f"PyId_{word}" if match[1] == b"IDENTIFIER" else word
    declaration = Declaration(
        name, use.path, use.start, use.end, use.start, _TYPE, function.node, function.node, None,
        True, False, 1, extension.files[use.path].conditions(use.start),
    )  # fmt: skip
    key = f"{use.path}:{function.name}:{name}@{use.start}"
    return Variable(key, name, Kind.IDENTIFIER, _TYPE, [declaration], [], function, True)
