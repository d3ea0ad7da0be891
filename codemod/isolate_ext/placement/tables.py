"""Tables of addresses of what moves: their values are no constants any more (handbook pattern 61).

A table that one function alone reads becomes a local variable of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from isolate_ext.model.confined import Escape, reader_of
from isolate_ext.model.declarators import local_names
from isolate_ext.model.entities import Declaration, Definition, Kind, Use, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.strings import stringised
from isolate_ext.syntax import Node

_OF_THE_API = frozenset(
    "PyMethodDef PyGetSetDef PyMemberDef PyModuleDef_Slot PyType_Slot PyType_Spec".split()
)


class LocalTable(msgspec.Struct, frozen=True, eq=False):
    """A table that becomes local to ``reader``; ``entries`` are its uses of what moves."""

    symbol: str
    reader: Definition
    entries: tuple[Use, ...]


def local_tables(
    extension: Extension, moved: Collection[str]
) -> tuple[dict[str, LocalTable], dict[str, Escape]]:
    """Tables that become local by key, and what keeps others from it."""
    entries: dict[str, list[Use]] = {}
    for symbol in sorted(moved):
        for use in extension.uses_of(symbol):
            if use.holder is not None and use.holder != symbol:
                entries.setdefault(use.holder, []).append(use)
    found: dict[str, LocalTable] = {}
    kept: dict[str, Escape] = {}
    for key, uses in entries.items():
        variable = extension.variables[key]
        if not _is_table(variable):
            continue
        reader = reader_of(extension, variable)
        problem = reader if isinstance(reader, Escape) else _fixed(extension, variable, uses)
        if problem is None and isinstance(reader, Definition):
            problem = _shadowed(extension, variable.home, reader)
        if problem is not None:
            kept[key] = problem
        elif isinstance(reader, Definition):
            in_order = sorted(uses, key=lambda use: use.start)
            found[key] = LocalTable(key, reader, tuple(in_order))
    return found, kept


def _is_table(variable: Variable) -> bool:
    if variable.kind in (Kind.TYPE, Kind.SUITE, Kind.MODULE_DEF):
        return False
    return variable.ctype.base.removeprefix("struct ") not in _OF_THE_API


def _fixed(extension: Extension, variable: Variable, entries: list[Use]) -> Escape | None:
    """What keeps the declaration of a table from being moved or edited as it stands."""
    home = variable.home
    span = (home.path, home.name_start, home.name_start + len(home.name))
    if len(variable.definitions) > 1 or variable.declarations:
        return Escape(*span, "it is declared more than once")
    if home.siblings > 1 or home.conditions:
        return Escape(*span, "its declaration stands under #if, or declares others too")
    struct = home.node.child("type")
    if home.inline_struct and struct is not None and struct.child("name") is not None:
        return Escape(*span, "its declaration makes a struct that others may use")
    for each in entries:
        if each.node is None or (each.inside is not None and each.inside.is_macro):
            return Escape(each.path, each.start, each.end, "a macro stands in its place")
    strings = [each.macro for each in stringised(extension, {use.symbol for use in entries})]
    for macro in strings:
        if macro.holder == variable.key:
            return Escape(macro.path, macro.start, macro.end, "a macro makes a string of a name")
    return None


def _shadowed(extension: Extension, home: Declaration, reader: Definition) -> Escape | None:
    """A name in the table that means something else in the function which reads it."""
    if reader.node is None or reader.path != home.path:
        return Escape(home.path, home.start, home.end, "another file reads it")
    if reader.start <= home.start < reader.end:
        return None
    local = local_names(extension.files[reader.path], reader.node)
    for node in _names(home.node):
        if node.str in local and node.start != home.name_start:
            why = f"{node.str} is something else in {reader.name}"
            return Escape(home.path, node.start, node.end, why)
    return None


def _names(declaration: Node) -> Iterator[Node]:
    """Names that a local variable may hide; tags of structs have a space of their own."""
    for node in declaration.of_kind("identifier", "type_identifier"):
        if node.parent is None or not node.parent.kind.endswith("_specifier"):
            yield node
