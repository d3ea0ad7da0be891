"""Static type definitions.

What: a `PyTypeObject` initialiser becomes a slot array and a `PyType_Spec`; suites are flattened,
offsets become members, flags are kept, and those that a heap type needs are added.

Why: a static type is shared by every interpreter; its dict, subclasses and cached lookups are not
protected by any one GIL.

Declines when: a metaclass, an allocator of its own, a `tp_dict`, several bases, or a name that is
no literal stands in the initialiser; a function gives it a slot twice, or one that it alone knows.

Handbook patterns 20 to 22, 29, 31 to 34, 38 to 46, 48 and 49.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from isolate_ext.capi.slots import OFFSET_MEMBERS, SUITE_FIELDS
from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Declaration
from isolate_ext.model.types import StaticType
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import (
    remove_declaration,
    remove_statement,
    statement_of,
    with_blank_line,
)
from isolate_ext_rules.examples import TYPE, module
from isolate_ext_rules.late_slots import late_place, late_problem, prototypes
from isolate_ext_rules.spec_declaration import is_static, needs_spec_declaration
from isolate_ext_rules.type_names import spec_name
from isolate_ext_rules.type_pickle import own_table_text
from isolate_ext_rules.type_spec import (
    offset_table,
    prefix_of_others,
    slot_array,
    spec,
)
from isolate_ext_rules.type_traverse import traverse_text
from isolate_ext_rules.verify_types import verify_specs

EXAMPLES = (
    Rewrite(
        TYPE,
        (
            "{Py_tp_dealloc, Egg_dealloc},",
            '.name = "spam.Egg"',
            "Py_TPFLAGS_DISALLOW_INSTANTIATION",
            "Py_TPFLAGS_IMMUTABLETYPE",
            "Py_TPFLAGS_HAVE_GC",
        ),
        ("PyVarObject_HEAD_INIT",),
    ),
    Refused(
        module(
            "static PyTypeObject Egg_Type = {PyVarObject_HEAD_INIT(&PyEnum_Type, 0) "
            '"spam.Egg", sizeof(PyObject)};',
            "",
            "PyType_Ready(&Egg_Type);",
        ),
        Reason.METACLASS,
    ),
)
_DEFAULT_ALLOC = {"PyType_GenericAlloc", "_PyObject_GC_Alloc"}
_DEFAULT_FREE = {
    "PyObject_Del",
    "_PyObject_Del",
    "PyObject_Free",
    "PyObject_GC_Del",
    "_PyObject_GC_Del",
}
_DECIDING = frozenset(
    "tp_name tp_basicsize tp_itemsize tp_flags tp_base tp_new tp_dealloc tp_traverse tp_clear "
    "tp_free tp_alloc tp_dictoffset tp_weaklistoffset tp_vectorcall_offset".split()
)
"""Slots on which other text depends, so that one value must hold everywhere."""
_POINTER_SLOTS = {"tp_doc", "tp_methods", "tp_members", "tp_getset"}


def run(pass_: Pass) -> None:
    for type_ in pass_.decisions.types.values():
        if _acceptable(pass_, type_):
            _rewrite(pass_, type_)
            _tell_of_finalizer(pass_, type_)


def _tell_of_finalizer(pass_: Pass, type_: StaticType) -> None:
    """The dealloc function that heap types inherit runs what that of `object` did not (29)."""
    finalizer = type_.slot("tp_finalize") or type_.slot("tp_del")
    if finalizer is not None and type_.slot("tp_dealloc") is None:
        text = f"{finalizer.value.str} runs whenever an instance goes, not for the collector alone"
        pass_.note(finalizer.path, finalizer.value.start, text, review=True)


def _acceptable(pass_: Pass, type_: StaticType) -> bool:
    home = type_.home
    at = (home.path, home.name_start, home.name_start + len(home.name))
    key = type_.key

    def refuse(reason: Reason, text: str) -> bool:
        pass_.refuse(reason, *at, f"{home.name} {text}", key)
        return False

    parsed = pass_.parsed(home.path)
    if parsed.fenced(home.start, home.end):
        return refuse(Reason.FENCED, "stands in code that was not parsed")
    if len([d for d in type_.variable.definitions if d.initialiser is not None]) > 1:
        return refuse(Reason.TYPE_SHAPE, "is defined more than once")
    if home.siblings > 1 or home.ctype.arrays:
        return refuse(Reason.TYPE_SHAPE, "is declared together with others")
    if not is_static(pass_, type_) and _named_twice(pass_, type_):
        return refuse(Reason.TYPE_SHAPE, "has the name of another file's type, and is made there")
    name = type_.slot("tp_name")
    if name is None:
        return refuse(Reason.NOT_A_LITERAL, "has no name in its initialiser")
    if type_.name is None and "." not in name.value.str and not prefix_of_others(pass_, type_):
        return refuse(Reason.NOT_A_LITERAL, f"is named by {name.value.str}, which is no literal")
    late = late_problem(pass_, type_)
    if late is not None:
        return refuse(Reason.TYPE_SHAPE, late)
    return _slots_acceptable(type_, refuse)


def _named_twice(pass_: Pass, type_: StaticType) -> bool:
    others = [each for each in pass_.decisions.types.values() if each is not type_]
    name = spec_name(pass_.decisions, type_)
    return any(spec_name(pass_.decisions, each) == name for each in others)


def _slots_acceptable(type_: StaticType, refuse: Callable[[Reason, str], bool]) -> bool:
    head = type_.slots.get("ob_base")
    if head is not None:
        data = head.value.data[head.value.start : head.value.start + 80]
        match = re.match(rb"Py(?:Var)?Object_HEAD_INIT\(\s*([^,)]*)", data)
        if match and match[1].strip() not in (
            b"NULL",
            b"0",
            b"&PyType_Type",
            b"(&PyType_Type",
            b"",
        ):
            return refuse(Reason.METACLASS, f"has the metaclass {match[1].decode()}")
    for each in [*type_.slots.values(), *type_.assigned]:
        name = each.name or ""
        if each.field == "tp_alloc" and name not in _DEFAULT_ALLOC:
            return refuse(Reason.ALLOCATOR, "has a tp_alloc of its own")
        if each.field == "tp_free" and name not in _DEFAULT_FREE:
            return refuse(Reason.ALLOCATOR, "has a tp_free of its own")
        if each.field == "tp_dict" and each.assignment is not None:
            continue
        if each.field in ("tp_bases", "tp_dict", "tp_mro", "tp_cache"):
            return refuse(Reason.TYPE_SHAPE, f"sets {each.field}")
        if (
            each.field in ("ob_base", "ob_type")
            and each.assignment is not None
            and name != "PyType_Type"
        ):
            return refuse(Reason.METACLASS, "is given a metaclass")
        if each.field.startswith("#"):
            return refuse(Reason.TYPE_SHAPE, "has more values than a type has fields")
        if each.field in OFFSET_MEMBERS and "offsetof" not in each.value.str:
            return refuse(Reason.TYPE_SHAPE, f"has a {each.field} that is no offsetof")
        if each.field in SUITE_FIELDS and not type_.suites:
            return refuse(Reason.TYPE_SHAPE, f"has a {each.field} that was not found")
    for each in type_.variants:
        if each.field in _DECIDING or not each.conditions:
            return refuse(Reason.TYPE_SHAPE, f"sets {each.field} twice")
    return True


def _rewrite(pass_: Pass, type_: StaticType) -> None:
    home = type_.home
    group = f"type:{type_.key}"
    data = pass_.parsed(home.path).source.data
    traverse = traverse_text(pass_, type_)
    text = "\n\n".join(
        part
        for part in (
            "\n".join(prototypes(pass_, type_)),
            traverse,
            own_table_text(pass_, type_),
            offset_table(pass_, type_, group),
            slot_array(pass_, type_),
            spec(pass_, type_),
        )
        if part
    )
    late = late_place(pass_, type_)
    if late is None:
        pass_.replace(home.path, home.start, home.end, text, group, Stage.HEAP_TYPES)
    else:
        start, end = with_blank_line(data, home.start, home.end)
        pass_.replace(home.path, start, end, b"", group, Stage.HEAP_TYPES)
        pass_.replace(home.path, late, late, f"{text}\n\n", group, Stage.HEAP_TYPES, order=-3)
    variable = type_.variable
    for declaration in variable.definitions + variable.declarations:
        if declaration is not home:
            _forward(pass_, type_, declaration, group)
    for key in type_.suites:
        suite = pass_.extension.variables[key]
        owners = [t for t in pass_.decisions.all_types.values() if key in t.suites]
        if all(owner.key in pass_.decisions.types for owner in owners):
            for use in pass_.extension.uses_of(key):
                if use.node is not None and use.inside is not None:
                    _patched(pass_, use.node, use.path, type_, group)
            for declaration in suite.definitions + suite.declarations:
                start, end = with_blank_line(
                    pass_.parsed(declaration.path).source.data, declaration.start, declaration.end
                )
                pass_.replace(declaration.path, start, end, b"", group, Stage.HEAP_TYPES)


def _patched(pass_: Pass, node: Node, path: str, type_: StaticType, group: str) -> None:
    """A suite's member assigned in the init function is a slot already; the statement goes."""
    statement = statement_of(node)
    if not re.match(rf"{re.escape(node.str)}\s*\.\s*\w+\s*=[^=]", statement.str):
        return
    block = statement.parent
    if block is None or block.parent is None or block.parent.kind != "function_definition":
        pass_.refuse_node(
            Reason.TYPE_SHAPE, path, statement, f"{node.str} is changed conditionally", type_.key
        )
        return
    remove_statement(pass_, path, statement, group, Stage.HEAP_TYPES)


def _forward(pass_: Pass, type_: StaticType, declaration: Declaration, group: str) -> None:
    """A forward declaration of the type is one of the spec, where that is still needed."""
    if needs_spec_declaration(pass_, type_, declaration.path) and declaration.siblings == 1:
        storage = "static" if is_static(pass_, type_) else "extern"
        text = f"{storage} PyType_Spec {spec_name(pass_.decisions, type_)};"
        pass_.replace(
            declaration.path, declaration.start, declaration.end, text, group, Stage.HEAP_TYPES
        )
    else:
        remove_declaration(pass_, declaration, group, Stage.HEAP_TYPES)


RULE = Rule(
    "static-type",
    __doc__,
    (20, 21, 22, 29, 31, 32, 33, 34, 38, 39, 40, 41, 42, 43, 44, 45, 46, 48, 49),
    Stage.HEAP_TYPES,
    Safety.SAFE,
    run,
    EXAMPLES,
    verify=verify_specs,
)
