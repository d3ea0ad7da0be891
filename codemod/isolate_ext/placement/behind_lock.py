"""Numbers that are used behind a static lock alone: both stay at process level (rule C10)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from isolate_ext.model.entities import Definition, Kind, Use, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.remembered import remembered
from isolate_ext.model.shapes import is_number

_TAKES = frozenset({"PyMutex_Lock", "pthread_mutex_lock"})
_GIVES = frozenset({"PyMutex_Unlock", "pthread_mutex_unlock"})
_SINCE = re.compile(r"(PY_VERSION_HEX)\s*>=\s*(\w+)")


class Locked(msgspec.Struct, frozen=True):
    """A lock and what it protects, by key; ``racing`` are the conditions under which it is none."""

    lock: str
    numbers: tuple[str, ...]
    racing: tuple[str, ...]


@remembered
def behind_locks(extension: Extension) -> list[Locked]:
    """The locks that are taken and given back once in a function, and only so."""
    found = []
    for lock in extension.of_kind(Kind.LOCK):
        racing = _racing(lock)
        spans = _spans(extension, lock) if racing is not None else {}
        numbers = tuple(
            variable.key
            for variable in (extension.of_kind(Kind.PLAIN) if spans else ())
            if _is_behind(extension, variable, spans)
        )
        if numbers and racing is not None:
            found.append(Locked(lock.key, numbers, racing))
    return found


def _racing(lock: Variable) -> tuple[str, ...] | None:
    """Nothing where the lock exists from some version on, or always."""
    conditions = [each for each in lock.home.conditions if each.verdict is not True]
    if not conditions:
        return ()
    since = _SINCE.fullmatch(conditions[0].text) if len(conditions) == 1 else None
    return (f"{since[1]} < {since[2]}",) if since is not None else None


def _spans(extension: Extension, lock: Variable) -> dict[Definition, tuple[int, int]]:
    """Where each function holds the lock; nothing where it is used in any other way."""
    uses: dict[Definition, list[tuple[bool, int]]] = {}
    for use in extension.uses_of(lock.key):
        step = _step(use)
        if step is None or use.inside is None:
            return {}
        uses.setdefault(use.inside, []).append(step)
    spans = {}
    for function, steps in uses.items():
        if [takes for takes, _ in sorted(steps, key=lambda each: each[1])] != [True, False]:
            return {}
        start, end = sorted(at for _, at in steps)
        spans[function] = (start, end)
    return spans


def _step(use: Use) -> tuple[bool, int] | None:
    """A statement of a function's body that takes the lock (True) or gives it back, and where."""
    arguments = use.address_of.parent if use.address_of is not None else None
    call = arguments.parent if arguments is not None else None
    statement = call.parent if call is not None else None
    block = statement.parent if statement is not None else None
    callee = call.child("function") if call is not None else None
    if block is None or callee is None or block.parent is None:
        return None
    if block.parent.kind != "function_definition" or callee.str not in _TAKES | _GIVES:
        return None
    return callee.str in _TAKES, use.start


def _is_behind(
    extension: Extension, variable: Variable, spans: dict[Definition, tuple[int, int]]
) -> bool:
    ctype = variable.ctype
    uses = list(_uses(extension, variable))
    return (
        is_number(ctype.base)
        and not ctype.pointers
        and not ctype.arrays
        and bool(uses)
        and all(
            use.address_of is None
            and use.inside in spans
            and spans[use.inside][0] < use.start < spans[use.inside][1]
            for use in uses
        )
    )


def _uses(extension: Extension, variable: Variable) -> Iterator[Use]:
    declared = {each.name_start for each in variable.definitions}
    yield from (use for use in extension.uses_of(variable.key) if use.start not in declared)
