"""Which routines anything can reach."""

from __future__ import annotations

import re
from functools import cache

from isolate_ext.model.extension import Extension, Pasted
from isolate_ext.model.remembered import remembered


@remembered
def uncalled(extension: Extension) -> frozenset[str]:
    """Static functions that only others of their kind mention: inline helpers of a header."""
    found: set[str] = set()
    while True:
        added = {
            routine.key
            for routine in extension.routines.values()
            if routine.key not in found
            and routine.static
            and routine.key not in extension.fenced
            and not (routine.is_macro and "#" in routine.key and not routine.definitions)
            and all(
                use.inside is not None and use.inside.routine in found
                for use in extension.uses_of(routine.key)
            )
        }
        if not added:
            return frozenset(found)
        found |= added


def made_by(extension: Extension, pasted: Pasted, name: str) -> bool:
    """Whether ## can make a name: each part that comes from an argument occurs somewhere."""
    match = _parts(pasted.pattern).fullmatch(name)
    return match is not None and all(
        any(word in parsed.names() for parsed in extension.files.values())
        for word in match.groups()
    )


@cache
def _parts(pattern: str) -> re.Pattern[str]:
    """The pattern of a name that ## makes, each part that comes from an argument a group."""
    return re.compile(pattern.replace(r"\w+", r"(\w+)"))
