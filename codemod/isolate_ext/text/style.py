"""The file's own habits: line ending, indentation, brace placement."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

_INDENTED = re.compile(rb"\{[ \t]*\r?\n([ \t]+)\S")
_INDENTS = (b"\t", b"  ", b"   ", b"    ", b" " * 8)
_FUNCTION = re.compile(rb"\)[ \t]*(\r?\n)?\{")
_HEAD = re.compile(rb"[A-Za-z_][^\n;{}=#]*")


class Style(msgspec.Struct, frozen=True):
    """How new text is written so that it looks like the rest of the file.

    ``brace_on_own_line`` speaks of function bodies only.
    """

    newline: bytes = b"\n"
    indent: bytes = b"    "
    brace_on_own_line: bool = True

    def adapt(self, text: bytes) -> bytes:
        """Text written with ``\\n`` and four-space steps, in this file's line ending and indent."""
        lines = []
        for line in text.replace(b"\r\n", b"\n").split(b"\n"):
            body = line.lstrip(b" ")
            steps, rest = divmod(len(line) - len(body), 4)
            lines.append(self.indent * steps + b" " * rest + body)
        return self.newline.join(lines)


@lru_cache(maxsize=16)
def style_of(data: bytes) -> Style:
    """Read the style off the text; CPython's own where the text says nothing."""
    newline = b"\r\n" if data.count(b"\r\n") * 2 > data.count(b"\n") else b"\n"
    counts: dict[bytes, int] = {}
    for match in _INDENTED.finditer(data):
        start = _line_start(data, match.start())
        if not data[start : start + 1].isspace():
            counts[match[1]] = counts.get(match[1], 0) + 1
    candidates = {key: n for key, n in counts.items() if key in _INDENTS}
    indent = max(candidates, key=lambda key: candidates[key]) if candidates else b"    "
    functions = [
        match[1] is not None
        for match in _FUNCTION.finditer(data)
        if _HEAD.fullmatch(data, _line_start(data, match.start()), match.start())
    ]
    return Style(newline, indent, sum(functions) * 2 >= len(functions))


def _line_start(data: bytes, at: int) -> int:
    return data.rfind(b"\n", 0, at) + 1
