"""Extensions that are built for the limited API, and what of the new code it has no place for."""

from __future__ import annotations

from isolate_ext.model.extension import Extension
from isolate_ext.placement.decisions import BY_TYPE, Decisions
from isolate_ext.placement.refusals import Reason, Refusal

_MACRO = "Py_LIMITED_API"


def is_limited(extension: Extension) -> bool:
    """Whether the build or a file may ask for the limited API."""
    return _MACRO in extension.macros or _definition(extension) is not None


def beyond_limits(extension: Extension, decisions: Decisions) -> list[Refusal]:
    """The limited API lacks type lookups by definition, and the layout of types."""
    if not decisions.limited or not (decisions.types or decisions.ways & BY_TYPE):
        return []
    creator = decisions.init.creator
    end = creator.name_start + len(creator.name)
    path, start, end = _definition(extension) or (creator.path, creator.name_start, end)
    message = "PyType_GetModuleByDef is part of the limited API from 3.13 on only"
    return [Refusal("module-state", Reason.LIMITED_API, path, start, end, message)]


def _definition(extension: Extension) -> tuple[str, int, int] | None:
    for path, parsed in extension.files.items():
        for define in parsed.scan.defines_of(_MACRO):
            return path, *define.name_span
    return None
