"""Long constant tables of numbers, which tell a parser nothing and cost it most."""

from __future__ import annotations

import re

_NUMBERS = re.compile(rb"\{(?:[\s,{}+-]++|\d[\w.]*+)*+")
_BRACE = re.compile(rb"[{}]")
_CONST = re.compile(rb"\bconst\b[^;{}]*\{\Z")
_LONG = 200
"""How many commas make a table long."""


def number_tables(skeleton: bytes) -> list[tuple[int, int]]:
    """What stands between the outer braces of constants that hold nothing but many numbers."""
    found = []
    for match in _NUMBERS.finditer(skeleton):
        start = match.start() + 1
        if match.end() - start < _LONG or skeleton.count(b",", start, match.end()) < _LONG:
            continue
        if not _is_constant(skeleton, start):
            continue
        end = _closing(skeleton, start, match.end())
        if end is not None and skeleton.count(b",", start, end) >= _LONG:
            found.append((start, end))
    return found


def _closing(skeleton: bytes, start: int, end: int) -> int | None:
    """Where the brace is closed that was opened before ``start``, if that is by ``end``."""
    depth = 0
    for match in _BRACE.finditer(skeleton, start, end + 1):
        depth += 1 if match.group() == b"{" else -1
        if depth < 0:
            return match.start()
    return None


def _is_constant(skeleton: bytes, start: int) -> bool:
    """Whether the declaration that the brace before ``start`` belongs to says ``const``."""
    return _CONST.search(skeleton, max(0, start - 500), start) is not None
