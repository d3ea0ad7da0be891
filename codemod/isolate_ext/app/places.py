"""Byte offsets as lines and columns of the files that the user has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from isolate_ext.project import SourceFile
from isolate_ext.syntax import Parsed
from isolate_ext.text import matching_blocks


class Places:
    """Where offsets lie.  They refer to parsed texts, which may have been made plainer first."""

    def __init__(self, parsed: Mapping[str, Parsed], read: Mapping[str, SourceFile]) -> None:
        self._parsed = parsed
        self._read = read
        self._maps: dict[str, _Lines] = {}

    def of(self, path: str, offset: int) -> tuple[int, int, str]:
        """The 1-based line and column in the user's file, and the text of that line."""
        parsed = self._parsed.get(path)
        if parsed is None:
            return 1, 1, ""
        line, column = parsed.line_column(offset)
        start = parsed.scan.lines.starts[line - 1]
        data = parsed.source.data
        text = data[start : start + 400].split(b"\n")[0]
        source = self._read.get(path)
        if source is not None and source.data != data:
            line = self._lines(path, data, source.data).original(line)
        return line, column, text.decode("utf-8", "replace").rstrip("\r")

    def _lines(self, path: str, now: bytes, before: bytes) -> _Lines:
        if path not in self._maps:
            self._maps[path] = _Lines(now, before)
        return self._maps[path]


class _Lines:
    """From lines of one text to the same or the nearest earlier lines of another."""

    def __init__(self, now: bytes, before: bytes) -> None:
        self._now = now
        self._before = before

    @cached_property
    def _blocks(self) -> list[tuple[int, int, int]]:
        return matching_blocks(self._now.split(b"\n"), self._before.split(b"\n"))

    def original(self, line: int) -> int:
        """A 1-based line of the text it was."""
        best = 1
        for at, origin, size in self._blocks:
            if at > line - 1:
                break
            best = origin + min(line - 1 - at, max(size - 1, 0)) + 1
        return best
