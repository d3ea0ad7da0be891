"""Instances that nobody can let go.

What: where a tp_new function takes a second reference to the instance that it has just made, and
returns it, that reference goes.

Why: such an instance lives for ever, and with a heap type so do its type, the module and the state.

Declines when: never; an instance that is stored or handed on there is left alone.

Handbook pattern 27.
"""

from __future__ import annotations

import re

from isolate_ext.capi.ownership import INCREF, RELEASE
from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import remove_statement
from isolate_ext_rules.examples import TYPE
from isolate_ext_rules.type_traverse import heap_types

KEPT = TYPE.replace(
    "static PyTypeObject Egg_Type = {",
    """static PyObject *
Egg_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    EggObject *self = (EggObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->value = NULL;
    Py_INCREF(self);
    return (PyObject *)self;
}

static PyTypeObject Egg_Type = {""",
).replace(".tp_flags =", ".tp_new = Egg_new,\n    .tp_flags =")
EXAMPLES = (Rewrite(KEPT, ("{Py_tp_new, Egg_new}",), ("Py_INCREF(self);",)),)
_MAKES = re.compile(r".*(->|\.)\s*tp_alloc|PyObject_(GC_)?New(Var)?|PyType_GenericAlloc", re.DOTALL)
_HARMLESS = INCREF | RELEASE | {"Py_TYPE", "PyObject_GC_Track", "PyObject_GC_UnTrack"}


def run(pass_: Pass) -> None:
    done: set[str] = set()
    for type_ in heap_types(pass_):
        name = type_.function("tp_new")
        routine = pass_.extension.routine_named(name, type_.home.path) if name else None
        if routine is None or routine.is_macro or routine.key in done:
            continue
        done.add(routine.key)
        for definition in routine.definitions:
            _let_go(pass_, definition, f"type:{type_.key}")


def _let_go(pass_: Pass, definition: Definition, group: str) -> None:
    node = definition.node
    for statement in node.of_kind("expression_statement") if node is not None else ():
        name = _taken(statement)
        if name is None or node is None or not _returned_next(statement, name):
            continue
        if _is_new(node, name) and not _goes_elsewhere(node, name):
            remove_statement(pass_, definition.path, statement, group, Stage.HEAP_TYPES)
            text = f"{definition.name} kept each instance for ever; it is let go with its last user"
            pass_.note(definition.path, statement.start, text, review=True)


def _taken(statement: Node) -> str | None:
    """The name that a statement takes a reference to."""
    call = statement.named[0] if statement.named else statement
    callee, arguments = call.child("function"), call.child("arguments")
    if callee is None or arguments is None or callee.str not in INCREF or not arguments.named:
        return None
    target = strip_casts(arguments.named[0])
    return target.str if target.kind == "identifier" else None


def _returned_next(statement: Node, name: str) -> bool:
    siblings = statement.parent.named if statement.parent is not None else []
    after = (each for each in siblings if each.start > statement.start and each.kind != "comment")
    following = next(after, None)
    if following is None or following.kind != "return_statement" or not following.named:
        return False
    return strip_casts(following.named[0]).str == name


def _is_new(function: Node, name: str) -> bool:
    """Whether all that the name is given comes fresh from an allocator."""
    values = [
        value
        for each in function.of_kind("init_declarator", "assignment_expression")
        if (target := each.child("declarator") or each.child("left")) is not None
        and target.str.lstrip("* \t\n") == name
        and (value := each.child("value") or each.child("right")) is not None
    ]
    makers = [strip_casts(each).child("function") for each in values if each.str != "NULL"]
    return bool(makers) and all(each is not None and _MAKES.fullmatch(each.str) for each in makers)


def _goes_elsewhere(function: Node, name: str) -> bool:
    """Whether the instance is stored, or handed to what may keep it."""
    for each in function.of_kind("assignment_expression", "init_declarator"):
        value = each.child("right") or each.child("value")
        if value is not None and strip_casts(value).str == name:
            return True
    for call in function.of_kind("call_expression"):
        callee, arguments = call.child("function"), call.child("arguments")
        if callee is None or arguments is None or callee.str in _HARMLESS:
            continue
        if any(strip_casts(each).str == name for each in arguments.named):
            return True
    return False


RULE = Rule("kept-instance", __doc__, (27,), Stage.HEAP_TYPES, Safety.REVIEW, run, EXAMPLES)
