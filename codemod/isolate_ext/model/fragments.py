"""Files that are included inside of a function: their statements are part of its body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from isolate_ext.model.entities import Definition
from isolate_ext.syntax import Node, Parsed

_NO_STATEMENT = frozenset(
    {"declaration", "function_definition", "type_definition", "struct_specifier",
     "union_specifier", "enum_specifier", "linkage_specification"}
)  # fmt: skip


class Fragment(msgspec.Struct, frozen=True, eq=False):
    """The function that includes a file, and the byte of it at which the `#include` stands.

    ``leaves`` says that there is a `return` in the file.
    """

    function: Definition
    at: int
    leaves: bool


def included_in_functions(
    files: Mapping[str, Parsed], includes: Mapping[tuple[str, int], str]
) -> dict[str, tuple[str, int]]:
    """Per fragment the place of its one `#include`, as (path, offset).

    ``includes`` says which owned file each place includes.  A file that holds anything but
    statements, or that is read in several places, is none.
    """
    places: dict[str, list[tuple[str, int]]] = {}
    for place, target in includes.items():
        places.setdefault(target, []).append(place)
    return {
        target: found[0]
        for target, found in places.items()
        if len(found) == 1
        and _in_function(files[found[0][0]].items(), found[0][1])
        and not any(item.kind in _NO_STATEMENT for item in files[target].items())
    }


def _in_function(items: Sequence[Node], offset: int) -> bool:
    for item in items:
        body = item.child("body") if item.kind == "function_definition" else None
        if body is not None and body.start < offset < body.end:
            return True
    return False
