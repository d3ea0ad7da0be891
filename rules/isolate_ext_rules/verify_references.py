"""Post-condition: what the state owns is there for `m_clear` to release (section 6, item 3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from isolate_ext.engine import Output, Violation
from isolate_ext.model.entities import Definition, Kind
from isolate_ext.placement.decisions import StateField
from isolate_ext.placement.refcounts import NOTHING, Exit, any_index, place
from isolate_ext.placement.references import References


def verify_references(output: Output) -> Iterator[Violation]:
    """No function gives away, on any path, a reference that a member of the state lives on."""
    fields = [
        each
        for each in output.before.fields.values()
        if each.owned and each.kind is not Kind.IDENTIFIER
    ]
    if not fields:
        return
    owner = _owner(output, fields)
    pattern = rf"{output.before.names.variable}->({'|'.join(f.name for f in fields)})"
    references = References(
        output.extension,
        lambda place: owner(place) is not None,
        lambda base: re.fullmatch(pattern, base) is not None,
        [field.name for field in fields],
    )
    names = re.compile(pattern.replace("->", r"\s*->\s*").encode() + rb"\b")
    for path, parsed in output.extension.files.items():
        for definition in output.extension.functions(path):
            if not names.search(parsed.source.data, *definition.body) or definition.node is None:
                continue
            if any(
                references.moves(path, node)
                for node in definition.node.of_kind("field_expression")
                if re.fullmatch(pattern, place(node))
            ):
                yield from _short(references, owner, definition)


def _owner(output: Output, fields: list[StateField]) -> Callable[[str], StateField | None]:
    """Which member, if any, a place is or is a part of."""
    known = {field.name: field for field in fields}
    pattern = re.compile(rf"{re.escape(output.before.names.variable)}->(\w+)((?:\[[^\]]*\])*)(.*)")

    def find(place: str) -> StateField | None:
        match = pattern.fullmatch(place)
        field = known.get(match[1]) if match is not None else None
        if match is None or field is None or match[2].count("[") != len(field.arrays):
            return None
        return field if any_index(match[3]) in (field.members or ("",)) else None

    return find


def _short(
    references: References, owner: Callable[[str], StateField | None], definition: Definition
) -> Iterator[Violation]:
    found: dict[str, Violation] = {}
    for each in references.exits(definition):
        for field in _lost(each, owner):
            at = each.node.start if each.node is not None else definition.start
            text = f"{definition.name} leaves {field.name} without the reference that it owns"
            found.setdefault(
                field.symbol, Violation("given-reference", definition.path, at, text, field.symbol)
            )
    yield from found.values()


def _lost(each: Exit, owner: Callable[[str], StateField | None]) -> Iterator[StateField]:
    owners: dict[int, list[StateField]] = {}
    for name, value in each.path.held.items():
        field = owner(name)
        if field is not None and value != NOTHING:
            owners.setdefault(value, []).append(field)
    for value, fields in owners.items():
        if each.path.counts[value] < len(fields):
            yield from fields
