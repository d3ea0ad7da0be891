"""Lines and guards: where text may be put between those of a file (byte offsets)."""

from __future__ import annotations

import re

from isolate_ext.syntax import Parsed

HEADER = (".h", ".hpp", ".hh")


def line_after(parsed: Parsed, offset: int) -> int:
    """The start of the line after ``offset``, outside of any `#if` but a header guard."""
    data = parsed.source.data
    for condition in parsed.conditions(max(offset - 1, 0)):
        if not guards(parsed, condition.group.start, condition.group.end):
            offset = max(offset, condition.group.end)
            break
    end = data.find(b"\n", max(offset - 1, 0))
    return len(data) if end < 0 else end + 1


def guards(parsed: Parsed, start: int, end: int) -> bool:
    """Whether a `#if` group spans the whole of a header."""
    data = parsed.source.data
    code = re.sub(
        rb"/\*.*?\*/|//[^\n]*|#\s*pragma[^\n]*", b"", data[:start] + data[end:], flags=re.DOTALL
    )
    return not code.strip(b"\xef\xbb\xbf \t\r\n")


def line_start(parsed: Parsed, offset: int) -> int:
    return parsed.source.data.rfind(b"\n", 0, offset) + 1


def is_source(name: str) -> bool:
    return not name.endswith(HEADER) or name.endswith(".c.h")
