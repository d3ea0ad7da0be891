"""Functions that used globals and now need the module state.

What: a function whose address nobody takes gets the state as its first parameter, and so do the
macros and functions that call it; a function that Python calls fetches it at its entry, from the
module, from an instance or type by definition, or from either operand of a binary slot.

Why: the state of one module can be found only through something that leads to that module.

Declines when: the function is a callback, and none of its parameters leads to the module.

Handbook patterns 90 to 92 and 95 to 100, section 2.
"""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, Prototype, Routine, Use
from isolate_ext.model.roles import Called
from isolate_ext.placement.decisions import Route, RouteKind
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.c_text import NOT_USED, body_start
from isolate_ext_rules.examples import CALLBACK, HELPER
from isolate_ext_rules.state_needs import uses_state
from isolate_ext_rules.verify_module import verify_teardown

EXAMPLES = (
    Rewrite(
        HELPER,
        (
            "fail(spam_state *state, int code)",
            "fail(state, 1)",
            "spam_state *state = get_spam_state(self);",
        ),
    ),
    Refused(CALLBACK, Reason.ADDRESS_TAKEN),
)
_AT_HAND = (
    RouteKind.PARAMETER,
    RouteKind.GLOBAL,
    RouteKind.EXEC,
    RouteKind.CARRIER,
    RouteKind.CONTEXT,
    RouteKind.FRAME,
    RouteKind.PAIR,
    RouteKind.CONVERTED,
    RouteKind.ARGUMENT,
)


def run(pass_: Pass) -> None:
    for definition, route in pass_.decisions.routes.items():
        if route.kind is RouteKind.OWNER:
            _ask_owner(pass_, definition, route)
        elif route.kind not in _AT_HAND:
            _fetch(pass_, definition, route)
    for key in sorted(pass_.decisions.threaded):
        _thread(pass_, pass_.extension.routines[key])


def _fetch(pass_: Pass, definition: Definition, route: Route) -> None:
    data = pass_.parsed(definition.path).source.data
    at = body_start(data, definition.body)
    group = f"access:{definition.routine}"
    route = _named(pass_, definition, route, group)
    text = "\n" + "\n".join(f"    {line}" for line in fetch_lines(pass_, route))
    since = Stage.ISOLATED if _needs_it_last(pass_, definition) else Stage.ACCESS
    pass_.replace(definition.path, at, at, text, group, since)
    _show_unused(pass_, definition, group, since)


def _ask_owner(pass_: Pass, definition: Definition, route: Route) -> None:
    """The state of the one module that is loaded; the static one as long as that is in use."""
    names, group = pass_.decisions.names, f"access:{definition.routine}"
    at = body_start(pass_.parsed(definition.path).source.data, definition.body)
    static = f"{names.state_struct} *{names.variable} = {names.global_accessor}();"
    pass_.replace(definition.path, at, at, f"\n    {static}", group, Stage.ACCESS, Stage.ACCESS)
    text = "".join(f"\n    {line}" for line in fetch_lines(pass_, route))
    pass_.replace(definition.path, at, at, text, group, Stage.ISOLATED)


def _needs_it_last(pass_: Pass, definition: Definition) -> bool:
    """Whether it needs the state for what the last stage brings: the module, or new members."""
    pairs, carried = pass_.decisions.pairs, pass_.decisions.registrations
    registering = {gift.call.inside for pair in pairs for gift in pair.gifts}
    registering |= {each.inside for each in carried}
    roles = pass_.decisions.roles.get(definition.routine, [])
    hook = any(each.called is Called.HOOK for each in roles)
    return (hook or definition in registering) and not uses_state(pass_, definition)


def _named(pass_: Pass, definition: Definition, route: Route, group: str) -> Route:
    """A module that is named as if nobody used it is called ``module`` from now on."""
    name = route.sources[0]
    if route.kind is not RouteKind.MODULE or not NOT_USED.fullmatch(name):
        return route
    inner = definition.node.of_kind("identifier") if definition.node is not None else []
    words = [each.str for each in inner]
    parameter = definition.parameters[0]
    if parameter.unused or parameter.name != name or words.count(name) > 1 or "module" in words:
        return route
    at = pass_.parsed(definition.path).source.data.rfind(
        name.encode(), parameter.start, parameter.end
    )
    pass_.replace(definition.path, at, at + len(name), b"module", group, Stage.ACCESS)
    return Route(route.kind, ("module",))


