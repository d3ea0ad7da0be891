"""Deallocation of instances.

What: a dealloc function leaves the GC first, frees through `tp_free`, and releases the type last;
memory of an instance that is given back elsewhere is given back the same way.

Why: an instance of a heap type owns a reference to its type, and one of a GC type has a header.

Declines when: the memory is freed in no way that is known, or the object is kept for reuse.

Handbook patterns 24, 25 and 30.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.capi.ownership import FREE
from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.declarators import declarators, is_declaration
from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.model.types import StaticType
from isolate_ext.placement.base_calls import base_call
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import body_start, indent_at, statement_of
from isolate_ext_rules.dealloc_exits import free_and_leave, leaves_unfinished
from isolate_ext_rules.examples import TYPE
from isolate_ext_rules.type_alloc import instances_of
from isolate_ext_rules.type_traverse import moved_base, traverse_slots
from isolate_ext_rules.verify_types import verify_dealloc

EXAMPLES = (
    Rewrite(
        TYPE,
        (
            "PyTypeObject *tp = Py_TYPE(self);",
            "PyObject_GC_UnTrack(self);",
            "tp->tp_free((PyObject *)self);",
            "Py_DECREF(tp);",
        ),
        ("PyObject_Del(self)",),
    ),
)


def run(pass_: Pass) -> None:
    done: set[str] = set()
    for type_ in pass_.decisions.types.values():
        name = type_.function("tp_dealloc")
        slot = type_.slot("tp_dealloc")
        if slot is None:
            continue
        routine = pass_.extension.routine_named(name, type_.home.path) if name is not None else None
        if routine is None or routine.is_macro or not routine.definitions:
            _refuse(pass_, type_, f"the dealloc function of {type_.variable.name} was not found")
            continue
        if routine.key in done:
            continue
        done.add(routine.key)
        for definition in routine.definitions:
            complete_dealloc(pass_, type_, definition)
    for type_ in pass_.decisions.types.values():
        _frees_elsewhere(pass_, type_, done)


def _refuse(pass_: Pass, type_: StaticType, message: str) -> None:
    home = type_.home
    pass_.refuse(
        Reason.DEALLOC_SHAPE,
        home.path,
        home.name_start,
        home.name_start + len(home.name),
        message,
        type_.key,
    )


def complete_dealloc(pass_: Pass, type_: StaticType, definition: Definition) -> None:
    group = f"type:{type_.key}"
    data = pass_.parsed(definition.path).source.data
    body = data[slice(*definition.body)]
    if (
        not definition.parameters
        or definition.parameters[0].name is None
        or definition.node is None
    ):
        _refuse(pass_, type_, f"{definition.name} does not name its parameter")
        return
    own = aliases(definition)
    frees = list(_free_calls(pass_, definition, own))
    if not frees:
        if not _base_dealloc(pass_, type_, definition):
            _refuse(
                pass_, type_, f"{definition.name} frees the instance in a way that is not known"
            )
        else:
            untrack(pass_, type_, definition, group)
        return
    early = [
        node
        for node in definition.node.descendants()
        if node.kind == "return_statement"
        and node.start < frees[-1].start
        and not any(_same_block_after(free, node) for free in frees)
        and not _resurrected(node)
    ]
    unfinished = [node for node in early if leaves_unfinished(node)]
    early = [node for node in early if node not in unfinished]
    if early:
        pass_.refuse_node(
            Reason.DEALLOC_SHAPE,
            definition.path,
            early[0],
            f"{definition.name} returns without freeing the instance",
            type_.key,
        )
        return
    names = set(pass_.parsed(definition.path).names())
    variable = (
        "tp" if not re.search(rb"\btp\b", body) and "tp" not in _macros(pass_) else "own_type"
    )
    del names
    self_name = definition.parameters[0].name
    at = body_start(data, definition.body)
    lines = f"\n    PyTypeObject *{variable} = Py_TYPE({self_name});"
    pass_.replace(definition.path, at, at, lines, group, Stage.HEAP_TYPES, order=1)
    untrack(pass_, type_, definition, group)
    for node in unfinished:
        free_and_leave(pass_, definition.path, node, self_name, variable, group)
    for free in frees:
        _free_through_type(pass_, definition, free, variable, group)


def untrack(pass_: Pass, type_: StaticType, definition: Definition, group: str) -> None:
    """Leave the GC before anything is released, and after what may bring the instance back."""
    parsed = pass_.parsed(definition.path)
    body = parsed.source.data[slice(*definition.body)]
    if re.search(rb"PyObject_GC_Un[Tt]rack|PyObject_GC_UNTRACK|TRASHCAN", body):
        return
    collected = bool(traverse_slots(pass_, type_)) or type_.has_flag("HAVE_GC")
    if not collected and moved_base(pass_, type_) is None:
        return
    first = _first_statement(definition)
    margin = indent_at(parsed.source.data, first) or "    "
    newline = pass_.style(definition.path).newline.decode()
    text = f"PyObject_GC_UnTrack({definition.parameters[0].name});{newline}{margin}"
    pass_.replace(definition.path, first, first, text.encode(), group, Stage.HEAP_TYPES)


def _resurrected(node: Node) -> bool:
    """A return because the finalizer brought the instance back (pattern 29)."""
    outer = node.enclosing("if_statement")
    test = outer.child("condition") if outer is not None else None
    return test is not None and "PyObject_CallFinalizerFromDealloc" in test.str


def _first_statement(definition: Definition) -> int:
    """Where the first statement begins that is no declaration and no call of the finalizer."""
    body = definition.node.child("body") if definition.node is not None else None
    for statement in body.named if body is not None else ():
        if statement.kind != "comment" and not is_declaration(statement):
            if "PyObject_CallFinalizerFromDealloc" not in statement.str:
                return statement.start
    return definition.body[1] - 1


def _macros(pass_: Pass) -> set[str]:
    return {d.name for parsed in pass_.extension.files.values() for d in parsed.scan.defines}


def aliases(definition: Definition) -> set[str]:
    """The instance's names: the parameter, and locals that take it and nothing else."""
    found = {definition.parameters[0].name or ""}
    if definition.node is None:
        return found
    for node in definition.node.of_kind("declaration"):
        for declarator in declarators(node):
            value = declarator.initialiser
            if value is not None and strip_casts(value).str in found:
                found.add(declarator.name.str)
    given: dict[str, list[str]] = {}
    for node in definition.node.of_kind("assignment_expression"):
        left, right = node.child("left"), node.child("right")
        if left is not None and right is not None and left.kind == "identifier":
            given.setdefault(left.str, []).append(strip_casts(right).str)
    return found | {name for name, values in given.items() if set(values) <= found}


