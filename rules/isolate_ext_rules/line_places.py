"""Lines and guards: where text may be put between those of a file (byte offsets)."""

from __future__ import annotations

import re
from collections.abc import Collection

from isolate_ext.syntax import Group, Parsed

_NO_CODE = re.compile(rb"(?:\xef\xbb\xbf|\s++|/\*.*?\*/|//[^\n]*+|#\s*pragma[^\n]*+)*+", re.DOTALL)
HEADER = (".h", ".hpp", ".hh")


def line_after(parsed: Parsed, offset: int, around: Collection[Group] = ()) -> int:
    """The start of the line after ``offset``, outside of any `#if` but a header guard.

    The groups ``around`` count as guards, too.
    """
    data = parsed.source.data
    group = _conditional(parsed, max(offset - 1, 0), around)
    if group is not None:
        offset = max(offset, group.end)
    end = data.find(b"\n", max(offset - 1, 0))
    return len(data) if end < 0 else end + 1


def unconditional(parsed: Parsed, offset: int, around: Collection[Group] = ()) -> int:
    """``offset``, or the start of the `#if` group around it that is no guard."""
    group = _conditional(parsed, offset, around)
    return offset if group is None else group.start


def _conditional(parsed: Parsed, offset: int, around: Collection[Group]) -> Group | None:
    """The outermost `#if` group around an offset but a header guard and those ``around``."""
    for condition in parsed.conditions(offset):
        group = condition.group
        if group not in around and not guards(parsed, group.start, group.end):
            return group
    return None


def guards(parsed: Parsed, start: int, end: int) -> bool:
    """Whether a `#if` group spans the whole of a header."""
    data = parsed.source.data
    return bool(_NO_CODE.fullmatch(data, 0, start) and _NO_CODE.fullmatch(data, end))


def line_start(parsed: Parsed, offset: int) -> int:
    return parsed.source.data.rfind(b"\n", 0, offset) + 1


def is_source(name: str) -> bool:
    return not name.endswith(HEADER) or name.endswith(".c.h")