def fetch_lines(pass_: Pass, route: Route) -> list[str]:
    """The statements at a function's entry that get the state."""
    names = pass_.decisions.names
    declare = f"{names.state_struct} *{names.variable}"
    if route.kind is RouteKind.OWNER:
        found = f"{declare} = {names.owner_accessor}();"
        return [found, f"if ({names.variable} == NULL) {{", f"    {route.bail}", "}"]
    source = route.sources[0]
    if route.kind is RouteKind.MODULE:
        return [f"{declare} = {names.module_accessor}({source});"]
    if route.kind is RouteKind.INSTANCE:
        return [f"{declare} = {names.type_accessor}(Py_TYPE({_bare(source)}));"]
    if route.kind is RouteKind.TYPE:
        return [f"{declare} = {names.type_accessor}({source});"]
    if route.kind is RouteKind.TEARDOWN:
        found = f"{names.teardown_accessor}(Py_TYPE({_bare(source)}), &{names.stand_in})"
        return [f"{names.state_struct} {names.stand_in}, *{names.variable} = {found};"]
    if route.kind is RouteKind.MODULE_OR_INSTANCE:
        return [
            f"{declare} = PyModule_Check({source}) ? {names.module_accessor}({source})",
            f"    : {names.type_accessor}(Py_TYPE({_bare(source)}));",
        ]
    third = route.sources[2] if len(route.sources) > 2 else "NULL"
    return [
        f"{declare} = {names.operand_accessor}({source}, {route.sources[1]}, {third});",
        f"if ({names.variable} == NULL) {{",
        "    Py_RETURN_NOTIMPLEMENTED;",
        "}",
    ]


def _bare(source: str) -> str:
    return source.removeprefix("(PyObject *)")


def _show_unused(pass_: Pass, definition: Definition, group: str, since: Stage) -> None:
    """A parameter behind Py_UNUSED has another name; it is used now."""
    data = pass_.parsed(definition.path).source.data
    route = pass_.decisions.routes[definition]
    wanted = {_bare(source) for source in route.sources}
    for parameter in definition.parameters:
        if parameter.unused and parameter.name in wanted:
            text = data[parameter.start : parameter.end]
            match = re.search(rb"\bPy_UNUSED\s*\(\s*(\w+)\s*\)", text)
            if match is not None:
                start = parameter.start + match.start()
                pass_.replace(
                    definition.path,
                    start,
                    parameter.start + match.end(),
                    match[1],
                    group,
                    since,
                )


def _thread(pass_: Pass, routine: Routine) -> None:
    group = f"access:{routine.key}"
    names = pass_.decisions.names
    typed = f"{names.state_struct} *{names.variable}"
    for definition in routine.definitions:
        if definition.is_macro:
            _add_macro_parameter(pass_, definition, group)
        else:
            assert definition.parameters_span is not None
            add_parameter(pass_, definition.path, definition.parameters_span, typed, group)
    for prototype in routine.prototypes:
        _declare_parameter(pass_, prototype, typed, group)
    for use in pass_.extension.uses_of(routine.key):
        if use.inside is not None and use.path not in pass_.extension.generated:
            _pass_state(pass_, routine, use, group)


def _add_macro_parameter(pass_: Pass, definition: Definition, group: str) -> None:
    name = pass_.decisions.names.variable
    if definition.parameters_span is None:
        at = definition.name_start + len(definition.name)
        pass_.replace(definition.path, at, at, f"({name})".encode(), group, Stage.ACCESS)
    else:
        add_parameter(pass_, definition.path, definition.parameters_span, name, group)


def _declare_parameter(pass_: Pass, prototype: Prototype, typed: str, group: str) -> None:
    """As its neighbours are: without a name where none of them has one."""
    others = prototype.parameters
    if others and all(each.name is None for each in others):
        typed = f"{pass_.decisions.names.state_struct} *"
    add_parameter(pass_, prototype.path, prototype.parameters_span, typed, group)


def add_parameter(
    pass_: Pass,
    path: str,
    span: tuple[int, int],
    typed: str,
    group: str,
    since: Stage = Stage.ACCESS,
) -> None:
    """Put a parameter before the others of a list; ``span`` includes its parentheses."""
    data = pass_.parsed(path).source.data
    inner = data[span[0] + 1 : span[1] - 1]
    bare = re.sub(rb"/\*.*?\*/", b"", inner, flags=re.DOTALL).strip()
    if bare in (b"", b"void"):
        pass_.replace(path, span[0] + 1, span[1] - 1, typed.encode(), group, since)
    else:
        text = f"{typed}," if inner[:1].isspace() else f"{typed}, "
        pass_.replace(path, span[0] + 1, span[0] + 1, text.encode(), group, since)


def _pass_state(pass_: Pass, routine: Routine, use: Use, group: str) -> None:
    data = pass_.parsed(use.path).source.data
    route = pass_.decisions.routes.get(use.inside) if use.inside is not None else None
    names = pass_.decisions.names
    static = route is None or route.kind is RouteKind.GLOBAL
    state = f"{names.global_accessor}()" if static else names.variable
    object_like = routine.is_macro and routine.definitions[0].parameters_span is None
    if object_like:
        pass_.replace(use.path, use.end, use.end, f"({state})".encode(), group, Stage.ACCESS)
        return
    match = re.compile(rb"(?:\s|\\\r?\n)*\(").match(data, use.end)
    if match is None:
        return
    rest = re.compile(rb"(?:\s|\\\r?\n)*\)").match(data, match.end())
    spaced = data[match.end() : match.end() + 1].isspace()
    text = state if rest else f"{state}," if spaced else f"{state}, "
    pass_.replace(use.path, match.end(), match.end(), text.encode(), group, Stage.ACCESS)


RULE = Rule(
    "state-access",
    __doc__,
    (90, 91, 92, 95, 96, 97, 98, 99, 100),
    Stage.ACCESS,
    Safety.SAFE,
    run,
    EXAMPLES,
    verify=verify_teardown,
)
