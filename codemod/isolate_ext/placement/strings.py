"""Which identifiers become strings of the state, and which calls take a C string instead.

A function that has a sound way to the state takes the string from there; one without, or that may
run while an instance is destroyed, names it as a C string where the C API has such a call.  An
identifier with a use that can have neither stays what it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from isolate_ext.model.entities import Identifier, Kind
from isolate_ext.model.extension import Extension
from isolate_ext.model.identifier_flow import IdentifierFlow, Sink, identifier_flow
from isolate_ext.placement.decisions import Level, RouteKind, StateField, Stay, Strings
from isolate_ext.placement.fields import lives
from isolate_ext.placement.reach import Reach
from isolate_ext.syntax import Condition

_NO_WAY = (
    RouteKind.GLOBAL, RouteKind.CARRIER, RouteKind.FRAME, RouteKind.PAIR, RouteKind.OWNER
)  # fmt: skip
"""No way at all, or one that takes more than a C string is worth."""


class StringPlan:
    """Sorts the sinks of identifiers; ``refused`` keys stay as they are."""

    def __init__(self, extension: Extension, refused: Collection[str]) -> None:
        self.extension = extension
        self.flow: IdentifierFlow = identifier_flow(extension)
        self.without: set[str] = set()
        for key, identifier in extension.identifiers.items():
            if key in refused:
                self.flow.stuck[key] = "a change of it was refused"
            elif not lives(identifier.variable):
                self.flow.stuck[key] = "no supported Python compiles it"
        self.flow.spread()

    def wanting(self) -> set[str]:
        """The routines that take a string from the state."""
        return {each.inside.routine for each in self._going() if self._takes_object(each)}

    def settle(self, reach: Reach) -> bool:
        """Do without the state where there is no way to it; False where that changes nothing."""
        lost = {each for each in self.wanting() if self._lost(reach, each)}
        self.without |= lost
        for each in self.flow.sinks:
            if each.inside.routine in lost and each.use is not None and not _has_name(each):
                why = f"{each.inside.name} has no way to the module state"
                self.flow.stuck.setdefault(each.use.symbol, why)
        self.flow.spread()
        return bool(lost)

    def _going(self) -> Iterator[Sink]:
        for each in self.flow.sinks:
            if each.use is not None and each.use.symbol not in self.flow.stuck:
                yield each

    def _takes_object(self, sink: Sink) -> bool:
        if sink.by is not None and sink.by.by_object is None:
            return False
        return sink.inside.routine not in self.without

    def _lost(self, reach: Reach, routine: str) -> bool:
        """Whether a routine, or one that it would get the state from, has no sound way to it."""
        bad = {each.symbol for each in reach.refusals}
        bad |= {each.routine for each, way in reach.routes.items() if way.kind in _NO_WAY}
        pending, seen = [routine], {routine}
        while pending:
            key = pending.pop()
            if key in bad or key in reach.teardown:
                return True
            callers = self.extension.uses_of(key) if key in reach.threaded else []
            fresh = {use.inside.routine for use in callers if use.inside is not None} - seen
            seen |= fresh
            pending += fresh
        return False

    def strings(self, taken: Collection[str]) -> Strings:
        """The result, with members named apart from ``taken``."""
        found = Strings(
            by_object=[each for each in self._going() if self._takes_object(each)],
            by_name=[each for each in self._going() if not self._takes_object(each)],
        )
        stuck = self.flow.stuck
        names = set(taken)
        for each in found.by_object:
            if each.identifier is not None and each.identifier.text not in found.members:
                member = self._member(each.identifier, names)
                found.members[each.identifier.text] = member
                names.add(member.name)
        found.by_object += [
            each
            for each in self.flow.sinks
            if each.use is None and not {self._parameter_of(each)} & stuck.keys()
        ]
        found.parameters = sorted(
            (key, index) for key, index in self.flow.parameters if f"{key}:{index}" not in stuck
        )
        for key, identifier in self.extension.identifiers.items():
            if key in stuck:
                found.stays.append(Stay(key, Level.RUNTIME, stuck[key]))
            else:
                found.gone.append(identifier)
        return found

    def _parameter_of(self, sink: Sink) -> str:
        names = [each.name for each in sink.inside.parameters]
        return f"{sink.inside.routine}:{names.index(sink.argument.str)}"

    def _member(self, identifier: Identifier, taken: Collection[str]) -> StateField:
        variable = identifier.variable
        name = f"str_{variable.name.removeprefix('PyId_')}"
        while name in taken:
            name += "_"
        return StateField(
            name, f"PyObject *{name}", Kind.IDENTIFIER, variable.key, True,
            self._conditions(identifier),
        )  # fmt: skip

    def _conditions(self, identifier: Identifier) -> tuple[Condition, ...]:
        """Those of the only declaration of the text; several may each need it."""
        same = [e for e in self.extension.identifiers.values() if e.text == identifier.text]
        return identifier.variable.home.conditions if len(same) == 1 else ()


def _has_name(sink: Sink) -> bool:
    return sink.by is not None and sink.by.by_string is not None
