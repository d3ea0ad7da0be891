"""A header for the state that several files read: a common one of theirs, or a new one."""

from __future__ import annotations

import posixpath
import re

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import Kind
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Parsed
from isolate_ext_rules.home import GROUP, Home
from isolate_ext_rules.include_order import place_behind_includes, reached_from, read_before
from isolate_ext_rules.line_places import HEADER, guards, line_start
from isolate_ext_rules.name_ahead import name_ahead, read_by_the_state, without
from isolate_ext_rules.outside_headers import outside_headers, read_any_number_of_times
from isolate_ext_rules.private_macros import Block, fits, private_blocks
from isolate_ext_rules.state_needs import declared, declared_for_own, first_need, names_only

_OWN = ""
"""Among the keys of members, the struct that the module has already."""


def shared_home(pass_: Pass, paths: set[str], units: list[str]) -> Home | None:
    extension = pass_.extension
    common = [
        path
        for path in extension.files
        if path.endswith(HEADER) and all(path in extension.units[unit] for unit in units)
    ]
    blocks = moving_blocks(pass_)
    needed = {
        key: [each for each in declared(pass_, field) if not _in_block(blocks, each[0], each[1])]
        for key, field in pass_.decisions.fields.items()
    }
    needed[_OWN] = list(declared_for_own(pass_))
    made_of = [where for found in needed.values() for where in found]
    wanted = {path for path, _, _ in made_of}
    for path in sorted(common, key=lambda each: -_rank(pass_, each)):
        reached = reached_from(pass_, path)
        known = wanted <= reached and all(fits(pass_, each, reached) for each in blocks)
        if known and _reads_python(pass_, path, units):
            at = _end_of_header(pass_, pass_.parsed(path))
            needs = {each: first_need(pass_, each) for each in paths}
            if any(where[0] == path and where[2] > at for where in made_of):
                continue
            if read_before(pass_, (path, at), needs, units):
                return Home(path, at, len(units) > 1, False, _not_read(pass_, reached))
    private = {
        each
        for each in wanted
        if not each.endswith(HEADER) or (each in paths and not names_only(pass_, each))
    }
    private |= {each.path for each in blocks}
    for key, where in needed.items():
        moving = key != _OWN and private_blocks(pass_, pass_.decisions.fields[key])
        if moving or private & {path for path, _, _ in where}:
            _refuse(pass_, key, "is not declared in front of all that needs the state")
    if private or blocks:
        return None
    return _new_header(pass_, paths, units, needed)


def moving_blocks(pass_: Pass) -> list[Block]:
    """What moves from single sources to the state's home."""
    fields = pass_.decisions.fields.values() if pass_.decisions.adopted is None else ()
    return sorted({block for field in fields for block in private_blocks(pass_, field)})


def _in_block(blocks: list[Block], path: str, at: int) -> bool:
    return any(each.path == path and each.start <= at < each.end for each in blocks)


def _rank(pass_: Pass, path: str) -> int:
    """Headers that name what moves come first, then those that include most of the others."""
    moved = sum(
        1
        for key in pass_.decisions.fields
        for d in pass_.extension.variables[key].declarations
        if d.path == path
    )
    return len(reached_from(pass_, path)) + 100 * moved


def _reads_python(pass_: Pass, path: str, units: list[str]) -> bool:
    """Python.h is read by this header, or before it by every unit."""
    for each in reached_from(pass_, path):
        if any(i.name == "Python.h" for i in pass_.parsed(each).scan.includes):
            return True
    for unit in units:
        names = [i.name for i in pass_.parsed(unit).scan.includes]
        base = posixpath.basename(path)
        mine = next((i for i, name in enumerate(names) if posixpath.basename(name) == base), None)
        if "Python.h" not in names or mine is None or names.index("Python.h") > mine:
            return False
    return True


