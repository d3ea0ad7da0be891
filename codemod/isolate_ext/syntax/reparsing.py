"""A view that was parsed before and has been edited since: items that are alike are taken over.

Items that end with a semicolon or a body are parsed alike wherever they stand among such items.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec

from isolate_ext.syntax.grammar import parse_bytes

Piece = tuple[Any, int]
"""A top-level node of the parser and the base that turns its offsets into source offsets."""

_CLOSED = frozenset((
    "declaration", "enum_specifier", "expression_statement", "function_definition",
    "struct_specifier", "type_definition", "union_specifier",
))  # fmt: skip
"""What nothing that follows can be a part of."""
_REACH = 20_000
"""How far an item is looked for that is not where it would be expected, in bytes."""


class Shown(msgspec.Struct, frozen=True):
    """The text of a view without errors, and the pieces that it consists of, which are closed."""

    text: bytes
    pieces: list[Piece]

    @classmethod
    def of(cls, text: bytes, root: Any) -> Shown | None:
        """The whole of a view; None where it is broken, or has items of another kind."""
        pieces = None if root.has_error else _closed(root, 0)
        return cls(text, pieces) if pieces is not None else None

    def edited(self, text: bytes) -> Shown | None:
        """Another text; None where only a look at the whole can tell its pieces."""
        pieces: list[Piece] = []
        at = 0
        for piece, start, end in self._again(text):
            fresh = _parsed(text, at, start)
            if fresh is None:
                return None
            pieces += fresh
            pieces.append(piece)
            at = end
        rest = _parsed(text, at, len(text))
        return Shown(text, pieces + rest) if rest is not None else None

    def _again(self, text: bytes) -> Iterator[tuple[Piece, int, int]]:
        """Pieces that another text has too, with the spans that they have there, in order."""
        at = shift = 0
        for (raw, base), start, code in self._items():
            place = start + shift
            if place < at or not text.startswith(code, place):
                found = text.find(b"\n" + code, at, max(place, at) + len(code) + _REACH)
                if found < 0:
                    continue
                place = found + 1
            shift = place - start
            at = place + len(code)
            yield (raw, base + shift), place, at

    def _items(self) -> Iterator[tuple[Piece, int, bytes]]:
        """The pieces with their offsets and texts, a semicolon that is no part of one included."""
        starts = [raw.start_byte + base for raw, base in self.pieces]
        spans = pairwise([*starts, len(self.text)])
        for piece, (start, end) in zip(self.pieces, spans, strict=True):
            yield piece, start, self.text[start:end].rstrip()


def _parsed(text: bytes, start: int, end: int) -> list[Piece] | None:
    """The pieces of a part of a view; None where it might be parsed otherwise in its place."""
    code = text[start:end]
    if not code.strip():
        return []
    root = parse_bytes(code).root_node
    return None if root.has_error else _closed(root, start)


def _closed(root: Any, base: int) -> list[Piece] | None:
    pieces = [(node, base) for node in root.children if node.is_named]
    return pieces if all(node.type in _CLOSED for node, _ in pieces) else None
