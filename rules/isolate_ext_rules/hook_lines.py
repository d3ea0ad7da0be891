"""One line for each place that the module state owns."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby

from isolate_ext.engine import Pass
from isolate_ext.model.entities import Kind
from isolate_ext.placement.decisions import StateField
from isolate_ext_rules.c_text import conditional
from isolate_ext_rules.state_needs import conditions_of

_INDEXES = "ijklmnopqrstuvwxyz"


def owned(pass_: Pass) -> list[StateField]:
    return [field for field in pass_.decisions.fields.values() if field.owned]


def hook_lines(pass_: Pass, macro: str, done: Collection[tuple[str, str]] = ()) -> Iterator[str]:
    """What a hook does with the members, except what is ``done``: symbols, and parts of them."""
    variable = pass_.decisions.names.variable
    for field in owned(pass_):
        element = "[*]" * len(field.arrays)
        members = field.members if field.kind is Kind.OBJECT_STRUCT else ("",)
        parts = [element + each for each in members if (field.symbol, element + each) not in done]
        places = [f"{variable}->{field.name}{each}" for each in parts]
        if places:
            text = "\n".join(_loops(places, macro, _INDEXES))
            yield conditional(conditions_of(pass_, field), text)


def _loops(places: list[str], macro: str, indexes: str) -> Iterator[str]:
    """A line for each place; one loop around those that are parts of the same array."""
    for array, found in groupby(places, lambda each: each.partition("[*]")[0]):
        inside = list(found)
        if "[*]" not in inside[0]:
            yield from (f"{macro}({each});" for each in inside)
            continue
        index = indexes[0]
        size = f"Py_ARRAY_LENGTH({array})"
        yield f"for (size_t {index} = 0; {index} < {size}; {index}++) {{"
        inner = [each.replace("[*]", f"[{index}]", 1) for each in inside]
        yield from (f"    {line}" for line in _loops(inner, macro, indexes[1:]))
        yield "}"
