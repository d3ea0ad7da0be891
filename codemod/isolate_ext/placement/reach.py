"""How each function reaches the state (handbook section 2).

In this order: it has it; a parameter is the module; its callers pass it; by definition from an
instance, a type or an operand; from a type that may be torn down; not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from isolate_ext.capi.slots import Receiver, receiver
from isolate_ext.model.calls import made_by, uncalled
from isolate_ext.model.channels import Channel
from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import CType, Definition, Kind, Parameter, Routine, Use, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.flow import Flow
from isolate_ext.model.init import ModuleInit
from isolate_ext.model.roles import Called, Role, roles
from isolate_ext.model.types import StaticType
from isolate_ext.placement.base_calls import base_call
from isolate_ext.placement.callbacks import registered_instance
from isolate_ext.placement.carriers import Registration, carried_by, registrations
from isolate_ext.placement.decisions import Route, RouteKind
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.syntax import Node

_BY_SELF = {Called.TYPE_METHOD, Called.GETTER, Called.SETTER}
_RULE = "state-access"


class Reach:
    """Finds who needs the state, and a route for each; a fixpoint over the call graph."""

    def __init__(
        self,
        extension: Extension,
        init: ModuleInit,
        moved: set[str],
        types: dict[str, StaticType],
        heap_tables: set[str],
        modules: Mapping[Definition, str],
    ) -> None:
        self.extension = extension
        self.init = init
        self.moved = moved
        self.types = types
        self._structs = {id(each.struct) for each in types.values() if each.struct is not None}
        self.heap_tables = heap_tables
        self.modules = modules
        self.routes: dict[Definition, Route] = {}
        self.generated_routes: dict[Definition, Route] = {}
        self.threaded: set[str] = set()
        self.channels: list[Channel] = []
        self.registrations: list[Registration] = []
        self._flow: Flow | None = None
        self.refusals: list[Refusal] = []
        self.roles: dict[str, list[Role]] = {
            key: roles(extension, routine)
            for key, routine in extension.routines.items()
            if not routine.is_macro
        }
        self.teardown = teardown_closure(extension, self.roles)
        self.uncalled = uncalled(extension)

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
            route = self._entry_route(routine, definition, handed_out)
            if route is not None and routine.key in self.teardown:
                route = self._in_teardown(routine, definition, route)
            if route is None and routine.key not in self.teardown:
                route, registering = self._carried(definition, handed_out)
                callers += registering
            if route is None:
                route = Route(RouteKind.GLOBAL)
                self._refuse_route(routine, definition, handed_out)
            self.routes[definition] = route
        return callers

    def _carried(
        self, definition: Definition, handed_out: list[Role]
    ) -> tuple[Route | None, list[str]]:
        """The module in the callable that a callback is registered with; who registers it."""
        found = registrations(self.extension, handed_out)
        source = carried_by(self.extension, definition, found) if found else None
        if found is None or source is None:
            return None, []
        known = {(each.path, each.call.start) for each in self.registrations}
        self.registrations += [e for e in found if (e.path, e.call.start) not in known]
        return Route(RouteKind.CARRIER, (source,)), [each.inside.routine for each in found]

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
            route = self._entry_route(routine, definition, self.roles.get(routine.key, []))
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
        if routine.key in self.extension.fenced:
            path, at = self.extension.fenced[routine.key][0]
            self.refusals.append(
                Refusal(
                    _RULE,
                    Reason.FENCED,
                    path,
                    at,
                    at + len(routine.name),
                    f"{routine.name} needs the module state, and is called in unparsed code",
                    routine.key,
                )
            )
        return callers

    def _channel(self, routine: Routine, handed_out: list[Role]) -> Channel | None:
        """The closed channel in which a function is stored, and nowhere else."""
        if any(role.called not in (Called.STORED, Called.CALLBACK) for role in handed_out):
            return None
        if self._flow is None:
            self._flow = Flow(self.extension)
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
        return bool(definitions) and all(self._object_in_hand(each, roles) for each in definitions)

    def _thread_channel(self, channel: Channel) -> list[str]:
        """Every function that enters it takes the state, and every caller through it passes it."""
        if channel in self.channels:
            return []
        self.channels.append(channel)
        return [*sorted(channel.routines), *sorted({each.inside.routine for each in channel.calls})]

    def _entry_route(
        self, routine: Routine, definition: Definition, handed_out: list[Role]
    ) -> Route | None:
        found = {self._role_route(definition, role) for role in handed_out}
        if None in found:
            return self._object_in_hand(definition, handed_out)
        found.discard(None)
        routes = [each for each in found if each is not None]
        if len(routes) == 1:
            return self._checked(routine, routes[0])
        kinds = {each.kind for each in routes}
        if kinds <= {RouteKind.MODULE, RouteKind.INSTANCE} and len(routes) == 2:
            return Route(RouteKind.MODULE_OR_INSTANCE, routes[0].sources)
        if RouteKind.TEARDOWN in kinds and kinds <= {RouteKind.TEARDOWN, RouteKind.INSTANCE}:
            return next(each for each in routes if each.kind is RouteKind.TEARDOWN)
        return None

    def _role_route(self, definition: Definition, role: Role) -> Route | None:
        parameters = definition.parameters
        if role.called is Called.MODULE_METHOD or role.called is Called.EXEC:
            if not parameters or "METH_STATIC" in role.flags or parameters[0].name is None:
                return None
            return Route(RouteKind.MODULE, (as_object(parameters[0]),))
        if role.called is Called.HOOK:
            return Route(RouteKind.MODULE, (as_object(parameters[0]),)) if parameters else None
        if role.called in _BY_SELF or role.called in (Called.SLOT, Called.SPEC_SLOT):
            if not role.owners or not all(
                owner in self.types or owner in self.heap_tables for owner in role.owners
            ):
                return None
            if "METH_STATIC" in role.flags and role.called is Called.TYPE_METHOD:
                return Route(RouteKind.TYPE, (f"(PyTypeObject *){parameters[0].name}",))
            if "METH_CLASS" in role.flags:
                return Route(RouteKind.TYPE, (f"(PyTypeObject *){parameters[0].name}",))
            slot = role.slot if role.called in (Called.SLOT, Called.SPEC_SLOT) else ""
            return _slot_route(slot, parameters)
        return None

    def _checked(self, routine: Routine, route: Route) -> Route | None:
        """No direct call may hand a function something else than its module."""
        if route.kind is not RouteKind.MODULE:
            return route
        for use in self.extension.uses_of(routine.key):
            call = use.call
            if call is None:
                continue
            arguments = call.child("arguments")
            first = arguments.named[0] if arguments is not None and arguments.named else None
            if first is None or not self._is_module(use, first):
                self._refuse(
                    use, Reason.MODULE_NULL, f"{routine.name} is called without the module"
                )
                return None
        return route

    def _is_module(self, use: Use, argument: Node) -> bool:
        caller = use.inside
        if caller is None or not caller.parameters:
            return False
        name = strip_casts(argument).str
        if caller is self.init.creator:
            return name == self.init.module_variable
        return name == caller.parameters[0].name and any(
            role.called in (Called.MODULE_METHOD, Called.HOOK, Called.EXEC)
            for role in self.roles.get(caller.routine, [])
        )

    def _object_in_hand(self, definition: Definition, handed_out: list[Role]) -> Route | None:
        """A parameter, or a user pointer cast at once, that is an instance of a moved type."""
        for parameter in definition.parameters:
            if parameter.name and self._points_to(parameter.ctype):
                return Route(RouteKind.INSTANCE, (as_object(parameter),))
        for parameter in definition.parameters:
            if parameter.name and parameter.ctype.pointers == 1 and parameter.ctype.base == "void":
                if self._cast_at_entry(definition, parameter.name):
                    return Route(RouteKind.INSTANCE, (as_object(parameter),))
        instance = registered_instance(self.extension, definition, handed_out, self._points_to)
        if instance is not None:
            return Route(RouteKind.INSTANCE, (as_object(instance),))
        for parameter in definition.parameters:
            member = self._user_members.get(parameter.ctype.base)
            if parameter.name and member and parameter.ctype.pointers == 1:
                return Route(RouteKind.INSTANCE, (f"(PyObject *){parameter.name}->{member}",))
        return None

    @cached_property
    def _user_members(self) -> dict[str, str]:
        """Per foreign struct the member that always holds an instance of a moved type.

        Callbacks that unpack it at their entry, ``Foo *self = (Foo *)task->data;``, show which.
        """
        found: dict[str, set[str]] = {}
        for path in self.extension.files:
            for definition in self.extension.functions(path):
                for parameter, member in _unpacked(definition):
                    if self._points_to(member[1]):
                        found.setdefault(parameter.ctype.base, set()).add(member[0])
        return {base: members.pop() for base, members in found.items() if len(members) == 1}

    def _points_to(self, ctype: CType) -> bool:
        """Whether it is a pointer to an instance of a moved type."""
        under = self.extension.structs.resolve(ctype)
        if under.pointers != 1:
            return False
        struct = self.extension.structs.struct(CType(ctype.base)) or self.extension.structs.struct(
            CType(under.base)
        )
        return struct is not None and id(struct) in self._structs

    def _cast_at_entry(self, definition: Definition, name: str) -> bool:
        body = definition.node.child("body") if definition.node is not None else None
        for statement in body.named if body is not None else ():
            if statement.kind != "declaration":
                return False
            for child in statement.children:
                value = child.child("value") if child.kind == "init_declarator" else None
                if value is not None and strip_casts(value).str == name:
                    kind = statement.child("type")
                    if kind is not None and self._points_to(CType(kind.str, 1)):
                        return True
        return False

    def _refuse_route(
        self, routine: Routine, definition: Definition, handed_out: list[Role]
    ) -> None:
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
        stays = [
            o
            for r in handed_out
            for o in r.owners
            if o not in self.types | dict.fromkeys(self.heap_tables)
        ]
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


def _unpacked(definition: Definition) -> Iterator[tuple[Parameter, tuple[str, CType]]]:
    """(parameter, (member, type)) for each leading declaration that reads a parameter's member."""
    body = definition.node.child("body") if definition.node is not None else None
    if body is None or b"->" not in body.text[:400]:
        return
    for statement in body.named:
        if statement.kind != "declaration":
            return
        for each in declarators(statement):
            value = strip_casts(each.initialiser) if each.initialiser is not None else None
            if value is None or value.kind != "field_expression" or "->" not in value.str:
                continue
            name, _, member = value.str.partition("->")
            for parameter in definition.parameters:
                if parameter.name == name.strip() and member.strip().isidentifier():
                    yield parameter, (member.strip(), each.ctype)


