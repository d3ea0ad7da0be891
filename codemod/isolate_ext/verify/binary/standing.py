"""The judgement of the rung: after a migration no writable static storage holds an object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from isolate_ext.verify.binary.records import Holds, Inventory, Static, UnknownSymbol

_DEFINITIONS = frozenset({Holds.MODULE_DEF, Holds.TABLE})


class Standing(Enum):
    """What to think of a piece of writable static storage."""

    SHARED_OBJECT = "holds an object or a type"
    EXPECTED = "on the placement list"
    DEFINITION = "a definition that is only read"
    FOREIGN = "of other code that is linked in"
    UNLISTED = "not on the placement list"
    UNKNOWN = "without debug information"


@dataclass(frozen=True, slots=True)
class Stay:
    """A variable that the placement leaves static: its level (handbook section 3) and the reason.

    ``function`` is None for one at file scope; ``path`` is relative to the project.
    """

    name: str
    path: str
    function: str | None
    level: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A writable variable or symbol, and why it may be there, if it is expected."""

    what: Static | UnknownSymbol
    standing: Standing
    stay: Stay | None = None


@dataclass(frozen=True, slots=True)
class StorageRung:
    """The result of the rung; it is skipped where ``reason`` is not empty."""

    reason: str
    judged: tuple[Judged, ...] = ()
    listed: bool = False

    @property
    def failures(self) -> tuple[Judged, ...]:
        """Objects, and where there is a placement list also what is not on it."""
        wrong = {Standing.SHARED_OBJECT, *((Standing.UNLISTED,) if self.listed else ())}
        return tuple(each for each in self.judged if each.standing in wrong)

    @property
    def passed(self) -> bool:
        return not self.reason and not self.failures


def judge(found: Inventory, stays: Sequence[Stay] | None = None) -> StorageRung:
    """Every writable static of a library with its standing, in the order of the inventory.

    ``stays`` is the placement list; without one, plain data is listed and not held against it.
    An object in static storage is never expected, whatever the list says of it.
    """
    if found.reason:
        return StorageRung(found.reason)
    known = {(each.path, each.function, each.name): each for each in stays or ()}
    judged = [
        _judged(each, known.get((each.place.path, each.function, each.name)))
        for each in found.variables
        if each.mutable
    ]
    judged += [Judged(each, Standing.UNKNOWN) for each in found.unknown if each.mutable]
    return StorageRung("", tuple(judged), stays is not None)


def _judged(each: Static, stay: Stay | None) -> Judged:
    if each.holds.object:
        return Judged(each, Standing.SHARED_OBJECT, stay)
    if stay is not None:
        return Judged(each, Standing.EXPECTED, stay)
    if each.holds in _DEFINITIONS:
        return Judged(each, Standing.DEFINITION)
    return Judged(each, Standing.UNLISTED if each.own else Standing.FOREIGN)
