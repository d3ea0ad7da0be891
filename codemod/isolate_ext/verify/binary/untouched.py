"""Functions that a migration left as they were, by their text and that of their macros."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.model.declarators import declarators
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import MacroEnvironment, Parsed

_IDENTIFIER = re.compile(rb"[A-Za-z_]\w*")
_Texts = dict[str, tuple[bytes, ...]]


def untouched_by_unit(before: Extension, after: Extension) -> dict[str, frozenset[str]]:
    """For each translation unit the functions that it compiles from the same text as before.

    A name that another file of the unit gives to a changed function is left out, and so is what
    names a struct of another layout, or a variable of one: its offsets are others.
    """
    laid_out = _laid_out_anew(before, after)
    same = {
        path: untouched(parsed, after.files[path], laid_out)
        for path, parsed in before.files.items()
        if path in after.files
    }
    found = {}
    for unit, paths in before.units.items():
        names: set[str] = set().union(*(same.get(path, ()) for path in paths))
        for path in paths:
            names -= _functions(before.files[path]).keys() - same.get(path, frozenset())
        found[unit] = frozenset(names)
    return found


def untouched(
    before: Parsed, after: Parsed, unlike: frozenset[str] = frozenset()
) -> frozenset[str]:
    """The functions of a file with the same text, in every branch of `#if`, and the same macros.

    Macros count with all that they use in turn, wherever they are defined. None of the functions
    has a name in it that is ``unlike`` what it was.
    """
    new = _functions(after)
    return frozenset(
        name
        for name, texts in _functions(before).items()
        if new.get(name) == texts
        and not _changed_macros(texts, before.macros, after.macros)
        and not (unlike and _words(texts, before.macros) & unlike)
    )


def _laid_out_anew(before: Extension, after: Extension) -> frozenset[str]:
    """Structs with other members than before, what leads to one, and variables of such types."""
    old, new = _layouts(before), _layouts(after)
    unlike = {name for name, text in old.items() if new.get(name) != text}
    grown = True
    while grown:
        size = len(unlike)
        for struct in before.structs.definitions:
            bases = {before.structs.resolve(each.ctype).base for each in struct.fields}
            if not unlike.isdisjoint({*bases, *(each.ctype.base for each in struct.fields)}):
                unlike.update(struct.names)
        grown = len(unlike) > size
    held = [each.name for each in before.variables.values() if each.ctype.base in unlike]
    return frozenset(name.rpartition(" ")[2] for name in (*unlike, *held))


def _layouts(extension: Extension) -> dict[str, list[bytes]]:
    found = {}
    for struct in extension.structs.definitions:
        data = extension.files[struct.path].source.data
        body = data[struct.node.start : struct.node.end].partition(b"{")[2]
        found.update(dict.fromkeys(struct.names, body.split()))
    return found


def _functions(file: Parsed) -> _Texts:
    found: _Texts = {}
    data = file.source.data
    for item in file.items():
        if item.kind == "function_definition":
            for declarator in declarators(item):
                name = declarator.name.str
                found[name] = (*found.get(name, ()), data[item.start : item.end])
    return found


def _words(texts: tuple[bytes, ...], macros: MacroEnvironment) -> set[str]:
    """The names in texts and in the macros that they use."""
    codes = [code for _, found in _macros(texts, macros) for _, code in found]
    return {word.decode() for text in (*texts, *codes) for word in _IDENTIFIER.findall(text)}


def _changed_macros(
    texts: tuple[bytes, ...], before: MacroEnvironment, after: MacroEnvironment
) -> bool:
    old, new = dict(_macros(texts, before)), dict(_macros(texts, after))
    return old != new


def _macros(
    texts: tuple[bytes, ...], macros: MacroEnvironment
) -> Iterator[tuple[str, list[tuple[tuple[str, ...] | None, bytes]]]]:
    """The macros that texts use, and those that these use, with their definitions."""
    pending = {name.decode() for text in texts for name in _IDENTIFIER.findall(text)}
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        seen.add(name)
        definitions = macros.definitions(name)
        if definitions:
            yield name, [(each.params, each.code.strip()) for each in definitions]
        for each in definitions:
            pending |= {word.decode() for word in _IDENTIFIER.findall(each.code)} - seen
