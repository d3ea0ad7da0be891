"""Cutting a view into its top-level pieces."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from itertools import pairwise

from isolate_ext.syntax.structure import Braces, Structure

_MARK = re.compile(rb"[;()]")
Span = tuple[int, int]


class Chunks:
    """The top-level pieces of a view: cut after each ``;`` and each function body outside braces.

    Where braces do not match, a closing brace in the first column ends a piece.
    """

    def __init__(self, structure: Structure) -> None:
        self.size = len(structure.skeleton)
        self.balanced = structure.balanced
        self.cuts = _cuts(structure, resync=not structure.balanced)

    def around(self, start: int, end: int) -> Span:
        """The smallest run of whole pieces that holds a span."""
        left = bisect_right(self.cuts, start)
        right = bisect_left(self.cuts, end)
        low = self.cuts[left - 1] if left else 0
        return (low, self.cuts[right] if right < len(self.cuts) else self.size)

    def ends_at(self, offset: int) -> bool:
        """Whether a piece ends at an offset."""
        index = bisect_left(self.cuts, offset)
        return offset == self.size or self.cuts[index : index + 1] == [offset]

    def within(self, start: int, end: int) -> list[Span]:
        """The single pieces of a run of whole pieces."""
        left = bisect_right(self.cuts, start)
        right = bisect_left(self.cuts, end)
        marks = [start, *self.cuts[left:right], end]
        return [(low, high) for low, high in pairwise(marks) if low < high]


def _cuts(structure: Structure, resync: bool) -> list[int]:
    skeleton = structure.skeleton
    cuts: list[int] = []
    stack: list[tuple[Braces, int]] = []
    parentheses = 0
    outside = 0
    for offset, kind in zip(structure.offsets[1:], structure.kinds[1:], strict=True):
        at = offset - 1
        if not stack:
            parentheses = _cut_between(skeleton, outside, at, parentheses, cuts)
        if skeleton[at] == 0x7B:
            if kind is Braces.FILE and not stack:
                cuts.append(offset)
            else:
                stack.append((kind, parentheses))
        elif stack:
            closed, parentheses = stack.pop()
            if resync and skeleton[at - 1 : at] in (b"\n", b""):
                stack.clear()
            if not stack and closed is Braces.BLOCK and (parentheses <= 0 or resync):
                cuts.append(offset)
        else:
            cuts.append(offset)
            parentheses = 0
        outside = offset
    if not stack:
        _cut_between(skeleton, outside, len(skeleton), parentheses, cuts)
    return cuts


def _cut_between(skeleton: bytes, start: int, end: int, parentheses: int, cuts: list[int]) -> int:
    """Cut after each semicolon outside parentheses; how many of those are open at the end."""
    for match in _MARK.finditer(skeleton, start, end):
        char = match.group()
        if char == b"(":
            parentheses += 1
        elif char == b")":
            parentheses -= 1
        elif parentheses <= 0:
            cuts.append(match.end())
    return parentheses


def merged(spans: list[Span]) -> list[Span]:
    """The union of spans, ascending and disjoint; touching spans stay apart."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result