def _free_calls(pass_: Pass, definition: Definition, own: set[str]) -> Iterator[Node]:
    """Call expressions that give the instance's memory back."""
    assert definition.node is not None
    for node in definition.node.descendants():
        if node.kind != "call_expression":
            continue
        callee, arguments = node.child("function"), node.child("arguments")
        if callee is None or arguments is None or not arguments.named:
            continue
        if strip_casts(arguments.named[0]).str not in own:
            continue
        if (
            callee.str in FREE
            or re.search(r"(->|\.)\s*tp_free$", callee.str)
            or re.fullmatch(r"\(?Py\w+_Type\.tp_dealloc\)?", callee.str)
            or re.search(r"tp_base\s*->\s*tp_dealloc$", callee.str)
        ):
            yield node


def _same_block_after(free: Node, node: Node) -> bool:
    statement = statement_of(free)
    return statement.parent is node.parent and statement.end <= node.start


def _base_dealloc(pass_: Pass, type_: StaticType, definition: Definition) -> bool:
    """It ends by calling the dealloc function of a moved type, which releases the type."""
    types = pass_.decisions.types
    names = {each.function("tp_dealloc") for each in types.values() if each is not type_}
    for use in pass_.extension.uses_inside(definition):
        called = base_call(pass_.extension, types, use)
        if called is not None and called.slot == "tp_dealloc":
            return True
        routine = pass_.extension.routines.get(use.symbol)
        if routine is not None and use.called and routine.name in names:
            return routine.key != definition.routine
    return False


