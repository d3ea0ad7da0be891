"""Allocation of instances.

What: `PyObject_New` and its kin become `PyType_GenericAlloc` for a type that gets GC support; a
reference to the type taken by hand after an allocation is dropped.

Why: an instance of a GC type has a header before it, which only GC allocation makes.

Declines when: memory from elsewhere is made an object with `PyObject_Init`.

Handbook patterns 26 and 27.
"""

from __future__ import annotations

from isolate_ext.capi.ownership import ALLOCATION, INITIALISATION
from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.declarators import declared_in
from isolate_ext.model.entities import CType, Definition, strip_casts
from isolate_ext.model.types import StaticType
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext.text import Hole, Span
from isolate_ext.text.replacement import Part
from isolate_ext_rules.examples import TYPE
from isolate_ext_rules.type_traverse import heap_types, traverse_slots

EXAMPLES = (
    Rewrite(TYPE, ("(EggObject *)PyType_GenericAlloc(state->Egg_Type, 0)",), ("PyObject_New",)),
)


def run(pass_: Pass) -> None:
    collected = [
        each
        for each in heap_types(pass_)
        if traverse_slots(pass_, each) and not each.has_flag("HAVE_GC")
    ]
    if not collected:
        return
    for path in pass_.extension.files:
        present = set(pass_.parsed(path).names())
        for name in sorted((ALLOCATION | INITIALISATION) & present):
            for offset in pass_.parsed(path).occurrences(name):
                _allocation(pass_, path, offset, name, collected)


def _allocation(
    pass_: Pass, path: str, offset: int, name: str, collected: list[StaticType]
) -> None:
    node = pass_.parsed(path).node_at(offset)
    call = node.parent if node is not None else None
    arguments = (
        call.child("arguments") if call is not None and call.kind == "call_expression" else None
    )
    if call is None or arguments is None or len(arguments.named) < 2:
        return
    type_ = _type_of(pass_, path, arguments, collected)
    if type_ is None:
        return
    group = f"type:{type_.key}"
    if name in INITIALISATION:
        pass_.refuse_node(
            Reason.ALLOCATION,
            path,
            call,
            f"an instance of {type_.variable.name} is made of memory from elsewhere",
            type_.key,
        )
        return
    struct, made = arguments.named[0], arguments.named[1]
    struct_text = pass_.parsed(path).source.data[struct.start : struct.end].decode()
    if name.startswith("_"):
        struct_text, made = "PyObject", arguments.named[0]
    count: list[Part] = [b"0"]
    if "Var" in name or "VAR" in name:
        last = arguments.named[-1]
        count = [Hole(Span(last.start, last.end))]
    cast = f"({struct_text} *)"
    if _cast_to(call) == "".join(cast.split()):
        cast = ""
    parts: list[Part] = [
        f"{cast}PyType_GenericAlloc(".encode(),
        Hole(Span(made.start, made.end)),
        b", ",
    ]
    wrapped = [
        each.span[0]
        for each in pass_.parsed(path).stand_ins
        if each.span[0] < call.start < each.span[1]
    ]
    start = min([call.start, *wrapped])
    pass_.replace(path, start, call.end, [*parts, *count, b")"], group, Stage.HEAP_TYPES)


def _cast_to(call: Node) -> str:
    """The cast around a call without its white space, if there is one."""
    around = call.parent
    if around is None or around.kind != "cast_expression":
        return ""
    return "".join(around.data[around.start : call.start].decode("latin-1").split())


def _type_of(
    pass_: Pass, path: str, arguments: Node, collected: list[StaticType]
) -> StaticType | None:
    """The moved type that an allocation makes: by its address, or by the struct it is given."""
    for argument in arguments.named:
        bare = strip_casts(argument)
        if bare.kind == "pointer_expression":
            inner = bare.child("argument")
            variable = (
                pass_.extension.variable_named(inner.str, path) if inner is not None else None
            )
            for type_ in collected:
                if variable is not None and variable.key == type_.key:
                    return type_
            if variable is not None:
                return None
    first = arguments.named[0]
    base = " ".join(pass_.parsed(path).source.data[first.start : first.end].decode().split())
    struct = pass_.extension.structs.struct(CType(base.rstrip("* ")))
    for type_ in collected:
        if struct is not None and type_.struct is struct:
            return type_
    return None


def instances_of(pass_: Pass, type_: StaticType, definition: Definition) -> set[str]:
    """Names of locals and parameters that point to the struct of the type."""
    found = {
        each.name
        for each in definition.parameters
        if each.name and pass_.extension.structs.struct(CType(each.ctype.base)) is type_.struct
    }
    file, node = pass_.parsed(definition.path), definition.node
    for _, declared in declared_in(file, node) if node is not None else ():
        for declarator in declared:
            if pass_.extension.structs.struct(CType(declarator.ctype.base)) is type_.struct:
                found.add(declarator.name.str)
    return found


RULE = Rule("type-alloc", __doc__, (26, 27), Stage.HEAP_TYPES, Safety.SAFE, run, EXAMPLES)
