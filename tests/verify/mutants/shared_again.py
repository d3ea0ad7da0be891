"""A member of the module state made a C static again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.model.entities import Field, Struct
from isolate_ext.model.extension import Extension
from isolate_ext.text import Replacement, insertion, replacement
from mutants.mutation import Mutation
from mutants.states import states

NAME = "shared_again"
KIND = "static again"
SEMICOLON = re.compile(rb"\s*;")


def shared_again(extension: Extension) -> Iterator[Mutation]:
    """One mutation for each object in the state whose uses are all plain to see."""
    for struct in states(extension):
        for field in struct.fields:
            if extension.structs.is_object_pointer(field.ctype) and not field.ctype.arrays:
                uses = _uses(extension, struct, field)
                if uses:
                    yield _mutation(extension, struct, field, uses)


def _uses(extension: Extension, struct: Struct, field: Field) -> list[Replacement]:
    """Every ``state->member``; empty where the name means something else as well."""
    owners = [
        each for each in extension.structs.definitions
        if any(other.name == field.name for other in each.fields)
    ]  # fmt: skip
    if len(owners) != 1:
        return []
    found = []
    for path, parsed in extension.files.items():
        for offset in parsed.occurrences(field.name):
            if path == struct.path and struct.start <= offset < struct.end:
                continue
            node = parsed.node_at(offset)
            member = node.parent if node is not None else None
            if member is None or member.kind != "field_expression":
                return []
            found.append(replacement(path, *member.span, NAME.encode(), KIND))
    return found


def _mutation(
    extension: Extension, struct: Struct, field: Field, uses: list[Replacement]
) -> Mutation:
    alone = {each.path for each in uses} == {struct.path} and struct.path.endswith(".c")
    storage = "static" if alone else "__attribute__((weak))"
    declared = f"\n{storage} {field.ctype.declare(NAME)};\n".encode()
    parsed = extension.files[struct.path]
    line, _ = parsed.line_column(struct.start)
    last = SEMICOLON.match(parsed.source.data, struct.end)
    added = insertion(struct.path, last.end() if last else struct.end, declared, KIND)
    return Mutation(KIND, field.name, f"{struct.path}:{line}", field.name, (added, *uses))
