"""The judgement of the rung: after a migration no writable static storage holds an object."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from isolate_ext.verify.binary.placement_list import PlacementList, Stay
from isolate_ext.verify.binary.records import Holds, Inventory, Static, UnknownSymbol

_DEFINITIONS = frozenset({Holds.MODULE_DEF, Holds.TABLE})


class Standing(Enum):
    """What to think of a piece of writable static storage."""

    SHARED_OBJECT = "holds an object or a type"
    EXPECTED = "on the placement list"
    DEFINITION = "definitions that are only read"
    FOREIGN = "of other code that is linked in"
    UNLISTED = "not on the placement list"
    UNMODELLED = "the model does not know it"
    UNKNOWN = "without debug information"


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
        wrong = {Standing.SHARED_OBJECT, Standing.UNMODELLED}
        wrong |= {Standing.UNLISTED} if self.listed else set()
        return tuple(each for each in self.judged if each.standing in wrong)

    @property
    def passed(self) -> bool:
        return not self.reason and not self.failures


def judge(found: Inventory, listed: PlacementList | None = None) -> StorageRung:
    """Every writable static of a library with its standing, in the order of the inventory.

    ``listed`` is the placement list; without one, plain data is listed and not held against it.
    An object in static storage is never expected, whatever the list says of it, but for what names
    the one module that is loaded.
    """
    if found.reason:
        return StorageRung(found.reason)
    judged = [_judged(each, listed) for each in found.variables if each.mutable]
    judged += [Judged(each, Standing.UNKNOWN) for each in found.unknown if each.mutable]
    return StorageRung("", tuple(judged), listed is not None)


def _judged(each: Static, listed: PlacementList | None) -> Judged:
    stay = listed.stay(each) if listed is not None else None
    if each.holds.object and not (stay is not None and stay.borrowed):
        unknown = listed is not None and each.own and not listed.knows(each)
        return Judged(each, Standing.UNMODELLED if unknown else Standing.SHARED_OBJECT, stay)
    if stay is not None:
        return Judged(each, Standing.EXPECTED, stay)
    if each.holds in _DEFINITIONS:
        return Judged(each, Standing.DEFINITION)
    return Judged(each, Standing.UNLISTED if each.own else Standing.FOREIGN)
