"""Readying types.

What: `PyType_Ready(&Foo_Type)` becomes a call that makes the heap type of its spec, with its base,
for this module; a type that was readied only on the way is made when the module is executed.

Why: a heap type belongs to one module, which the type must know so that methods find the state.

Declines when: a type is readied outside of the init function and what that calls.

Handbook patterns 15, 36, 37 and 49, section 0.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Use, with_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.init import init_closure
from isolate_ext.model.remembered import remembered
from isolate_ext.model.types import StaticType
from isolate_ext.placement.decisions import RouteKind
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext_rules.examples import TYPE
from isolate_ext_rules.module_names import module_name
from isolate_ext_rules.type_names import instantiable, spec_name
from isolate_ext_rules.type_traverse import moved_base

EXAMPLES = (
    Rewrite(TYPE, ("spam_add_type(m, &Egg_spec, 0, &state->Egg_Type)",), ("PyType_Ready",)),
)


def run(pass_: Pass) -> None:
    closure = init_closure(pass_.extension, pass_.decisions.init)
    for type_ in pass_.decisions.types.values():
        group = f"type:{type_.key}"
        for use, call in ready_calls(pass_, type_):
            if use.inside is None or (
                use.inside.routine not in closure and not use.inside.is_macro
            ):
                pass_.refuse_node(
                    Reason.INIT_SHAPE,
                    use.path,
                    call,
                    f"{type_.variable.name} is readied outside of the init function",
                    type_.key,
                )
                continue
            _create_at(pass_, type_, use, call, group)
        _check_base(pass_, type_)


def ready_calls(pass_: Pass, type_: StaticType) -> tuple[tuple[Use, Node], ...]:
    """Uses of the type as the argument of `PyType_Ready`, each with the call."""
    return _ready_calls(pass_.extension, type_.key)


@remembered
def _ready_calls(extension: Extension, key: str) -> tuple[tuple[Use, Node], ...]:
    return tuple(_readied(extension.uses_of(key)))


def _readied(uses: Iterable[Use]) -> Iterator[tuple[Use, Node]]:
    for use in uses:
        node = use.address_of
        arguments = with_casts(node).parent if node is not None else None
        call = (
            arguments.parent
            if arguments is not None and arguments.kind == "argument_list"
            else None
        )
        callee = call.child("function") if call is not None else None
        if call is not None and callee is not None and callee.str == "PyType_Ready":
            yield use, call


def creation_sites(pass_: Pass, type_: StaticType) -> list[tuple[str, int]]:
    """Where the type is made: its ready calls, and the exec function for the rest."""
    sites = [(use.path, call.start) for use, call in ready_calls(pass_, type_)]
    creator = pass_.decisions.init.creator
    if type_.key in prologue_types(pass_) or not sites:
        sites.append((creator.path, creator.body[0]))
    return sites


def prologue_types(pass_: Pass) -> list[str]:
    """Types made at the start of exec, bases first: never readied, or needed earlier than that."""
    wanted: dict[str, None] = {}
    for key in _made_first(pass_):
        wanted.update(dict.fromkeys(_with_bases(pass_, key)))
    return list(wanted)


def _with_bases(pass_: Pass, key: str) -> list[str]:
    """The types that a type derives from, and then itself."""
    found: list[str] = []
    base: str | None = key
    while base is not None and base not in found:
        found.insert(0, base)
        base = moved_base(pass_, pass_.decisions.types[base])
    return found


def _made_first(pass_: Pass) -> Iterator[str]:
    for table in pass_.decisions.tables.values():
        for use in table.entries:
            if use.symbol in pass_.decisions.types:
                yield use.symbol
    for key, type_ in pass_.decisions.types.items():
        calls = [call.start for _, call in ready_calls(pass_, type_)]
        base = moved_base(pass_, type_)
        if not calls or type_.slot("tp_dict") is not None or _wanted_before(pass_, type_):
            yield key
        elif base is not None and not _made_before(pass_, base, type_):
            yield base


def _wanted_before(pass_: Pass, type_: StaticType) -> bool:
    """A function takes the address of the type, for more than a slot, before it readies it."""
    readied = [(use, call.start) for use, call in ready_calls(pass_, type_)]
    return any(
        use.inside is other.inside and use.start < start and _keeps_address(use)
        for other, start in readied
        for use in pass_.extension.uses_of(type_.key)
    )


def _keeps_address(use: Use) -> bool:
    """``p = &Foo_Type``, or its initialiser: the pointer is there before the type would be."""
    node = use.address_of
    while node is not None and (parent := node.parent) is not None:
        if parent.kind not in ("cast_expression", "parenthesized_expression"):
            left = parent.child("left")
            return parent.kind in ("init_declarator", "initializer_list", "initializer_pair") or (
                parent.kind == "assignment_expression"
                and left is not None
                and left.kind != "field_expression"
            )
        node = parent
    return False


def _made_before(pass_: Pass, base: str, type_: StaticType) -> bool:
    """The base is readied earlier in the same function."""
    mine = list(ready_calls(pass_, type_))
    others = list(ready_calls(pass_, pass_.decisions.types[base]))
    return bool(mine) and any(
        other.inside is mine[0][0].inside and call.start < mine[0][1].start
        for other, call in others
    )


def creation(pass_: Pass, type_: StaticType, module: str, state: str) -> str:
    """The call that makes the type."""
    names = pass_.decisions.names
    arguments = [module, f"&{spec_name(pass_.decisions, type_)}"]
    types = pass_.decisions.types.values()
    if any(each.slot("tp_base") is not None for each in types):
        arguments.append(_base(pass_, type_, state))
    if pass_.settings.floor < (3, 10) and any(not instantiable(each) for each in types):
        arguments.append("1" if instantiable(type_) else "0")
    arguments.append(f"&{state}->{pass_.decisions.fields[type_.key].name}")
    return f"{names.ready}({', '.join(arguments)})"


def _base(pass_: Pass, type_: StaticType, state: str) -> str:
    base = type_.slot("tp_base")
    if base is None:
        return "NULL"
    key = moved_base(pass_, type_)
    if key is not None:
        return f"{state}->{pass_.decisions.fields[key].name}"
    return base.value.str


def _create_at(pass_: Pass, type_: StaticType, use: Use, call: Node, group: str) -> None:
    names = pass_.decisions.names
    static = f"{names.global_accessor}()"
    early = creation(pass_, type_, "NULL", static)
    pass_.replace(
        use.path, call.start, call.end, early.encode(), group, Stage.HEAP_TYPES, Stage.HEAP_TYPES
    )
    route = pass_.decisions.routes.get(use.inside) if use.inside is not None else None
    state = static if route is None or route.kind is RouteKind.GLOBAL else names.variable
    middle = creation(pass_, type_, "NULL", state)
    pass_.replace(
        use.path, call.start, call.end, middle.encode(), group, Stage.ACCESS, Stage.ACCESS
    )
    module = module_expression(pass_, use)
    if module is None:
        pass_.refuse_node(
            Reason.INIT_SHAPE,
            use.path,
            call,
            f"{type_.variable.name} is readied where the module is not at hand",
            "",
        )
        return
    final = creation(pass_, type_, module, state)
    pass_.replace(use.path, call.start, call.end, final.encode(), group, Stage.ISOLATED)


def module_expression(pass_: Pass, use: Use) -> str | None:
    """How the module is called in the function of a use, at stage isolated."""
    if use.inside is pass_.decisions.init.creator:
        return module_name(pass_)
    if use.inside is None:
        return None
    return pass_.decisions.modules.get(use.inside)


def _check_base(pass_: Pass, type_: StaticType) -> None:
    key = moved_base(pass_, type_)
    if key is None:
        base = type_.slot("tp_base")
        variable = (
            pass_.extension.variable_named(base.name, base.path)
            if base is not None and base.name is not None
            else None
        )
        if variable is not None:
            if variable.key in pass_.decisions.all_types:
                home = type_.home
                pass_.refuse(
                    Reason.TYPE_SHAPE,
                    home.path,
                    home.name_start,
                    home.name_start + len(home.name),
                    f"the base of {home.name} stays a static type",
                    type_.key,
                )
        return
    parent = pass_.decisions.types[key]
    if not parent.has_flag("BASETYPE"):
        home = parent.home
        pass_.refuse(
            Reason.FINAL_BASE,
            home.path,
            home.name_start,
            home.name_start + len(home.name),
            f"{home.name} is a base of {type_.variable.name}, without Py_TPFLAGS_BASETYPE",
            type_.key,
        )


RULE = Rule("type-ready", __doc__, (15, 36, 37, 49), Stage.HEAP_TYPES, Safety.SAFE, run, EXAMPLES)
