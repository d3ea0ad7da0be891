"""Replacements of byte spans by text with holes for what is kept of the original."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec


class Span(msgspec.Struct, frozen=True, order=True):
    """Byte offsets ``start <= end`` into the original text of one file."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start}..{self.end}"

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}..{self.end}")

    def contains(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """Share at least one byte, or one is empty and lies strictly inside the other."""
        return self.start < other.end and other.start < self.end

    def of(self, data: bytes) -> bytes:
        return data[self.start : self.end]


class Hole(msgspec.Struct, frozen=True):
    """A range of the original that the replacement keeps, with the edits made inside it.

    ``margins`` are what its lines begin with, and what they begin with instead.
    """

    span: Span
    margins: tuple[bytes, bytes] = (b"", b"")

    def set(self, text: bytes) -> bytes:
        """The text that fills the hole, moved from the one margin to the other."""
        was, now = self.margins
        if was == now:
            return text
        return re.sub(rb"^" + re.escape(was), lambda _: now, text, flags=re.MULTILINE)


Part = bytes | Hole


class Replacement(msgspec.Struct, frozen=True):
    """Put ``parts`` in the place of ``span`` of file ``path``.

    ``group`` names the edits that are applied together or not at all.
    ``order`` ranks insertions at one offset; lower comes first, equal ranks keep their sequence.
    """

    path: str
    span: Span
    parts: tuple[Part, ...]
    group: str
    order: int = 0

    def __post_init__(self) -> None:
        for part in self.parts:
            if isinstance(part, Hole) and not self.span.contains(part.span):
                raise ValueError(
                    f"{self.path}: hole {part.span} outside its replacement {self.span}"
                )

    @property
    def holes(self) -> tuple[Span, ...]:
        return tuple(part.span for part in self.parts if isinstance(part, Hole))


def replacement(
    path: str, start: int, end: int, parts: bytes | Sequence[Part], group: str, order: int = 0
) -> Replacement:
    """A replacement of ``start..end`` by text, or by text and holes."""
    pieces = (parts,) if isinstance(parts, bytes) else tuple(parts)
    return Replacement(path, Span(start, end), pieces, group, order)


def insertion(path: str, at: int, text: bytes, group: str, order: int = 0) -> Replacement:
    """Text put before the byte at offset ``at``."""
    return Replacement(path, Span(at, at), (text,), group, order)


def deletion(path: str, start: int, end: int, group: str) -> Replacement:
    """The bytes ``start..end`` taken away."""
    return Replacement(path, Span(start, end), (), group)
