"""Types that are made from specs already, but not for a module.

What: `PyType_FromSpec` and `PyType_FromSpecWithBases` become `PyType_FromModuleAndSpec`, and a NULL
for the module becomes the module; traverse and dealloc functions of such types visit and release
the type where they did not.

Why: only a type that knows its module lets its methods find the state.

Declines when: the type is made where the module is not at hand.

Handbook patterns 22, 24 and 27, section 0.2.
"""

from __future__ import annotations

import re

from isolate_ext.capi.ownership import FREE
from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, Variable, strip_casts
from isolate_ext.model.initialisers import rows_of
from isolate_ext.model.types import StaticType
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext.text import Hole, Span
from isolate_ext.text.replacement import Part
from isolate_ext_rules.c_text import indent_at
from isolate_ext_rules.examples import module
from isolate_ext_rules.spec_module import bind_to_module, module_for_type
from isolate_ext_rules.spec_ownership import drop_surplus
from isolate_ext_rules.type_alloc import instances_of
from isolate_ext_rules.type_dealloc import complete_dealloc, untrack
from isolate_ext_rules.type_traverse import traverse_slots, traverse_text

_MAKERS = ("PyType_FromSpecWithBases", "PyType_FromModuleAndSpec")
SPEC = module(
    """
static PyObject *Egg;
static PyType_Slot Egg_slots[] = {{0, NULL}};
static PyType_Spec Egg_spec = {"spam.Egg", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, Egg_slots};
""",
    "",
    "Egg = PyType_FromSpec(&Egg_spec);",
)
HELPED = SPEC.replace(
    "\nstatic PyMethodDef",
    """
static PyObject *
make(PyObject *module, PyType_Spec *spec)
{
    return PyType_FromModuleAndSpec(module, spec, NULL);
}

static PyMethodDef""",
).replace("PyType_FromSpec(&Egg_spec)", "make(NULL, &Egg_spec)")
EXAMPLES = (
    Rewrite(SPEC, ("PyType_FromModuleAndSpec(m, &Egg_spec, NULL)",), ("PyType_FromSpec(",)),
    Rewrite(HELPED, ("make(m, &Egg_spec)",)),
)


def run(pass_: Pass) -> None:
    for type_ in pass_.decisions.specs.values():
        if not _makes_objects(type_):
            continue
        _complete_dealloc(pass_, type_)
        _complete_traverse(pass_, type_)
    for path, parsed in pass_.extension.files.items():
        for name in ("PyType_FromSpec", "PyType_FromSpecWithBases"):
            for offset in parsed.occurrences(name) if name in parsed.names() else ():
                node = parsed.node_at(offset)
                call = node.parent if node is not None else None
                if call is not None and call.kind == "call_expression":
                    _bind(pass_, path, call, offset)
    bind_to_module(pass_)


def _makes_objects(type_: StaticType) -> bool:
    return type_.struct is not None


def _complete_dealloc(pass_: Pass, type_: StaticType) -> None:
    """Release of the type and of the GC header, where the dealloc function lacks them (24, 25)."""
    name = type_.function("tp_dealloc")
    routine = pass_.extension.routine_named(name, type_.home.path) if name is not None else None
    if routine is None or not routine.definitions:
        return
    for definition in routine.definitions:
        if not _releases_type(pass_, definition):
            complete_dealloc(pass_, type_, definition)
        elif gains_gc(pass_, type_):
            untrack(pass_, type_, definition, f"type:{type_.key}")
            _free_with_header(pass_, type_)


def _releases_type(pass_: Pass, definition: Definition) -> bool:
    """The type is released already, by the function or by one that it hands the instance to."""
    callees = [
        routine.definitions[0]
        for use in pass_.extension.uses_inside(definition)
        if use.called
        and (routine := pass_.extension.routines.get(use.symbol)) is not None
        and routine.definitions
    ]
    for each in (definition, *callees):
        body = pass_.parsed(each.path).source.data[slice(*each.body)]
        for name in re.findall(rb"(\w+)\s*=\s*(?:\([^()]*\)\s*)?Py_TYPE\s*\(", body):
            if re.search(rb"Py_DECREF\s*\((?:\s*\([^()]*\))?\s*" + name + rb"\s*\)", body):
                return True
    return False


def gains_gc(pass_: Pass, type_: StaticType) -> bool:
    """Whether the type gets GC support here; one with a base may inherit that at run time."""
    if type_.has_flag("HAVE_GC") or _may_have_base(pass_, type_):
        return False
    return bool(traverse_slots(pass_, type_))


