"""Names that a macro makes a string of: ``#define ADD(x) add(#x, x)``, used as ``ADD(Error)``.

Such a name cannot be edited where it stands, since the string would change with it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from operator import itemgetter

import msgspec

from isolate_ext.model.entities import Definition, Routine, Use
from isolate_ext.model.extension import Extension
from isolate_ext.model.remembered import remembered
from isolate_ext.syntax.expansion import invocation

_STRINGISED = re.compile(rb"(?<!#)#[ \t]*([A-Za-z_]\w*)")
_NAME = re.compile(rb"&?\s*([A-Za-z_]\w*)")


class Stringised(msgspec.Struct, frozen=True, eq=False):
    """An invocation of a macro, and the symbol that it makes a string of."""

    macro: Use
    symbol: str


class _Invocation(msgspec.Struct, frozen=True, eq=False):
    """``names`` are given, by name or by address, to parameters that strings are made of."""

    macro: Use
    end: int
    names: tuple[bytes, ...]


def stringised(extension: Extension, symbols: Collection[str]) -> Iterator[Stringised]:
    """Invocations that are given the name of one of these symbols, and make a string of it."""
    invocations = _invocations(extension)
    uses: dict[str, dict[int, str]] = {}
    for symbol in symbols if invocations else ():
        for use in extension.uses_of(symbol):
            uses.setdefault(use.path, {})[use.start] = symbol
    given = {path: sorted(found.items()) for path, found in uses.items()}
    for each in invocations:
        data = extension.files[each.macro.path].source.data
        there = given.get(each.macro.path, [])
        first = bisect_right(there, each.macro.end, key=itemgetter(0))
        last = bisect_left(there, each.end, key=itemgetter(0))
        named = {symbol for at, symbol in there[first:last] if data.startswith(each.names, at)}
        for symbol in sorted(named):
            yield Stringised(each.macro, symbol)


@remembered
def _invocations(extension: Extension) -> tuple[_Invocation, ...]:
    """Every invocation of a macro that makes a string of a name."""
    found = []
    for key, indexes in _makers(extension).items():
        for macro in extension.uses_of(key):
            inside = macro.inside
            if inside is not None and inside.is_macro and not extension.uses_of(inside.routine):
                continue
            call = invocation(extension.files[macro.path].source.data, macro.end)
            if call is None:
                continue
            end, arguments = call
            given = (arguments[index] for index in indexes if index < len(arguments))
            names = tuple(name[1] for each in given if (name := _NAME.fullmatch(each)))
            if names:
                found.append(_Invocation(macro, end, names))
    return tuple(found)


def _makers(extension: Extension) -> dict[str, set[int]]:
    """Macros by key, with the indexes of the parameters that they make strings of."""
    macros = [each for each in extension.routines.values() if each.is_macro]
    found: dict[str, set[int]] = {}
    for macro in macros:
        for definition in macro.definitions:
            names = [each.name for each in definition.parameters]
            for match in _STRINGISED.finditer(_body(extension, definition)):
                if match[1].decode() in names:
                    found.setdefault(macro.key, set()).add(names.index(match[1].decode()))
    pending = list(found)
    while pending:
        key = pending.pop()
        for outer, index in _handed_on(extension, key, found[key]):
            if index not in found.setdefault(outer.key, set()):
                found[outer.key].add(index)
                pending.append(outer.key)
    return found


def _handed_on(
    extension: Extension, key: str, indexes: Collection[int]
) -> Iterator[tuple[Routine, int]]:
    """Macros that hand a parameter of their own to a macro that makes a string of it."""
    for use in extension.uses_of(key):
        if use.inside is None or not use.inside.is_macro:
            continue
        call = invocation(extension.files[use.path].source.data, use.end)
        for index in indexes:
            text = call[1][index].decode("latin-1") if call and index < len(call[1]) else ""
            for own, parameter in enumerate(use.inside.parameters):
                if parameter.name == text:
                    yield extension.routines[use.inside.routine], own


def _body(extension: Extension, definition: Definition) -> bytes:
    start, end = definition.body
    return extension.files[definition.path].source.data[start:end]