def _end_of_header(pass_: Pass, parsed: Parsed) -> int:
    """Before the guard's `#endif`, or before the first function that needs the state."""
    data = parsed.source.data
    limit = first_need(pass_, parsed.source.path)
    if limit < len(data):
        return line_start(parsed, limit)
    for group in parsed.scan.groups:
        if group.endif is not None and guards(parsed, group.start, group.end):
            at = line_start(parsed, group.endif[0])
            closing = re.search(
                rb"#\s*ifdef\s+__cplusplus\s*\n\s*\}\s*\n\s*#\s*endif[^\n]*\n\s*$", data[:at]
            )
            return closing.start() if closing else at
    return len(data)


def _new_header(
    pass_: Pass, paths: set[str], units: list[str], needed: dict[str, list[tuple[str, int, int]]]
) -> Home | None:
    names = pass_.decisions.names
    folder = posixpath.dirname(pass_.decisions.init.creator.path)
    name = f"{names.state_struct.removeprefix('struct ')}.h"
    path = posixpath.join(folder, name)
    places = {each: place_behind_includes(pass_, each) for each in sorted(paths)}
    repeatable = _repeatable(pass_, needed)
    crossing = read_by_the_state(pass_, repeatable, paths)
    ahead = name_ahead(pass_, crossing, units) if crossing else None
    if crossing and ahead is None:
        for key, found in needed.items():
            own = {path for path, _, _ in found if path in repeatable}
            if read_by_the_state(pass_, own, paths):
                _refuse(pass_, key, "is declared in a header that needs the state itself")
        return None
    places = without(places, ahead)
    if _late(pass_, needed, places, units):
        return None
    plain = any(field.kind is not Kind.TYPE for field in pass_.decisions.fields.values())
    first = Stage.STATE if plain else Stage.HEAP_TYPES
    for each, at in places.items():
        relative = posixpath.relpath(path, posixpath.dirname(each) or ".")
        pass_.replace(each, at, at, f'#include "{relative}"\n', GROUP, first, order=-20)
    if ahead is not None:
        ahead.insert(pass_, GROUP, first)
    included = [f'"{posixpath.relpath(each, folder or ".")}"' for each in repeatable]
    includes = (*outside_headers(pass_), *included)
    return Home(path, 0, len(units) > 1, True, includes, named=ahead is not None)


def _repeatable(pass_: Pass, needed: dict[str, list[tuple[str, int, int]]]) -> list[str]:
    """The headers that members are made of and that may be read again."""
    wanted = {path for found in needed.values() for path, _, _ in found}
    return sorted(each for each in wanted if read_any_number_of_times(pass_.parsed(each)))


def _not_read(pass_: Pass, reached: set[str]) -> tuple[str, ...]:
    """The headers of others that members are made of and that none of these files includes."""
    read = {
        include.name
        for path in reached
        for include in pass_.parsed(path).scan.includes
        if all(condition.verdict for condition in pass_.parsed(path).conditions(include.span[0]))
    }
    return tuple(each for each in outside_headers(pass_) if each[1:-1] not in read)


def _late(
    pass_: Pass,
    needed: dict[str, list[tuple[str, int, int]]],
    places: dict[str, int],
    units: list[str],
) -> bool:
    """Refuse members from headers that may be read but once, and are not before the new one."""
    repeatable, late = _repeatable(pass_, needed), False
    for key, found in needed.items():
        for path, _, end in found:
            if path not in repeatable and not read_before(pass_, (path, end), places, units):
                _refuse(pass_, key, f"stands in {path}, which has no include guard")
                late = True
    return late


def _refuse(pass_: Pass, key: str, why: str) -> None:
    """Refuse a member for what it is made of, or all that would join the module's own struct."""
    adopted = pass_.decisions.adopted
    if key == _OWN and adopted is not None:
        path, start, end = adopted.struct.path, adopted.struct.start, adopted.struct.end
        text = f"what {adopted.name} is made of {why}"
        for each in pass_.decisions.fields:
            pass_.refuse(Reason.LAYOUT, path, start, end, text, each)
        return
    home = pass_.extension.variables[key].home
    end = home.name_start + len(home.name)
    text = f"what {home.name} is made of {why}"
    pass_.refuse(Reason.LAYOUT, home.path, home.name_start, end, text, key)
