"""How each function reaches the state (handbook section 2).

In this order: it has it; a parameter is the module; its callers pass it; by definition from an
instance, a type or an operand; from a type that may be torn down; not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from isolate_ext.model.calls import made_by, uncalled
from isolate_ext.model.channels import Channel
from isolate_ext.model.entities import Definition, Routine, Use
from isolate_ext.model.extension import Extension
from isolate_ext.model.flow import Flow, flow_of
from isolate_ext.model.init import ModuleInit
from isolate_ext.model.roles import Called, Role, roles
from isolate_ext.model.types import StaticType
from isolate_ext.placement.base_calls import base_call
from isolate_ext.placement.decisions import BY_REGISTRATION, Route, RouteKind
from isolate_ext.placement.entry import Entries
from isolate_ext.placement.exported import Exported
from isolate_ext.placement.handed_over import HandedOver
from isolate_ext.placement.in_hand import InHand
from isolate_ext.placement.made_functions import as_module_methods
from isolate_ext.placement.process_wide import bail_out, is_owner
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.placement.teardown import teardown_closure

_RULE = "state-access"


class Reach:
    """Finds who needs the state, and a route for each; a fixpoint over the call graph."""

    def __init__(
        self,
        extension: Extension,
        init: ModuleInit,
        moved: set[str],
        types: dict[str, StaticType],
        specs: dict[str, StaticType],
        heap_tables: set[str],
        modules: Mapping[Definition, str],
        exported: Exported,
        bound_tables: Collection[str] = (),
    ) -> None:
        self.extension = extension
        self.init = init
        self.moved = moved
        self.types = types
        self.owners = types.keys() | heap_tables
        self.modules = modules
        self.exported = exported
        self.routes: dict[Definition, Route] = {}
        self.generated_routes: dict[Definition, Route] = {}
        self.threaded: set[str] = set()
        self.channels: list[Channel] = []
        self._flow: Flow | None = None
        self.refusals: list[Refusal] = []
        self.roles: dict[str, list[Role]] = {
            key: as_module_methods(roles(extension, routine), bound_tables)
            for key, routine in extension.routines.items()
            if not routine.is_macro
        }
        self.teardown = teardown_closure(extension, self.roles)
        self.uncalled = uncalled(extension)
        self._in_hand = InHand(extension, [*types.values(), *specs.values()])
        self._entries = Entries(extension, init, self.owners, self.roles, self._in_hand)
        self.handed = HandedOver(extension, types, moved, self.roles, self.teardown, self.refusals)

    def solve(self, seeds: Iterable[str] = ()) -> None:
        pending = sorted(self._users() | set(seeds))
        needing: set[str] = set()
        while pending:
            key = pending.pop()
            if key in needing:
                continue
            needing.add(key)
            pending.extend(self._serve(self.extension.routines[key]))

    def _users(self) -> set[str]:
        found = set()
        for key in self.moved:
            for use in self.extension.uses_of(key):
                if use.inside is not None and not base_call(self.extension, self.types, use):
                    found.add(use.inside.routine)
        return found

    def _serve(self, routine: Routine) -> list[str]:
        """Give a routine its route; the routines that need the state in turn."""
        if self.init.creator.routine == routine.key:
            self.routes[self.init.creator] = Route(RouteKind.EXEC, ("module",))
            return []
        if any(each.path in self.extension.generated for each in routine.definitions):
            return self._in_generated(routine)
        if routine.definitions[0] in self.modules:
            for definition in routine.definitions:
                self.routes[definition] = Route(RouteKind.MODULE, (self.modules[definition],))
            return []
        handed_out = [
            role for role in self.roles.get(routine.key, []) if role.called is not Called.IDENTITY
        ]
        if not handed_out:
            return self._thread(routine)
        channel = self._channel(routine, handed_out)
        if channel is not None:
            return self._thread(routine, channel.stores) + self._thread_channel(channel)
        callers: list[str] = []
        for definition in routine.definitions:
            route = self._at_entry(routine, definition, handed_out)
            if route is not None and routine.key in self.teardown:
                route = self._in_teardown(routine, definition, route)
            if route is None and routine.key not in self.teardown:
                route = self._from_owner(definition, handed_out)
            if route is None and routine.key not in self.teardown:
                route, handing = self.handed.route(routine, definition, handed_out)
                callers += handing
                if route is not None and route.kind in BY_REGISTRATION:
                    self._refuse_hidden(routine)
            if route is None:
                route = Route(RouteKind.GLOBAL)
                self._refuse_route(routine, definition, handed_out)
            self.routes[definition] = route
        return callers

    def _at_entry(
        self, routine: Routine, definition: Definition, handed_out: list[Role]
    ) -> Route | None:
        route = self._entries.route(definition, handed_out)
        use = self._entries.misled(routine, route) if route is not None else None
        if use is None:
            return route
        self._refuse(use, Reason.MODULE_NULL, f"{routine.name} is called without the module")
        return None

    def _from_owner(self, definition: Definition, handed_out: list[Role]) -> Route | None:
        """What C code calls in a module that is loaded once: there is one state that it means."""
        if any(role.called not in (Called.STORED, Called.CALLBACK) for role in handed_out):
            return None
        if not is_owner(self.extension, self.init):
            return None
        bail = bail_out(self.extension, definition)
        return Route(RouteKind.OWNER, bail=bail) if bail is not None else None

    def _in_teardown(self, routine: Routine, definition: Definition, route: Route) -> Route:
        """No lookup by definition where a type may have been cleared (handbook section 0.3)."""
        if route.kind is RouteKind.INSTANCE:
            return Route(RouteKind.TEARDOWN, route.sources)
        if route.kind in (RouteKind.TYPE, RouteKind.EITHER, RouteKind.MODULE_OR_INSTANCE):
            start = definition.name_start
            text = (
                f"{routine.name} looks the state up, and is called while an instance is destroyed"
            )
            self.refusals.append(
                Refusal(
                    "teardown",
                    Reason.TEARDOWN,
                    definition.path,
                    start,
                    start + len(definition.name),
                    text,
                    routine.key,
                )
            )
        return route

    def _in_generated(self, routine: Routine) -> list[str]:
        """Generated code is not edited; what it names is led to the state from around it."""
        for definition in routine.definitions:
            route = self._at_entry(routine, definition, self.roles.get(routine.key, []))
            if route is None:
                self._refuse_route(routine, definition, [])
            else:
                self.generated_routes[definition] = route
        return []

    def _pasted(self, routine: Routine) -> bool:
        """Whether ## may make the name in a macro that is used."""
        for pasted in self.extension.pasted:
            if not made_by(self.extension, pasted, routine.name):
                continue
            define = self.extension.files[pasted.path].define_at(pasted.start)
            macro = self.extension.routine_named(f"#{define.name}", pasted.path) if define else None
            if macro is None or macro.key not in self.uncalled:
                return True
        return False

    def _thread(self, routine: Routine, stores: Collection[tuple[str, int]] = ()) -> list[str]:
        """Its callers pass the state; ``stores`` are uses that only store its address."""
        self._refuse_hidden(routine)
        self.threaded.add(routine.key)
        for definition in routine.definitions:
            self.routes[definition] = Route(RouteKind.PARAMETER)
        callers = []
        for use in self.extension.uses_of(routine.key):
            if (use.path, use.start) in stores:
                continue
            if use.inside is not None:
                callers.append(use.inside.routine)
            else:
                self._refuse(
                    use,
                    Reason.FILE_SCOPE_USE,
                    f"{routine.name} needs the module state, and is used outside of a function",
                )
        return callers

    def _refuse_hidden(self, routine: Routine) -> None:
        """Where it is used, must be seen: not in unparsed code, nor by a name that ## makes."""
        if self._pasted(routine):
            first = routine.definitions[0]
            self.refusals.append(
                Refusal(
                    _RULE,
                    Reason.PASTED_NAME,
                    first.path,
                    first.name_start,
                    first.name_start + len(routine.name),
                    f"{routine.name} needs the module state, and ## may make its name elsewhere",
                    routine.key,
                )
            )
        if routine.key in self.extension.fenced:
            path, at = self.extension.fenced[routine.key][0]
            self.refusals.append(
                Refusal(
                    _RULE,
                    Reason.FENCED,
                    path,
                    at,
                    at + len(routine.name),
                    f"{routine.name} needs the module state, and is named in unparsed code",
                    routine.key,
                )
            )

    def _channel(self, routine: Routine, handed_out: list[Role]) -> Channel | None:
        """The closed channel in which a function is stored, and nowhere else."""
        if any(role.called not in (Called.STORED, Called.CALLBACK) for role in handed_out):
            return None
        if self._flow is None:
            self._flow = flow_of(self.extension)
        channel = self._flow.channel_of(routine.key)
        if channel is None or channel.problem is not None:
            return None
        if all(self._own_way(key) for key in channel.routines):
            return None
        for key in channel.routines:
            handed_out = [r for r in self.roles.get(key, []) if r.called is not Called.IDENTITY]
            if any((role.use.path, role.use.start) not in channel.stores for role in handed_out):
                return None
            if any(
                d.path in self.extension.generated for d in self.extension.routines[key].definitions
            ):
                return None
        return channel

    def _own_way(self, key: str) -> bool:
        """Whether a callback has an instance in hand, so that no caller need pass the state."""
        roles = [each for each in self.roles.get(key, []) if each.called is not Called.IDENTITY]
        definitions = self.extension.routines[key].definitions
        return bool(definitions) and all(self._in_hand.route(each, roles) for each in definitions)

    def _thread_channel(self, channel: Channel) -> list[str]:
        """Every function that enters it takes the state, and every caller through it passes it."""
        if channel in self.channels:
            return []
        self.channels.append(channel)
        return [*sorted(channel.routines), *sorted({each.inside.routine for each in channel.calls})]

    def _refuse_route(
        self, routine: Routine, definition: Definition, handed_out: list[Role]
    ) -> None:
        if self.exported.strands(routine.name, handed_out):
            return
        channel = self._flow.channel_of(routine.key) if self._flow is not None else None
        if channel is not None and channel.problem is not None:
            path, at, why = channel.problem
            first = min(channel.routines).rpartition(":")[2]
            text = f"{first} needs the module state and is called through a pointer, but {why}"
            self.refusals.append(
                Refusal("function-pointer", Reason.ADDRESS_TAKEN, path, at, at, text)
            )
            return
        where = " in generated code"
        for role in handed_out[:1]:
            where = f" as {role.called.value}" + (f" ({role.slot})" if role.slot else "")
        stays = [owner for r in handed_out for owner in r.owners if owner not in self.owners]
        chain = tuple(f"{owner} stays a static type" for owner in dict.fromkeys(stays))
        self.refusals.append(
            Refusal(
                _RULE,
                Reason.NO_ROUTE if stays else Reason.ADDRESS_TAKEN,
                definition.path,
                definition.name_start,
                definition.name_start + len(definition.name),
                f"{routine.name} needs the module state, but is handed out{where}, "
                "and no parameter leads there",
                routine.key,
                chain,
            )
        )

    def _refuse(self, use: Use, reason: Reason, message: str) -> None:
        self.refusals.append(
            Refusal(_RULE, reason, use.path, use.start, use.end, message, use.symbol)
        )
