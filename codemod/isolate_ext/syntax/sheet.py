"""A view being written: its code and its skeleton, changed alike and at equal length."""

from __future__ import annotations

import re
from collections.abc import Iterable

from isolate_ext.syntax.structure import Structure

Braced = Iterable[tuple[int, bytes]]
_LINKAGE = re.compile(rb'extern\s*"\.*"\s*$')


class Sheet:
    """The text of one view. Every change keeps the length, so offsets stay those of the source.

    ``braces`` are those that macros close and open, by offset of the macro's name. A ``bare`` sheet
    keeps the braces of ``extern "C"`` and those that match nothing.
    """

    def __init__(
        self, code: bytes, skeleton: bytes, bare: bool = False, braces: Braced = ()
    ) -> None:
        self.code = bytearray(code)
        self.skeleton = bytearray(skeleton)
        self.structure = Structure(_with_braces(skeleton, braces))
        if bare:
            return
        for opening, close in self.structure.linkage:
            self._blank_linkage(opening, close)
        for stray in self.structure.stray:
            self.put(stray, b" ")

    def _blank_linkage(self, opening: int, close: int) -> None:
        """``extern "C" {`` and its brace only wrap; what they hold stands at file level."""
        start = max(0, opening - 200)
        head = _LINKAGE.search(bytes(self.skeleton[start:opening]))
        if head:
            self.put(start + head.start(), b" " * (opening + 1 - start - head.start()))
        if close >= 0:
            self.put(close, b" ")

    def put(self, start: int, text: bytes) -> None:
        """Overwrite code at an offset."""
        end = start + len(text)
        self.code[start:end] = text
        self.skeleton[start:end] = text

    def blank(self, start: int, end: int) -> None:
        """Overwrite a span with spaces."""
        self.put(start, b" " * (end - start))

    def put_between(self, end: int, following: int, mark: bytes) -> bool:
        """Write a mark into the blanks between two tokens; False when there are none."""
        if following <= end:
            return False
        self.put(end, mark)
        return True


def _with_braces(skeleton: bytes, braces: Braced) -> bytes:
    """The skeleton in which macros show the braces that they stand for."""
    shown: bytearray | None = None
    for offset, text in braces:
        if skeleton[offset : offset + 1].strip():
            shown = bytearray(skeleton) if shown is None else shown
            shown[offset : offset + len(text)] = text
    return skeleton if shown is None else bytes(shown)
