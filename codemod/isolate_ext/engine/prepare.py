"""Text made plain before it is migrated: macros that hide what changes.

Handbook pattern 13.  The macros through which an init function or a static type is spelled are
written out.  Everything else stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from isolate_ext.engine.spelling import applied, edit, expansion_at, nearest, sole_definition
from isolate_ext.model.calls import made_by
from isolate_ext.model.declarators import declarators
from isolate_ext.model.extension import Extension
from isolate_ext.model.hidden_statics import hidden_statics
from isolate_ext.model.init import joining_macros
from isolate_ext.model.strings import stringised
from isolate_ext.placement.decisions import Decisions
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Define, Parsed
from isolate_ext.syntax.expansion import expand, invocation
from isolate_ext.text.replacement import Replacement

_INIT_BODY = re.compile(
    rb"\bPyInit_|\bPyModule_Create|\bPyModuleDef\b|\bPy_InitModule|\bPyModule_AddObject\b"
    rb"|\breturn\b|^\(?\s*(?:NULL|0)\s*\)?$"
)
_RETURN = re.compile(rb"\breturn\b(?!\s*\(?\s*(?:NULL|0)\s*\)?\s*;)")
_NOTHING = re.compile(rb"\(?\s*(?:NULL|0)\s*\)?")
_RETURNED = re.compile(rb"\breturn[\s(]*\Z")
_SPELLS_INIT = re.compile(rb"\bPyInit_(\w*)|\bPyInit_\s*##")
_TYPE_BODY = re.compile(
    rb"\bPyTypeObject\b|\bPyObject_New\w*\b|\bPyObject_NEW\w*\b|\bPyModuleDef\b"
)
_SLOTS = re.compile(rb"\.tp_\w+\s*=")


def spelled_out(files: Mapping[str, Parsed]) -> dict[str, bytes]:
    """Files in which macros hide the init function, types or variables, with those written out."""
    changed = {}
    hidden = list(hidden_statics(files))
    joining = joining_macros(files)
    for path, parsed in files.items():
        items = [
            *_init_headers(files, parsed, joining),
            *_hidden_types(files, parsed),
            *_hidden_slots(files, parsed),
        ] or [
            item
            for each in hidden
            if each.path == path and not each.braces
            for item in expansion_at(files, parsed, each.start, each.name)
        ]
        if items:
            changed[path] = applied(parsed, items)
    return changed


def written_out(extension: Extension, decisions: Decisions) -> dict[str, bytes]:
    """Files with the macros written out that make functions at file scope and need the state.

    So are those that make strings of what moves.
    """
    names = {
        extension.routines[each.symbol].name
        for each in decisions.refusals
        if each.reason is Reason.FILE_SCOPE_USE
        and each.symbol in extension.routines
        and extension.routines[each.symbol].is_macro
    }
    hidden = [extension.routines[key].name for key in decisions.threaded]
    hidden += _unseen_slots(extension, decisions)
    pasting = {
        define.name
        for pasted in extension.pasted
        if any(made_by(extension, pasted, name) for name in hidden)
        and (define := extension.files[pasted.path].define_at(pasted.start)) is not None
    }
    names |= pasting
    strings = set(_stringising(extension, decisions))
    changed = {}
    for path, parsed in extension.files.items():
        items = [
            each
            for name in sorted(names)
            for offset in parsed.occurrences(name)
            if name in pasting or extension.function_at(path, offset) is None
            for each in expansion_at(extension.files, parsed, offset, name)
        ]
        items += [
            each
            for where, offset, name in sorted(strings)
            if where == path
            for each in expansion_at(extension.files, parsed, offset, name)
        ]
        if items:
            changed[path] = applied(parsed, items)
    return changed


def _stringising(extension: Extension, decisions: Decisions) -> Iterator[tuple[str, int, str]]:
    """Invocations (path, offset, macro) that make a string of what moves, or hide one that does."""
    for each in stringised(extension, decisions.fields):
        macro, inside = each.macro, each.macro.inside
        if inside is None or not inside.is_macro:
            yield macro.path, macro.start, extension.routines[macro.symbol].name
            continue
        for outer in extension.uses_of(inside.routine):
            yield outer.path, outer.start, inside.name


def _unseen_slots(extension: Extension, decisions: Decisions) -> list[str]:
    """Names in the slots of types that move, of functions and tables that only a macro defines."""
    return [
        value.name
        for type_ in decisions.types.values()
        for value in (*type_.slots.values(), *type_.assigned)
        if value.name is not None
        and not value.name.startswith(("Py", "_Py"))
        and extension.routine_named(value.name, value.path) is None
        and extension.variable_named(value.name, value.path) is None
    ]


def _init_headers(
    files: Mapping[str, Parsed], parsed: Parsed, joining: frozenset[str]
) -> Iterator[Replacement]:
    """Invocations that make up an init function: its header, and macros of its body.

    A header whose name is of the ``joining`` macros stays: the build says what it is.
    """
    data = parsed.source.data
    for item in parsed.items():
        if item.kind != "function_definition":
            continue
        body = item.child("body")
        if body is None:
            continue
        named = bool(joining) and any(each.name.str in joining for each in declarators(item))
        spelled = () if named else _expansions(files, parsed, item.start, body.start, _SPELLS_INIT)
        header = list(spelled)
        if not (named or header or re.search(rb"\bPyInit_\w+", data[item.start : body.start])):
            continue
        yield from header
        yield from _expansions(files, parsed, body.start, body.end, _INIT_BODY)


def _expansions(
    files: Mapping[str, Parsed], parsed: Parsed, start: int, end: int, wanted: re.Pattern[bytes]
) -> Iterator[Replacement]:
    data = parsed.source.data
    at = start
    for match in re.compile(rb"\b[A-Za-z_]\w*").finditer(data, start, end):
        name = match[0].decode()
        if match.start() < at or not parsed.macros.definitions(name):
            continue
        if match.start() not in parsed.scan.identifiers.get(match[0], ()):
            continue
        found = nearest(files, parsed, name, match.start())
        if found is None or not _is_wanted(found, wanted):
            continue
        if wanted is _INIT_BODY and _can_stay(parsed, found, (start, end)):
            continue
        before = data[max(0, match.start() - 40) : match.start()]
        if _is_nothing(found) and not _RETURNED.search(before):
            continue
        define, home = found
        stop = match.end()
        arguments: list[bytes] = []
        if define.params is not None:
            call = invocation(data, match.end())
            if call is None:
                continue
            stop, arguments = call
        text = expand(define, home, arguments)
        if text is not None:
            at = stop
            yield edit(parsed, match.start(), stop, text)


def _can_stay(parsed: Parsed, found: tuple[Define, bytes], init: tuple[int, int]) -> bool:
    """A macro of the init function alone that leaves it with NULL: there is one place to edit.

    One that takes the address of an argument is written out: what moves has another address.
    """
    define, data = found
    body = data[slice(*define.body_span)]
    if any(
        re.search(rb"&\s*\(?\s*" + each.encode() + rb"\b", body) for each in define.params or ()
    ):
        return False
    returns = len(re.findall(rb"\breturn\b", body))
    if not returns or len(_INIT_BODY.findall(body)) > returns or _RETURN.search(body):
        return False
    uses = parsed.occurrences(define.name)
    return data is parsed.source.data and all(init[0] <= each < init[1] for each in uses)


def _is_wanted(found: tuple[Define, bytes], wanted: re.Pattern[bytes]) -> bool:
    define, data = found
    body = data[slice(*define.body_span)].strip()
    identity = (
        define.params is not None
        and len(define.params) == 1
        and body.strip(b"() ") == (define.params[0].encode())
    )
    return wanted.search(body) is not None or (wanted is _INIT_BODY and identity)


def _is_nothing(found: tuple[Define, bytes]) -> bool:
    """NULL or 0 under another name: of interest where it is returned."""
    define, data = found
    return _NOTHING.fullmatch(data[slice(*define.body_span)].strip()) is not None


def _hidden_types(files: Mapping[str, Parsed], parsed: Parsed) -> Iterator[Replacement]:
    """File-level invocations of macros that define static types, or functions that make them.

    So are those that make the definition of the module.
    """
    data = parsed.source.data
    calls = {(each.span[0], each.name) for each in parsed.stand_ins}.union(_plain_calls(parsed))
    makers = {
        name: found
        for name in {name for _, name in calls}
        if (found := sole_definition(files, name)) and _makes_types(files, *found, ())
    }
    for start, name in sorted(calls):
        if name not in makers or not _at_top_level(parsed, start):
            continue
        define, home = makers[name]
        call = invocation(data, start + len(name))
        text = expand(define, home, call[1]) if call is not None else None
        if call is not None and text is not None:
            yield edit(parsed, start, call[0], text)


def _plain_calls(parsed: Parsed) -> Iterator[tuple[int, str]]:
    """Invocations at file level that look like a statement."""
    for item in parsed.items():
        call = item.named[0] if item.kind == "expression_statement" and item.named else None
        callee = call.child("function") if call is not None else None
        if callee is not None and callee.kind == "identifier":
            yield callee.start, callee.str


def _makes_types(
    files: Mapping[str, Parsed], define: Define, home: bytes, seen: tuple[str, ...]
) -> bool:
    """Whether a macro defines a type or makes instances, itself or through others."""
    if _TYPE_BODY.search(home, *define.body_span):
        return True
    for word in set(re.findall(rb"\b[A-Za-z_]\w+\b", home[slice(*define.body_span)])):
        name = word.decode()
        inner = sole_definition(files, name) if name not in seen and name != define.name else None
        if inner is not None and inner[0].params is not None:
            if _makes_types(files, *inner, (*seen, define.name)):
                return True
    return False


def _hidden_slots(files: Mapping[str, Parsed], parsed: Parsed) -> Iterator[Replacement]:
    """Macros inside the initialiser of a static type that give it several fields."""
    data = parsed.source.data
    for item in parsed.items():
        if item.kind != "declaration":
            continue
        kind = item.child("type")
        if kind is None or kind.str not in ("PyTypeObject", "struct _typeobject"):
            continue
        for child in item.children:
            values = child.child("value") if child.kind == "init_declarator" else None
            if values is not None:
                end = data.rfind(b"}", values.start, item.end)
                yield from _expansions(files, parsed, values.start, end, _SLOTS)


def _at_top_level(parsed: Parsed, offset: int) -> bool:
    """Outside of functions and macros."""
    if parsed.define_at(offset) is not None:
        return False
    for item in parsed.items():
        if item.start <= offset < item.end and item.kind == "function_definition":
            body = item.child("body")
            return body is None or offset < body.start
    return True
