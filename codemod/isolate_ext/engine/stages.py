"""The four stages; after each the code compiles and behaves as before."""

from __future__ import annotations

from enum import IntEnum


class Stage(IntEnum):
    """In order.  A module stays single-phase until the last."""

    STATE = 1
    HEAP_TYPES = 2
    ACCESS = 3
    ISOLATED = 4

    @property
    def label(self) -> str:
        return self.name.lower().replace("_", "-")

    @classmethod
    def named(cls, label: str) -> Stage:
        """The stage of that name; raises KeyError for another word."""
        return cls[label.upper().replace("-", "_")]