def teardown_closure(extension: Extension, roles: Mapping[str, list[Role]]) -> set[str]:
    """Routines that may run while an instance, the module or a capsule is destroyed."""
    pending = [
        key
        for key, found in roles.items()
        if any(
            (
                each.called in (Called.SLOT, Called.SPEC_SLOT)
                and receiver(each.slot) is Receiver.TEARDOWN
            )
            or each.called in (Called.HOOK, Called.DESTRUCTOR)
            for each in found
        )
    ]
    closure: set[str] = set()
    while pending:
        key = pending.pop()
        if key in closure:
            continue
        closure.add(key)
        for definition in extension.routines[key].definitions:
            for use in extension.uses_inside(definition):
                if use.symbol in extension.routines and use.symbol not in closure:
                    pending.append(use.symbol)
    return closure


def as_object(parameter: Parameter) -> str:
    """The parameter as a ``PyObject *`` expression."""
    if parameter.ctype.base == "PyObject" and parameter.ctype.pointers == 1:
        return parameter.name or ""
    return f"(PyObject *){parameter.name}"


def _slot_route(slot: str, parameters: tuple[Parameter, ...]) -> Route | None:
    kind = receiver(slot)
    needed = {Receiver.BINARY: 2, Receiver.TERNARY: 3}.get(kind, 1)
    if len(parameters) < needed or any(p.name is None for p in parameters[:needed]):
        return None
    if kind is Receiver.TYPE:
        return Route(RouteKind.TYPE, (_as_type(parameters[0]),))
    if kind is Receiver.TEARDOWN:
        return Route(RouteKind.TEARDOWN, (as_object(parameters[0]),))
    if kind in (Receiver.BINARY, Receiver.TERNARY):
        return Route(RouteKind.EITHER, tuple(as_object(p) for p in parameters[:needed]))
    return Route(RouteKind.INSTANCE, (as_object(parameters[0]),))


def _as_type(parameter: Parameter) -> str:
    if parameter.ctype.base == "PyTypeObject":
        return parameter.name or ""
    return f"(PyTypeObject *){parameter.name}"


__all__ = ["Kind", "Reach", "as_object"]
