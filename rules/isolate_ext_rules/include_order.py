"""Which text of a translation unit a compiler reads first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from isolate_ext.engine import Pass
from isolate_ext.syntax import Parsed, resolve_include
from isolate_ext_rules.line_places import is_source, line_after
from isolate_ext_rules.state_needs import first_need


def read_before(
    pass_: Pass, home: tuple[str, int], needs: Mapping[str, int], units: list[str]
) -> bool:
    """Whether the byte of ``home`` is read before every need, in every unit that has one."""
    for unit in units:
        order = _reading_order(pass_, unit)
        place = _index(order, *home)
        needed = [_index(order, path, at) for path, at in needs.items()]
        found = [each for each in needed if each is not None]
        if found and (place is None or place > min(found)):
            return False
    return True


def reached_from(pass_: Pass, path: str) -> set[str]:
    """The file, and the owned headers that it reads."""
    found: set[str] = set()
    pending = [path]
    while pending:
        each = pending.pop()
        if each in found:
            continue
        found.add(each)
        for include in pass_.parsed(each).scan.includes:
            target = resolve_include(each, include.name, pass_.extension.files)
            if target is not None:
                pending.append(target)
    return found


def place_behind_includes(pass_: Pass, path: str) -> int:
    """Behind the headers that a file reads before its first need."""
    parsed = pass_.parsed(path)
    limit, at = first_need(pass_, path), 0
    for include in parsed.scan.includes:
        if include.span[0] < limit and not is_source(include.name):
            at = max(at, line_after(parsed, include.span[1]))
    return at


def _reading_order(pass_: Pass, unit: str) -> list[tuple[str, int, int]]:
    """The stretches of text of a translation unit in the order a compiler reads them."""
    return list(_read(pass_.extension.files, unit, set()))


def _read(
    files: Mapping[str, Parsed], path: str, entered: set[str]
) -> Iterator[tuple[str, int, int]]:
    entered.add(path)
    at = 0
    for include in files[path].scan.includes:
        target = resolve_include(path, include.name, files)
        if target is not None and target not in entered:
            yield path, at, include.span[1]
            yield from _read(files, target, entered)
            at = include.span[1]
    yield path, at, len(files[path].source.data) + 1


def _index(order: list[tuple[str, int, int]], path: str, at: int) -> tuple[int, int] | None:
    for index, (each, start, end) in enumerate(order):
        if each == path and start <= at < end:
            return index, at
    return None
