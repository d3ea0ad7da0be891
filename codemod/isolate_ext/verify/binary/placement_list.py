"""The placement list of an extension, by which the static storage of its binary is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isolate_ext.model.extension import Extension
from isolate_ext.placement.choices import NONE, Choices
from isolate_ext.placement.decisions import Decisions, Level
from isolate_ext.placement.levels import Becomes, levels
from isolate_ext.placement.place import place
from isolate_ext.placement.process_wide import owner_stays
from isolate_ext.verify.binary.records import Static
from isolate_ext.verify.binary.unmodelled import Where, modelled, names, places


@dataclass(frozen=True, slots=True)
class Stay:
    """Why a variable keeps static storage, and at which level of handbook section 3.

    ``constant`` says that nothing writes to it, ``borrowed`` that it names the one module that is
    loaded, without a reference to it.
    """

    level: str
    reason: str
    constant: bool = False
    borrowed: bool = False

    def __str__(self) -> str:
        return f"{self.level}: {self.reason}"


@dataclass(frozen=True, slots=True)
class PlacementList:
    """What may stay static, and why; ``known`` is every variable of the model."""

    stays: Mapping[Where, Stay]
    known: frozenset[Where]

    def stay(self, each: Static) -> Stay | None:
        return next((self.stays[it] for it in names(each) if it in self.stays), None)

    def knows(self, each: Static) -> bool:
        return not self.known.isdisjoint(names(each))


def placement_list(extension: Extension, choices: Choices = NONE) -> PlacementList | None:
    """The list for the sources as they are; None where they cannot be placed as a whole.

    What a migration has moved is static no more, and what it could not move is on no list.
    ``choices`` are the user's.
    """
    decisions = place(extension, choices=choices)
    if not isinstance(decisions, Decisions):
        return None
    written = {each.symbol for each in decisions.stays}
    once = owner_stays(extension, decisions.init)
    stays = {
        where: Stay(
            each.level.value,
            each.why,
            each.constant and each.variable.key not in written,
            each.variable.key in once and each.level is Level.RUNTIME,
        )
        for each in levels(extension, decisions, decisions.refusals)
        if each.becomes is Becomes.STATIC
        for where in places(each.variable)
    }
    return PlacementList(stays, modelled(extension))
