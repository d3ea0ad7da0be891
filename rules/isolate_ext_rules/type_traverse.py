"""Types whose instances own a reference to their type.

What: a type without GC support gets it, with a traverse function that visits the type and the
members that its dealloc function releases; an existing traverse function visits the type too.

Why: each instance of a heap type owns a reference to it; unseen by the GC, an instance in the
module's dict keeps module and type alive for ever.

A type that had no tp_clear gets none: what could not be freed before still can not, and no method
comes to see members that are empty too early (28).

Declines when: the traverse function is not in the files of the extension.

Handbook patterns 22, 23, 28 and 47.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import CType, Definition
from isolate_ext.model.types import StaticType
from isolate_ext.placement.base_calls import base_call
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.c_text import body_start, indent_at
from isolate_ext_rules.examples import TYPE
from isolate_ext_rules.owned_chains import owned_chains
from isolate_ext_rules.owned_members import owned_members, struct_name
from isolate_ext_rules.type_names import added
from isolate_ext_rules.verify_types import verify_traverse

EXAMPLES = (
    Rewrite(
        TYPE,
        (
            "Egg_traverse(EggObject *self, visitproc visit, void *arg)",
            "Py_VISIT(Py_TYPE(self));",
            "Py_VISIT(self->value);",
        ),
    ),
)
_GC_BASES = re.compile(
    r"Py(Dict|List|Set|FrozenSet|Tuple|Type|Module|Function|Property|Slice)_Type|PyExc_\w+|_PyExc_\w+"
)


def run(pass_: Pass) -> None:
    done: set[str] = set()
    for type_ in heap_types(pass_):
        name = type_.function("tp_traverse")
        if name is None:
            continue
        routine = pass_.extension.routine_named(name, type_.home.path)
        if routine is None or routine.is_macro or not routine.definitions:
            home = type_.home
            pass_.refuse(
                Reason.TYPE_SHAPE,
                home.path,
                home.name_start,
                home.name_start + len(home.name),
                f"the traverse function {name} of {home.name} was not found",
                type_.key,
            )
            continue
        if routine.key in done or _delegates(pass_, routine.definitions[0]):
            continue
        done.add(routine.key)
        for definition in routine.definitions:
            _visit_type(pass_, definition, type_)


def heap_types(pass_: Pass) -> list[StaticType]:
    """Types that move, and those that are made from specs already."""
    return [*pass_.decisions.types.values(), *pass_.decisions.specs.values()]


def inherits_gc(pass_: Pass, type_: StaticType) -> str | None:
    """The C expression of a static GC base whose traverse the type inherits (pattern 47)."""
    base = type_.slot("tp_base")
    if base is None or type_.slot("tp_traverse") is not None:
        return None
    name = base.name or ""
    if name.startswith(("PyExc_", "_PyExc_")):
        return f"((PyTypeObject *){name})"
    match = _GC_BASES.search(base.value.str)
    return f"({base.value.str})" if match else None


def moved_base(pass_: Pass, type_: StaticType) -> str | None:
    """The key of the base, where that is a type that moves too."""
    base = type_.slot("tp_base")
    if base is None or base.name is None:
        return None
    variable = pass_.extension.variable_named(base.name, base.path)
    return variable.key if variable is not None and variable.key in pass_.decisions.types else None


def traverse_slots(pass_: Pass, type_: StaticType) -> list[tuple[str, str]]:
    """Slots that are added so that the GC sees the type; empty where one is there already."""
    if type_.has_flag("HAVE_GC") and type_.slot("tp_traverse") is not None:
        return []
    if type_.slot("tp_traverse") is not None:
        return []
    if moved_base(pass_, type_) is not None and not list(owned_members(pass_, type_)):
        return []
    slots = [("tp_traverse", added(pass_.decisions, type_, "traverse"))]
    if inherits_gc(pass_, type_) is not None and type_.slot("tp_clear") is None:
        slots.append(("tp_clear", added(pass_.decisions, type_, "clear")))
    return slots


def traverse_text(pass_: Pass, type_: StaticType) -> str:
    """The functions behind ``traverse_slots``."""
    slots = dict(traverse_slots(pass_, type_))
    if not slots:
        return ""
    base = inherits_gc(pass_, type_)
    members = [] if base else list(owned_members(pass_, type_))
    chains = [] if base else list(owned_chains(pass_, type_))
    struct = struct_name(type_) if members or chains else None
    self_type = f"{struct} *" if struct else "PyObject *"
    lines = ["    Py_VISIT(Py_TYPE(self));", *(f"    Py_VISIT(self->{name});" for name in members)]
    lines += [f"    {line}" for chain in chains for line in chain.visits("self")]
    parent = moved_base(pass_, type_)
    if parent is not None:
        field = pass_.decisions.types[parent]
        inherited = field.function("tp_traverse") or _added(pass_, field, type_)
        if inherited is not None:
            lines = [line for line in lines if "Py_TYPE" not in line]
            lines.append(f"    return {inherited}((void *)self, visit, arg);")
    result = f"    return {base}->tp_traverse(self, visit, arg);" if base else "    return 0;"
    if not lines[-1].lstrip().startswith("return"):
        lines.append(result)
    text = (
        f"static int\n{slots['tp_traverse']}({self_type}self, visitproc visit, void *arg)\n{{\n"
        + "\n".join(lines)
        + "\n}"
    )
    if "tp_clear" in slots:
        body = f"    return {base}->tp_clear(self);\n"
        text += f"\n\nstatic int\n{slots['tp_clear']}(PyObject *self)\n{{\n{body}}}"
    return text


def _added(pass_: Pass, base: StaticType, type_: StaticType) -> str | None:
    """The traverse function that a base gets here, where it stands before the type."""
    if base.home.path != type_.home.path or base.home.start > type_.home.start:
        return None
    return dict(traverse_slots(pass_, base)).get("tp_traverse")


def _delegates(pass_: Pass, definition: Definition) -> bool:
    """Calls the traverse function of another moved type, which visits the type already."""
    types = pass_.decisions.types
    others = {each.function("tp_traverse") for each in heap_types(pass_)}
    for use in pass_.extension.uses_inside(definition):
        called = base_call(pass_.extension, types, use)
        if called is not None and called.slot == "tp_traverse":
            return True
        routine = pass_.extension.routines.get(use.symbol)
        if routine is not None and routine.name in others and use.called:
            if routine.key != definition.routine:
                return True
    return False


def _visit_type(pass_: Pass, definition: Definition, type_: StaticType) -> None:
    group = f"type:{type_.key}"
    data = pass_.parsed(definition.path).source.data
    body = data[slice(*definition.body)]
    visited = re.search(rb"Py_VISIT\s*\(\s*(\(PyObject \*\)\s*)?Py_TYPE", body) is not None
    names = [parameter.name for parameter in definition.parameters]
    if len(names) < 3 or None in names[:3]:
        pass_.refuse(
            Reason.TYPE_SHAPE,
            definition.path,
            definition.start,
            definition.start,
            f"{definition.name} does not name its parameters",
            group.partition(":")[2],
        )
        return
    if names[1:3] == ["visit", "arg"]:
        lines = [] if visited else [f"Py_VISIT(Py_TYPE({names[0]}));"]
        lines += _unvisited(pass_, definition, type_, body)
    else:
        lines = [f"if ({names[1]}((PyObject *)Py_TYPE({names[0]}), {names[2]})) {{ return -1; }}"]
    at, margin = after_declarations(pass_, definition)
    text = "".join(f"\n{margin}{line}" for line in lines)
    if text:
        pass_.replace(definition.path, at, at, text, group, Stage.HEAP_TYPES)


def _unvisited(
    pass_: Pass, definition: Definition, type_: StaticType, body: bytes
) -> Iterator[str]:
    """Visits of members that the instance owns and its traverse function leaves out.

    A reference that the GC does not see keeps the type of what it leads to alive, and the module.
    """
    first = definition.parameters[0]
    struct = pass_.extension.structs.struct(CType(first.ctype.base))
    if struct is None or struct is not type_.struct:
        return
    for member in owned_members(pass_, type_):
        if not re.search(rb"->\s*" + member.encode() + rb"\b", body):
            yield f"Py_VISIT({first.name}->{member});"
    for chain in owned_chains(pass_, type_):
        if not re.search(rb"->\s*" + chain.link.encode() + rb"\b", body):
            yield from chain.visits(first.name or "")


def after_declarations(pass_: Pass, definition: Definition) -> tuple[int, str]:
    """Behind the declarations a function body begins with, and the indentation used there."""
    data = pass_.parsed(definition.path).source.data
    at = body_start(data, definition.body)
    body = definition.node.child("body") if definition.node is not None else None
    margin = "    "
    for statement in body.named if body is not None else ():
        margin = indent_at(data, statement.start) or margin
        if statement.kind != "declaration" or statement.start < at:
            break
        at = statement.end
    return at, margin


RULE = Rule(
    "type-traverse",
    __doc__,
    (22, 23, 28, 47),
    Stage.HEAP_TYPES,
    Safety.SAFE,
    run,
    EXAMPLES,
    verify=verify_traverse,
)
