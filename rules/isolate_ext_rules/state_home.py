"""Where the state struct stands: in the one source, a common header, or a header of its own."""

from __future__ import annotations

from isolate_ext.engine import Pass
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.common_header import shared_home
from isolate_ext_rules.home import Home
from isolate_ext_rules.line_places import is_source, line_after
from isolate_ext_rules.state_needs import declared, first_need, naming_paths, shelter


def find_home(pass_: Pass) -> Home | None:
    """The home of the state; a refusal of the whole extension where there is none."""
    paths = naming_paths(pass_)
    adopted = pass_.decisions.adopted
    units = pass_.extension.units_of(paths)
    if adopted is not None and _out_of_sight(pass_, paths):
        return shared_home(pass_, paths, units)
    if adopted is not None and struct_comes_late(pass_):
        at = _place_in(pass_, adopted.struct.path)
        return Home(adopted.struct.path, at, len(units) > 1) if at is not None else None
    if adopted is not None:
        shared = len(units) > 1
        return Home(
            adopted.struct.path,
            line_after(pass_.parsed(adopted.struct.path), adopted.struct.end),
            shared,
        )
    if len(units) == 1 and len(paths) == 1:
        path = next(iter(paths))
        at = _place_in(pass_, path)
        if at is None:
            return None
        return Home(path, at, False)
    return shared_home(pass_, paths, units)


def struct_comes_late(pass_: Pass) -> bool:
    """The module's own state struct stands behind a function that is to use it, or out of sight."""
    adopted = pass_.decisions.adopted
    if adopted is None or _out_of_sight(pass_, naming_paths(pass_)):
        return adopted is not None
    return adopted.struct.end > first_need(pass_, adopted.struct.path)


def _out_of_sight(pass_: Pass, paths: set[str]) -> bool:
    """Some translation unit that is to use the module's own state struct does not read it."""
    adopted = pass_.decisions.adopted
    units = pass_.extension.units
    return adopted is not None and any(
        adopted.struct.path not in units[unit] for unit in pass_.extension.units_of(paths)
    )


def _place_in(pass_: Pass, path: str) -> int | None:
    parsed = pass_.parsed(path)
    limit, around = first_need(pass_, path), shelter(pass_, path)
    at = 0
    for include in parsed.scan.includes:
        if include.span[0] < limit and not is_source(include.name):
            at = max(at, line_after(parsed, include.span[1], around))
    late = False
    for field in pass_.decisions.fields.values():
        for where in declared(pass_, field):
            after = line_after(parsed, where[2], around)
            if where[0] != path:
                continue
            if after > limit:
                late = True
                name = pass_.extension.variables[field.symbol].name
                pass_.refuse(
                    Reason.LAYOUT,
                    path,
                    where[1],
                    where[2],
                    f"what {name} is made of is declared after the first function that needs "
                    "the state",
                    field.symbol,
                )
            at = max(at, after)
    return None if late else at
