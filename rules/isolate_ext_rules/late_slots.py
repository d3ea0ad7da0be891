"""Slots that functions give to a type, by its name, which the spec must say before any runs."""

from __future__ import annotations

from collections.abc import Iterator

from isolate_ext.engine import Pass
from isolate_ext.model.declarators import local_names
from isolate_ext.model.types import SlotValue, StaticType
from isolate_ext_rules.prototypes import missing_prototype
from isolate_ext_rules.type_ready import prologue_types, ready_calls


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
    for name in dict.fromkeys(_functions(type_)):
        declared = missing_prototype(pass_.extension, name, home.path, home.start)
        if declared is not None and not any(
            other.home.path == home.path and other.home.start < home.start
            for other in pass_.decisions.types.values()
            if name in _functions(other)
        ):
            yield declared


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
