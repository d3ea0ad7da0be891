"""Fences: regions that could not be parsed, in which nothing may be edited."""

from __future__ import annotations

import msgspec


class Fence(msgspec.Struct, frozen=True):
    """A span of the source outside the reach of the parser, and why.

    ``whole`` tells a top-level piece that has no tree at all from a statement inside one that has.
    """

    start: int
    end: int
    cause: str
    whole: bool = True

    @property
    def span(self) -> tuple[int, int]:
        """Start and end."""
        return (self.start, self.end)
