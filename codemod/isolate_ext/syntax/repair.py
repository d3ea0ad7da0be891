"""Mending a piece of a view that does not parse, and fencing what cannot be mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isolate_ext.syntax.fences import Fence
from isolate_ext.syntax.grammar import parse_bytes
from isolate_ext.syntax.standins import Neutraliser, StandIn

Span = tuple[int, int]


@dataclass(frozen=True)
class Mended:
    """The best tree of a piece, with the fences around what is still wrong."""

    root: Any
    fences: tuple[Fence, ...]
    stand_ins: tuple[StandIn, ...] = ()


def repaired(neutraliser: Neutraliser, window: Span) -> Mended:
    """Mend a window of a view."""
    start, end = window
    root = parse_bytes(bytes(neutraliser.sheet.code[start:end])).root_node
    text = bytes(neutraliser.sheet.skeleton[start:end])
    left = start + len(text) - len(text.lstrip())
    right = start + len(text.rstrip())
    return Mended(root, (Fence(left, right, "not understood"),))
