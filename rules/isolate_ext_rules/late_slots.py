"""Slots that functions give to a type, by its name, which the spec must say before any runs."""

from __future__ import annotations

from collections.abc import Iterator

from isolate_ext.engine import Pass
from isolate_ext.model.declarators import local_names
from isolate_ext.model.types import SlotValue, StaticType
from isolate_ext_rules.prototypes import missing_prototype
from isolate_ext_rules.type_ready import creation_sites, prologue_types, ready_calls


def late_problem(pass_: Pass, type_: StaticType) -> str | None:
    """Why a slot that is assigned cannot be said in the spec."""
    fields = [each.field for each in type_.assigned]
    for each in type_.assigned:
        if fields.count(each.field) > 1:
            return f"is given {each.field} twice"
        if each.field == "tp_dict" or not _names_local(pass_, each):
            continue
        if each.field != "tp_base":
            return f"is given a {each.field} that one function alone knows"
        if not _made_behind(pass_, type_, each):
            return "is given a base that is not known where the type is made"
    return None


def prototypes(pass_: Pass, type_: StaticType) -> Iterator[str]:
    """Declarations of the functions in its slots that are defined further down."""
    home = type_.home
    at = late_place(pass_, type_) or home.start
    for name in dict.fromkeys(_functions(type_)):
        declared = missing_prototype(pass_.extension, name, home.path, at)
        if declared is not None and not any(
            other.home.path == home.path and other.home.start < home.start
            for other in pass_.decisions.types.values()
            if name in _functions(other)
        ):
            yield declared


def late_place(pass_: Pass, type_: StaticType) -> int | None:
    """Where the spec goes that names tables defined further down: before what gives them to it."""
    home = type_.home
    givers = [
        function.start
        for each in type_.assigned
        if each.name is not None
        and (table := pass_.extension.variable_named(each.name, each.path)) is not None
        and table.home.path == home.path == each.path
        and table.home.start > home.start
        and (function := pass_.extension.function_at(each.path, each.value.start)) is not None
    ]
    if not givers or any(site < (home.path, max(givers)) for site in creation_sites(pass_, type_)):
        return None
    return max(givers)


def _functions(type_: StaticType) -> list[str]:
    values = (*type_.slots.values(), *type_.variants, *type_.assigned)
    return [each.name for each in values if each.name is not None]


def _names_local(pass_: Pass, given: SlotValue) -> bool:
    function = pass_.extension.function_at(given.path, given.value.start)
    if function is None or function.node is None:
        return False
    local = local_names(pass_.parsed(given.path), function.node)
    named = {given.value.str, *(each.str for each in given.value.of_kind("identifier"))}
    return bool(named & local.keys())


def _made_behind(pass_: Pass, type_: StaticType, given: SlotValue) -> bool:
    """The type is made later in the function that gives it the base."""
    function = pass_.extension.function_at(given.path, given.value.start)
    return type_.key not in prologue_types(pass_) and all(
        use.inside is function and call.start > given.value.start
        for use, call in ready_calls(pass_, type_)
    )