def _may_have_base(pass_: Pass, type_: StaticType) -> bool:
    """The type is made with bases, or by a function of the extension that may give it some."""
    for use in pass_.extension.uses_of(type_.variable.key):
        arguments = use.node.enclosing("argument_list") if use.node is not None else None
        call = arguments.parent if arguments is not None else None
        callee = call.child("function") if call is not None else None
        if arguments is None or callee is None or callee.str == "PyType_FromSpec":
            continue
        last = strip_casts(arguments.named[-1]).str
        if callee.str not in _MAKERS or last not in ("NULL", "0"):
            return True
    return False


def _free_with_header(pass_: Pass, type_: StaticType) -> None:
    """Memory of an instance that gets a GC header is freed as such, wherever that is done."""
    for path, parsed in pass_.extension.files.items():
        for name in sorted(FREE & set(parsed.names())):
            for offset in parsed.occurrences(name):
                function = pass_.extension.function_at(path, offset)
                node = parsed.node_at(offset)
                call = node.parent if node is not None else None
                arguments = call.child("arguments") if call is not None else None
                if function is None or arguments is None or len(arguments.named) != 1:
                    continue
                target = strip_casts(arguments.named[0]).str
                if target in instances_of(pass_, type_, function) and name != "PyObject_GC_Del":
                    pass_.replace(
                        path, offset, offset + len(name), b"PyObject_GC_Del",
                        f"type:{type_.key}", Stage.HEAP_TYPES,
                    )  # fmt: skip


def _complete_traverse(pass_: Pass, type_: StaticType) -> None:
    """GC support for a type that has none: a traverse function, its slot, the flag (22)."""
    if not gains_gc(pass_, type_):
        return
    home = type_.home
    group = f"type:{type_.key}"
    flags = type_.slot("tp_flags")
    table = _slot_table(pass_, type_)
    rows = rows_of(pass_.parsed(table.home.path), table.home) if table is not None else []
    if flags is None or table is None or not rows:
        pass_.refuse(
            Reason.TYPE_SHAPE, home.path, home.name_start, home.name_start + len(home.name),
            f"the flags or slots of {home.name} were not found", type_.key,
        )  # fmt: skip
        return
    text = traverse_text(pass_, type_) + "\n\n"
    start = table.home.start
    pass_.replace(table.home.path, start, start, text, group, Stage.HEAP_TYPES)
    for slot, function in traverse_slots(pass_, type_):
        at = rows[0][0].start
        newline = pass_.style(table.home.path).newline.decode()
        margin = indent_at(pass_.parsed(table.home.path).source.data, at) or "    "
        row = f"{{Py_{slot}, {function}}},{newline}{margin}".encode()
        pass_.replace(table.home.path, at, at, row, group, Stage.HEAP_TYPES)
    freeing = type_.slot("tp_free")
    if freeing is not None:
        bare = strip_casts(freeing.value)
        pass_.replace(
            freeing.path, bare.start, bare.end, b"PyObject_GC_Del", group, Stage.HEAP_TYPES
        )
    start, end = flags.value.span
    if "#" in flags.value.str:
        pass_.replace(home.path, start, start, b"Py_TPFLAGS_HAVE_GC | ", group, Stage.HEAP_TYPES)
    else:
        pass_.replace(home.path, end, end, b" | Py_TPFLAGS_HAVE_GC", group, Stage.HEAP_TYPES)


def _slot_table(pass_: Pass, type_: StaticType) -> Variable | None:
    slots = type_.slot("tp_slots")
    if slots is None:
        return None
    return pass_.extension.variable_named(strip_casts(slots.value).str, slots.path)


def _bind(pass_: Pass, path: str, call: Node, offset: int) -> None:
    arguments = call.child("arguments")
    if arguments is None or not arguments.named:
        return
    module_text = module_for_type(pass_, path, call, pass_.extension.function_at(path, offset))
    if module_text is None:
        return
    spec = arguments.named[0]
    bases: Part = b"NULL"
    if len(arguments.named) > 1:
        bases = Hole(Span(arguments.named[1].start, arguments.named[1].end))
    parts: list[Part] = [
        f"PyType_FromModuleAndSpec({module_text}, ".encode(),
        Hole(Span(spec.start, spec.end)),
        b", ",
        bases,
        b")",
    ]
    pass_.replace(path, call.start, call.end, parts, "init", Stage.ISOLATED)
    drop_surplus(pass_, path, call)


RULE = Rule("heap-spec", __doc__, (22, 24, 27), Stage.ISOLATED, Safety.SAFE, run, EXAMPLES)
