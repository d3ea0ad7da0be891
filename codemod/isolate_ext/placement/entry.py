"""How a function that is handed out reaches the state at its entry (handbook section 2).

By the module it is called with, by definition from its instance, type or operands, or by an
instance it has in hand.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from isolate_ext.capi.slots import Receiver, receiver
from isolate_ext.model.entities import Definition, Parameter, Routine, Use, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.init import ModuleInit
from isolate_ext.model.roles import Called, Role
from isolate_ext.placement.decisions import Route, RouteKind
from isolate_ext.placement.in_hand import InHand, as_object
from isolate_ext.syntax import Node

_BY_SELF = {Called.TYPE_METHOD, Called.GETTER, Called.SETTER}


class Entries:
    """The way at the entry of each function, given which types move.

    ``owners`` are the keys of the types that move and of the method tables that only they have.
    """

    def __init__(
        self,
        extension: Extension,
        init: ModuleInit,
        owners: Container[str],
        roles: Mapping[str, list[Role]],
        in_hand: InHand,
    ) -> None:
        self._extension = extension
        self._init = init
        self._owners = owners
        self._roles = roles
        self._in_hand = in_hand

    def route(self, definition: Definition, handed_out: list[Role]) -> Route | None:
        """What all its roles have in common; none where they have nothing."""
        found = {self._role_route(definition, role) for role in handed_out}
        if any(each.called is Called.CONVERTER for each in handed_out):
            return None
        if None in found:
            return self._in_hand.route(definition, handed_out)
        found.discard(None)
        routes = [each for each in found if each is not None]
        if len(routes) == 1:
            return routes[0]
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
            if not role.owners or not all(owner in self._owners for owner in role.owners):
                return None
            if "METH_STATIC" in role.flags and role.called is Called.TYPE_METHOD:
                return Route(RouteKind.TYPE, (f"(PyTypeObject *){parameters[0].name}",))
            if "METH_CLASS" in role.flags:
                return Route(RouteKind.TYPE, (f"(PyTypeObject *){parameters[0].name}",))
            slot = role.slot if role.called in (Called.SLOT, Called.SPEC_SLOT) else ""
            return _slot_route(slot, parameters)
        return None

    def misled(self, routine: Routine, route: Route) -> Use | None:
        """The first direct call that hands a function something else than its module."""
        if route.kind is not RouteKind.MODULE:
            return None
        for use in self._extension.uses_of(routine.key):
            call = use.call
            if call is None:
                continue
            arguments = call.child("arguments")
            first = arguments.named[0] if arguments is not None and arguments.named else None
            if first is None or not self._is_module(use, first):
                return use
        return None

    def _is_module(self, use: Use, argument: Node) -> bool:
        caller = use.inside
        if caller is None or not caller.parameters:
            return False
        name = strip_casts(argument).str
        if caller is self._init.creator:
            return name == self._init.module_variable
        return name == caller.parameters[0].name and any(
            role.called in (Called.MODULE_METHOD, Called.HOOK, Called.EXEC)
            for role in self._roles.get(caller.routine, [])
        )


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