def _free_through_type(
    pass_: Pass, definition: Definition, free: Node, variable: str, group: str
) -> None:
    data = pass_.parsed(definition.path).source.data
    statement = statement_of(free)
    callee, arguments = free.child("function"), free.child("arguments")
    assert callee is not None and arguments is not None
    self_text = strip_casts(arguments.named[0]).str
    if "tp_dealloc" not in callee.str:
        cast = "" if _is_plain_object(definition, self_text) else "(PyObject *)"
        text = f"{variable}->tp_free({cast}{self_text})"
        pass_.replace(definition.path, free.start, free.end, text.encode(), group, Stage.HEAP_TYPES)
    margin = indent_at(data, statement.start)
    newline = pass_.style(definition.path).newline.decode()
    after = f"{newline}{margin}Py_DECREF({variable});"
    if statement.parent is not None and statement.parent.kind == "compound_statement":
        pass_.replace(
            definition.path, statement.end, statement.end, after.encode(), group, Stage.HEAP_TYPES
        )
    else:
        pass_.replace(
            definition.path, statement.start, statement.start, b"{ ", group, Stage.HEAP_TYPES
        )
        tail = f" Py_DECREF({variable}); }}"
        pass_.replace(
            definition.path, statement.end, statement.end, tail.encode(), group, Stage.HEAP_TYPES
        )


def _is_plain_object(definition: Definition, name: str) -> bool:
    return any(
        p.name == name and p.ctype.base == "PyObject" and p.ctype.pointers == 1
        for p in definition.parameters
    )


def _frees_elsewhere(pass_: Pass, type_: StaticType, deallocs: set[str]) -> None:
    """Memory of an instance given back outside of dealloc, on an error path of a constructor."""
    if type_.struct is None:
        return
    group = f"type:{type_.key}"
    for path in pass_.extension.files:
        names = pass_.parsed(path).names()
        for name in sorted(FREE & set(names)):
            for offset in pass_.parsed(path).occurrences(name):
                definition = pass_.extension.function_at(path, offset)
                node = pass_.parsed(path).node_at(offset)
                call = node.parent if node is not None else None
                if definition is None or call is None or call.kind != "call_expression":
                    continue
                if definition.routine in deallocs or name in ("free", "PyMem_Free"):
                    continue
                arguments = call.child("arguments")
                if arguments is None or len(arguments.named) != 1:
                    continue
                target = strip_casts(arguments.named[0]).str
                if target in instances_of(pass_, type_, definition):
                    _free_block(pass_, path, statement_of(call), target, group)


def _free_block(pass_: Pass, path: str, statement: Node, target: str, group: str) -> None:
    data = pass_.parsed(path).source.data
    margin = indent_at(data, statement.start)
    inner = margin + pass_.style(path).indent.decode()
    lines = [
        "{",
        f"{inner}PyTypeObject *tp = Py_TYPE({target});",
        f"{inner}PyObject_GC_UnTrack({target});",
        f"{inner}tp->tp_free((PyObject *){target});",
        f"{inner}Py_DECREF(tp);",
        f"{margin}}}",
    ]
    text = pass_.style(path).newline.join(line.encode() for line in lines)
    pass_.replace(path, statement.start, statement.end, text, group, Stage.HEAP_TYPES)


RULE = Rule(
    "type-dealloc",
    __doc__,
    (24, 25, 30),
    Stage.HEAP_TYPES,
    Safety.SAFE,
    run,
    EXAMPLES,
    verify=verify_dealloc,
)
