"""Functions that are handed to C code, and what comes back to them with the call.

The callable that a callback is registered with carries the module; a struct of the extension's own
carries the state, and so does what takes the place of other data for the length of a call, or for
as long as the library owns the data; a converter of an argument format asks the object's type, or
gets the state with the place for its result (handbook patterns 60, 85 and 88).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from isolate_ext.model.entities import Definition, Routine
from isolate_ext.model.extension import Extension
from isolate_ext.model.roles import Called, Role
from isolate_ext.model.types import StaticType
from isolate_ext.placement.carriers import Registration, carried_by, registrations
from isolate_ext.placement.context_life import Lives, calls_library
from isolate_ext.placement.contexts import Context, context_of
from isolate_ext.placement.converters import Conversion, conversions, type_checks
from isolate_ext.placement.decisions import Route, RouteKind
from isolate_ext.placement.frames import Frame, frame_of
from isolate_ext.placement.library_calls import VOID, library_call
from isolate_ext.placement.pairs import Pair, pair_of
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.placement.teardown import teardown_closure
from isolate_ext.syntax import Node

_Way = tuple[Route | None, list[str]]
"""The route, and the keys of the routines that hand the function over: they need the state."""


class HandedOver:
    """Finds the ways, and keeps what has to be written for them; ``refusals`` are added to."""

    def __init__(
        self,
        extension: Extension,
        types: Mapping[str, StaticType],
        moved: set[str],
        roles: Mapping[str, list[Role]],
        teardown: Container[str],
        refusals: list[Refusal],
    ) -> None:
        self.registrations: list[Registration] = []
        self.contexts: list[Context] = []
        self.frames: list[Frame] = []
        self.pairs: list[Pair] = []
        self.conversions: list[Conversion] = []
        self.type_checks: dict[Definition, tuple[Node, ...]] = {}
        self._extension = extension
        self._types = types
        self._moved = moved
        self._roles = roles
        self._teardown = teardown
        self._refusals = refusals

    def route(self, routine: Routine, definition: Definition, handed_out: list[Role]) -> _Way:
        """The way of one definition; no route where it has none."""
        if any(use.called for use in self._extension.uses_of(routine.key)):
            return self._converting(routine, definition, handed_out)
        found = self._carried(definition, handed_out)
        if found[0] is None:
            found = self._in_context(definition, handed_out)
        if found[0] is None:
            found = self._in_frame(definition, handed_out)
        if found[0] is None:
            found = self._in_pair(definition)
        if found[0] is None:
            found = self._converting(routine, definition, handed_out)
        if found[0] is None:
            found = self._maybe_later(routine, definition, handed_out)
        return found

    def _carried(self, definition: Definition, handed_out: list[Role]) -> _Way:
        """The module in the callable that a callback is registered with; who registers it."""
        found = registrations(self._extension, handed_out)
        source = carried_by(self._extension, definition, found) if found else None
        if found is None or source is None or self._paired(found):
            return None, []
        known = {(each.path, each.call.start) for each in self.registrations}
        self.registrations += [e for e in found if (e.path, e.call.start) not in known]
        return Route(RouteKind.CARRIER, (source,)), [each.inside.routine for each in found]

    def _in_context(self, definition: Definition, handed_out: list[Role]) -> _Way:
        """The state in a struct that the callback is handed over with; who fills it in."""
        context = context_of(self._extension, definition, handed_out)
        if context is None:
            return None, []
        if not self._outlived(context):
            use = context.fillings[0]
            text = f"{definition.name} needs the module state, and what it gets may outlive that"
            start, end = use.statement.span
            self._refusals.append(
                Refusal("callback-struct", Reason.ADDRESS_TAKEN, use.path, start, end, text)
            )
            return Route(RouteKind.GLOBAL), []
        self.contexts.append(context)
        filling = [each.inside.routine for each in context.fillings]
        return Route(RouteKind.CONTEXT, (context.source,)), filling

    def _in_frame(self, definition: Definition, handed_out: list[Role]) -> _Way:
        """The state in what takes the place of the data during the call; who makes the call."""
        frame = frame_of(self._extension, definition, handed_out, self._teardown)
        if frame is None:
            return None, []
        self.frames.append(frame)
        source = frame.parameter.name or ""
        return Route(RouteKind.FRAME, (source,)), [each.inside.routine for each in frame.sites]

    def _in_pair(self, definition: Definition) -> _Way:
        """The module beside the data that the library owns a reference to; who gives it."""
        pair = next((each for each in self.pairs if definition in each.callbacks), None)
        if pair is None:
            pair = pair_of(self._extension, definition, self._teardown)
            if pair is None or definition not in pair.callbacks:
                return None, []
            carrying = {(each.path, each.call.start) for each in self.registrations}
            if carrying & pair.calls:
                return None, []
            self.pairs.append(pair)
        return Route(RouteKind.PAIR), [each.call.inside.routine for each in pair.gifts]

    def _paired(self, found: Iterable[Registration]) -> bool:
        """Whether a pair takes the place of the data in one of the calls."""
        calls = {(each.path, each.call.start) for each in found}
        return any(calls & pair.calls for pair in self.pairs)

    def _outlived(self, context: Context) -> bool:
        """Whether the module lives longer than the struct, and nobody calls back in between."""
        instances = {id(each.struct): key for key, each in self._types.items()}
        lives = Lives(self._extension, instances)
        if not all(lives.bounded(each) for each in context.fillings):
            return False
        owners = {instances[id(each)] for each in lives.owners}
        mine = {
            key: [each for each in found if owners.intersection(each.owners)]
            for key, found in self._roles.items()
        }
        return not calls_library(self._extension, teardown_closure(self._extension, mine))

    def _converting(self, routine: Routine, definition: Definition, handed_out: list[Role]) -> _Way:
        """By the object that it converts, or with the place for the result; who calls it so."""
        if any(role.called is not Called.CONVERTER for role in handed_out):
            return None, []
        checks = type_checks(self._extension, self._types, self._moved, definition)
        if checks is not None:
            self.type_checks[definition] = checks
            return Route(RouteKind.CONVERTED, (definition.parameters[0].name or "",)), []
        found = conversions(self._extension, routine, handed_out)
        if found is None:
            start, end = definition.name_start, definition.name_start + len(definition.name)
            text = f"{definition.name} needs the module state, and not every call that has it "
            text += "convert an argument can hand it over"
            self._refusals.append(
                Refusal(
                    "converter", Reason.ADDRESS_TAKEN, definition.path, start, end, text,
                    routine.key,
                )
            )  # fmt: skip
            return Route(RouteKind.GLOBAL), []
        if definition is routine.definitions[0]:
            self.conversions += found
        name = definition.parameters[1].name or ""
        return Route(RouteKind.ARGUMENT, (name,)), [each.inside.routine for each in found]

    def _maybe_later(
        self, routine: Routine, definition: Definition, handed_out: list[Role]
    ) -> _Way:
        """Refused where the data that a library takes could lead to the state, but may not last."""
        calls = [library_call(self._extension, each) for each in handed_out]
        free = sum(each.ctype == VOID for each in definition.parameters) == 1
        if not free or not all(calls):
            return None, []
        call = next(each for each in calls if each is not None)
        text = f"{definition.name} needs the module state, and {call.callee} may call it when what "
        text += "comes back to it is gone"
        start, end = call.node.span
        self._refusals.append(
            Refusal(
                "callback-frame", Reason.ADDRESS_TAKEN, call.path, start, end, text, routine.key
            )
        )
        return Route(RouteKind.GLOBAL), []
