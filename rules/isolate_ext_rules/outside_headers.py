"""Headers of others that the members of the state are made of, and headers that are read once."""

from __future__ import annotations

import re

from isolate_ext.engine import Pass
from isolate_ext.model.entities import Kind
from isolate_ext.model.shapes import is_number
from isolate_ext.placement.decisions import StateField
from isolate_ext.syntax import Parsed, resolve_include
from isolate_ext_rules.line_places import guards

_STANDARD = {"bool": "stdbool.h", "pthread_key_t": "pthread.h", "pthread_mutex_t": "pthread.h"}
_GUARD = re.compile(
    rb"[ \t]*#[ \t]*if(?:ndef[ \t]+|[ \t]*![ \t]*defined[ \t]*\(?[ \t]*)(\w+)[^\n]*\n"
    rb"(?:\s|/\*.*?\*/|//[^\n]*)*#[ \t]*define[ \t]+\1\b",
    re.DOTALL,
)
_OF_PYTHON = re.compile(r"_?Py\w*|void|FILE|va_list|(?:struct|union|enum)\b.*|")


def outside_headers(pass_: Pass) -> list[str]:
    """What a header for the state includes for its members, quotes or angle brackets included."""
    found: dict[str, None] = {}
    for field in pass_.decisions.fields.values():
        if field.kind is not Kind.TYPE:
            found |= dict.fromkeys(_declaring(pass_, field))
    return list(found)


def read_any_number_of_times(parsed: Parsed) -> bool:
    """Whether a header keeps itself from being read twice."""
    data = parsed.source.data
    if re.search(rb"^[ \t]*#[ \t]*pragma[ \t]+once\b", data, re.MULTILINE):
        return True
    for group in parsed.scan.groups:
        if guards(parsed, group.start, group.end):
            return _GUARD.match(data, group.start) is not None
    return False


def _declaring(pass_: Pass, field: StateField) -> list[str]:
    """The headers outside of the extension that may declare the type of a member."""
    variable = pass_.extension.variables[field.symbol]
    base, path = variable.ctype.base, variable.home.path
    wanted = _STANDARD.get(base)
    if wanted is None and (
        base in pass_.extension.structs.ends or is_number(base) or _OF_PYTHON.fullmatch(base)
    ):
        return []
    parsed = pass_.parsed(path)
    included = [
        f"<{each.name}>" if each.system else f'"{each.name}"'
        for each in parsed.scan.includes
        if resolve_include(path, each.name, pass_.extension.files) is None
        and each.name != "Python.h"
        and all(condition.verdict for condition in parsed.conditions(each.span[0]))
    ]
    return [f"<{wanted}>"] if wanted is not None else included
