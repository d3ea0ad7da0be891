"""Variables that several branches of an `#if` define, each in its own way."""

from __future__ import annotations

from itertools import combinations

from isolate_ext.model.entities import Declaration, Variable
from isolate_ext.syntax import Condition, apart

_NOTHING = frozenset({"", "0", "NULL"})


def definitions_apart(variable: Variable) -> list[Declaration]:
    """The definitions of which each configuration has but one."""
    live = [d for d in variable.definitions if all(c.verdict is not False for c in d.conditions)]
    found = {
        id(each): each
        for one, other in combinations(live, 2)
        if apart(one.conditions, other.conditions)
        for each in (one, other)
    }
    return list(found.values())


def differ(definitions: list[Declaration]) -> bool:
    """Whether they have different types or initial values."""
    return len({(each.ctype, each.ctype.qualifiers, _value(each)) for each in definitions}) > 1


def common_conditions(variable: Variable) -> tuple[Condition, ...]:
    """Under which `#if` the variable exists in one way or another."""
    others = definitions_apart(variable)
    return tuple(
        each
        for each in variable.home.conditions
        if all(each in other.conditions for other in others)
    )


def _value(definition: Declaration) -> str:
    text = definition.initialiser.str if definition.initialiser is not None else ""
    return "" if text in _NOTHING else text
