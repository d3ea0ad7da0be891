"""Text that the migration left as it was gets no mistake: not there could it have made one."""

from __future__ import annotations

from collections.abc import Mapping

from isolate_ext.model.extension import Extension
from mutants.mutation import Mutation


def touched(
    original: Extension | None, extension: Extension, found: list[Mutation]
) -> list[Mutation]:
    """The mistakes in functions, tables and types that are other ones than in the original."""
    if original is None:
        return found
    known = {
        path: frozenset(item.text for item in parsed.items())
        for path, parsed in original.files.items()
    }
    return [each for each in found if _is_touched(extension, known, each)]


def _is_touched(
    extension: Extension, known: Mapping[str, frozenset[bytes]], mutation: Mutation
) -> bool:
    return any(
        item.start <= edit.span.start < item.end and item.text not in known.get(edit.path, ())
        for edit in mutation.edits
        for item in extension.files[edit.path].items()
    )
