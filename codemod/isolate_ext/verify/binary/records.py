"""What is known of the static storage of a built library.  Facts only, no judgement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Holds(Enum):
    """What a value is made of, as far as its type says (handbook section 3, C1 to C4)."""

    TYPE = "a type object"
    INSTANCE = "an object"
    OBJECTS = "pointers to objects"
    ARG_PARSER = "an argument parser"
    IDENTIFIER = "an identifier string"
    MODULE_DEF = "a module definition"
    TABLE = "a definition table"
    INDIRECT = "pointers to what holds objects"
    NOTHING = "no objects"

    @property
    def object(self) -> bool:
        """Whether the storage itself is, or points to, what belongs to one interpreter."""
        return self in _OBJECTS


_OBJECTS = frozenset({Holds.TYPE, Holds.INSTANCE, Holds.OBJECTS})


@dataclass(frozen=True, slots=True)
class Place:
    """A declaration: ``path`` is relative to the tree where it lies in it, else absolute."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Static:
    """A variable with static storage and a location.

    ``offset`` counts from the beginning of its section; ``function`` is the one it is local to.
    ``mutable`` says that the program can write to it: neither it nor its section is constant.
    ``own`` is false where the declaration lies in none of the extension's own files.
    """

    name: str
    section: str
    offset: int
    size: int
    ctype: str
    holds: Holds
    function: str | None
    place: Place
    mutable: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Vanished:
    """A file-scope variable without storage: the compiler folded or dropped it."""

    name: str
    ctype: str
    place: Place
    own: bool


@dataclass(frozen=True, slots=True)
class UnknownSymbol:
    """Data that the symbol table names and the debug information does not.

    ``file`` is the source that the symbol table puts it under; empty for a global one.
    """

    name: str
    section: str
    offset: int
    size: int
    mutable: bool
    file: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """The static storage of one library, in the order of places and addresses.

    Where ``reason`` is not empty, it says why nothing could be read, and all else is empty.
    Static variables local to a function that have no location are not listed: nothing tells them
    from automatic ones.
    """

    library: Path
    reason: str = ""
    variables: tuple[Static, ...] = ()
    vanished: tuple[Vanished, ...] = ()
    unknown: tuple[UnknownSymbol, ...] = ()
