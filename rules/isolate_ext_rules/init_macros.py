"""Macros that leave the init function: `INITERROR`, or a check that returns NULL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import Definition, Routine, Use
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node

GROUP = "init"
_WHOLE = re.compile(rb"return\s+\(?(NULL|0)\)?;?")
_INSIDE = re.compile(rb"\breturn\s*(\(\s*(?:NULL|0)\s*\)|NULL\b|0\b)")
_RELEASE = re.compile(rb"\bPy_X?DECREF\s*\(\s*(\w+)\s*\)\s*;[ \t]*")
_LINE_BEFORE = re.compile(rb"\\\r?\n[ \t]*$")
_LINE_BEHIND = re.compile(rb"\\\r?\n[ \t]*")


def macro_exits(pass_: Pass) -> None:
    """Make every macro that returns NULL from the init function return -1 from exec."""
    for routine in _used(pass_, pass_.decisions.init.creator, set()):
        bodies = [(each, _body(pass_, each)) for each in routine.definitions if _live(each)]
        if bodies and all(_WHOLE.fullmatch(body.strip()) for _, body in bodies):
            _spell_out(pass_, routine)
        elif any(_INSIDE.search(body) for _, body in bodies):
            _edit(pass_, routine)


def _spell_out(pass_: Pass, routine: Routine) -> None:
    creator = pass_.decisions.init.creator
    for use in pass_.extension.uses_of(routine.key):
        if use.inside is creator:
            pass_.replace(use.path, use.start, use.end, b"return -1", GROUP, Stage.ISOLATED)


def _edit(pass_: Pass, routine: Routine) -> None:
    outside = next(
        (use for use in pass_.extension.uses_of(routine.key) if not _in_init(pass_, use)), None
    )
    if outside is not None:
        pass_.refuse(
            Reason.INIT_SHAPE,
            outside.path,
            outside.start,
            outside.end,
            f"{routine.name} returns NULL from the init function, and from here too",
        )
        return
    for definition in routine.definitions:
        _release(pass_, routine, definition)
        for match in _INSIDE.finditer(_body(pass_, definition)):
            start, end = (definition.body[0] + at for at in match.span(1))
            pass_.replace(definition.path, start, end, b"-1", GROUP, Stage.ISOLATED)


def _release(pass_: Pass, routine: Routine, definition: Definition) -> None:
    """Exec does not own the module, so what a macro does with it goes, and its line with it."""
    body, names = _body(pass_, definition), _module_names(pass_, routine, definition)
    for match in _RELEASE.finditer(body):
        if match[1].decode() not in names:
            continue
        start, end = match.span()
        behind = _LINE_BEHIND.match(body, end)
        if behind is not None and _LINE_BEFORE.search(body, 0, start):
            end = behind.end()
        alone = body[:start].rstrip(b"\\\r\n \t")[-1:] in (b"", b"{", b"}", b";")
        span = (definition.body[0] + start, definition.body[0] + end)
        text = b"" if alone else b"; "
        pass_.replace(definition.path, *span, text, GROUP, Stage.ISOLATED)


def _module_names(pass_: Pass, routine: Routine, definition: Definition) -> set[str]:
    """What the module is called in a macro: by the init function's variable, or a parameter."""
    kept = pass_.decisions.init.module_variable
    parameters = [each.name or "" for each in definition.parameters]
    calls = [use.call for use in pass_.extension.uses_of(routine.key)]
    given = [call.child("arguments") if call is not None else None for call in calls]
    free = {kept} if kept is not None and kept not in parameters else set()
    return free | {
        name
        for index, name in enumerate(parameters)
        if all(each is not None and kept == _nth(each.named, index) for each in given)
    }


def _nth(arguments: list[Node], index: int) -> str | None:
    return arguments[index].str if index < len(arguments) else None


def _in_init(pass_: Pass, use: Use) -> bool:
    if use.inside is None or use.inside is pass_.decisions.init.creator:
        return use.inside is not None
    outer = pass_.extension.routines[use.inside.routine]
    return outer.is_macro and all(
        _in_init(pass_, each) for each in pass_.extension.uses_of(outer.key)
    )


def _used(pass_: Pass, definition: Definition, seen: set[str]) -> Iterator[Routine]:
    """Macros in a body, and those in theirs."""
    for use in pass_.extension.uses_inside(definition):
        routine = pass_.extension.routines.get(use.symbol)
        if routine is None or not routine.is_macro or routine.key in seen:
            continue
        seen.add(routine.key)
        yield routine
        for inner in routine.definitions:
            yield from _used(pass_, inner, seen)


def _live(definition: Definition) -> bool:
    return all(each.verdict is not False for each in definition.conditions)


def _body(pass_: Pass, definition: Definition) -> bytes:
    return pass_.parsed(definition.path).source.data[slice(*definition.body)]
