"""Which calls reach the state on which path, as the plan of the migration has it.

Performance differs by the path: a look-up by definition, state that comes with the data, state
that a caller hands on (handbook section 2).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.roles import Called, Role
from isolate_ext.model.types import StaticType
from isolate_ext.placement.choices import NONE, Choices
from isolate_ext.placement.decisions import BY_REGISTRATION, BY_TYPE, Decisions, RouteKind
from isolate_ext.placement.place import place

BY_DEFINITION = "by definition"
OF_MODULE = "of the module"
CACHED = "cached"
THREADED = "threaded"

_ATTRIBUTES = (Called.TYPE_METHOD, Called.GETTER)
_OPERATIONS = {
    "tp_repr": "repr",
    "tp_str": "str",
    "tp_hash": "hash",
    "tp_iter": "iter",
    "tp_iternext": "iter",
    "tp_richcompare": "eq",
    "nb_bool": "bool",
    "nb_add": "add",
    "nb_subtract": "sub",
    "nb_multiply": "mul",
    "nb_and": "and",
    "nb_negative": "neg",
    "nb_absolute": "abs",
    "nb_int": "int",
    "nb_float": "float",
    "nb_index": "index",
    "sq_length": "len",
    "sq_concat": "add",
    "sq_repeat": "mul",
    "sq_item": "get",
    "sq_ass_item": "set",
    "sq_contains": "in",
    "mp_length": "len",
    "mp_subscript": "get",
    "mp_ass_subscript": "set",
}
"""The operations of the probe by the slots that they reach first."""

_INSTANCE = re.compile(r"#\d+")


def label(key: str) -> str:
    """What a call of the probe calls: ``Foo#0.spam(int)`` is ``Foo.spam``."""
    return _INSTANCE.sub("", key.partition("(")[0])


def access_paths(before: Extension, choices: Choices = NONE) -> dict[str, frozenset[str]]:
    """The labels of the calls that will reach the state, by the path; none where none is planned.

    A function that hands the state on to others is threaded, beside its own path.
    """
    decisions = place(before, choices=choices)
    if not isinstance(decisions, Decisions):
        return {}
    names = dict(_type_names(before, decisions))
    found: dict[str, set[str]] = defaultdict(set)
    for definition, route in decisions.routes.items():
        roles = decisions.roles.get(definition.routine, ())
        labels = {each for role in roles for each in _labels(role, names)}
        for path in _paths(before, decisions, definition, route.kind) if labels else ():
            found[path] |= labels
    return {path: frozenset(labels) for path, labels in found.items()}


def _paths(
    extension: Extension, decisions: Decisions, definition: Definition, kind: RouteKind
) -> Iterator[str]:
    if kind in BY_TYPE:
        yield BY_DEFINITION
    if kind is RouteKind.MODULE:
        yield OF_MODULE
    if kind in BY_REGISTRATION:
        yield CACHED
    uses = extension.uses_inside(definition)
    if any(use.called and use.symbol in decisions.threaded for use in uses):
        yield THREADED


def _labels(role: Role, types: Mapping[str, str]) -> Iterator[str]:
    """What the probe calls the calls that come to a function."""
    slot = role.slot.strip('"')
    if role.called is Called.MODULE_METHOD:
        yield slot
    for name in (types[owner] for owner in role.owners if owner in types):
        if role.called in _ATTRIBUTES:
            yield f"{name}.{slot}"
        elif role.called in (Called.SLOT, Called.SPEC_SLOT) and slot in ("tp_new", "tp_init"):
            yield name
        elif role.called in (Called.SLOT, Called.SPEC_SLOT) and slot in _OPERATIONS:
            yield f"{name} {_OPERATIONS[slot]}"


def _type_names(extension: Extension, decisions: Decisions) -> Iterator[tuple[str, str]]:
    """(owner of tables, name that Python shows): the type itself, or the slots of its spec."""
    for each in decisions.all_types.values():
        yield each.key, _shown(each)
    for each in decisions.specs.values():
        slots = each.slots.get("tp_slots")
        name = strip_casts(slots.value).str if slots is not None else ""
        table = extension.variable_named(name, each.home.path) if name else None
        if table is not None:
            yield table.key, _shown(each)


def _shown(type_: StaticType) -> str:
    name = type_.slots.get("tp_name")
    text = name.value.str.strip('"') if name is not None else type_.variable.name
    return text.rpartition(".")[2]
