"""Figures about what could be parsed: lines, fences, and regions that are wrong by cause."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from isolate_ext.syntax.fences import Fence
from isolate_ext.syntax.parsed import Parsed
from isolate_ext.syntax.source import Lines

_INK = re.compile(rb"\S+")


class Statistics(msgspec.Struct, frozen=True):
    """Counts over one file or many.

    ``token_lines`` are the lines that bear a token outside comments, directives and ``#if 0``,
    macro bodies counted; ``causes`` counts the fences by why they stand.
    """

    files: int = 0
    lines: int = 0
    token_lines: int = 0
    fenced_lines: int = 0
    fences: int = 0
    stand_ins: int = 0
    causes: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def parsed_share(self) -> float:
        """The part of the token-bearing lines outside fences, 1.0 when there are none at all."""
        if not self.token_lines:
            return 1.0
        return (self.token_lines - self.fenced_lines) / self.token_lines

    def __add__(self, other: Statistics) -> Statistics:
        return Statistics(
            self.files + other.files,
            self.lines + other.lines,
            self.token_lines + other.token_lines,
            self.fenced_lines + other.fenced_lines,
            self.fences + other.fences,
            self.stand_ins + other.stand_ins,
            self.causes + other.causes,
        )


def token_lines(parsed: Parsed) -> frozenset[int]:
    """The 1-based numbers of the lines that bear a token in some configuration."""
    lines = parsed.scan.lines
    return frozenset(
        lines.number(match.start())
        for text in (parsed.scan.reachable, parsed.scan.body_skeleton)
        for match in _INK.finditer(text)
    )


def _fenced_lines(lines: Lines, fences: Iterable[Fence]) -> set[int]:
    found: set[int] = set()
    for fence in fences:
        last = max(fence.start, fence.end - 1)
        found.update(range(lines.number(fence.start), lines.number(last) + 1))
    return found


def statistics(parsed: Parsed) -> Statistics:
    """The figures of one file."""
    bearing = token_lines(parsed)
    fenced = _fenced_lines(parsed.scan.lines, parsed.fences) & bearing
    return Statistics(
        files=1,
        lines=parsed.source.data.count(b"\n"),
        token_lines=len(bearing),
        fenced_lines=len(fenced),
        fences=len(parsed.fences),
        stand_ins=len(parsed.stand_ins),
        causes=Counter(fence.cause for fence in parsed.fences),
    )
