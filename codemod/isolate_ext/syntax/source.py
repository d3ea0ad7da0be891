"""A source file as bytes, and its lines."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import msgspec

BOM = b"\xef\xbb\xbf"


class Source(msgspec.Struct, frozen=True):
    """The bytes of one file; ``path`` is a label relative to the project root, '/'-separated."""

    path: str
    data: bytes


class Lines:
    """Byte offsets of the line starts of a source."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        ends = accumulate(map(len, data.split(b"\n")[:-1]))
        self.starts = [0, *(end + line for line, end in enumerate(ends, 1))]

    def number(self, offset: int) -> int:
        """The 1-based line that holds the byte offset."""
        return bisect_right(self.starts, offset)

    def line_column(self, offset: int) -> tuple[int, int]:
        """The 1-based line and the 1-based text column (not bytes) of a byte offset."""
        line = self.number(offset)
        before = self._data[self.starts[line - 1] : offset]
        if line == 1:
            before = before.removeprefix(BOM)
        return line, len(before.decode("utf-8", "surrogateescape")) + 1
