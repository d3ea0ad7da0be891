"""State while instances are destroyed.

What: in functions that run while an instance, or the module, is destroyed, members of the state
may be NULL already; a statement that uses such an object gets a test for NULL around it.

Why: the GC may clear the module and the type before the last instance goes.

Declines when: what follows would need the object's value.

Handbook patterns 76 and 100, section 0.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.capi.ownership import DECREF, INCREF
from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Kind, Use
from isolate_ext.placement.decisions import RouteKind, StateField
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext.text import Hole, Span
from isolate_ext_rules.c_text import indent_at, statement_of
from isolate_ext_rules.examples import TYPE

_REGISTRY = TYPE.replace(
    "static PyTypeObject Egg_Type;", "static PyObject *log_;\nstatic PyTypeObject Egg_Type;", 1
)
LOGGED = _REGISTRY.replace(
    "    Py_XDECREF(self->value);",
    "    PyList_Append(log_, Py_None);\n    Py_XDECREF(self->value);",
).replace(
    "if (PyType_Ready",
    "log_ = PyList_New(0);\n    if (log_ == NULL) {\n        return NULL;\n    }\n"
    "    if (PyType_Ready",
)
NEEDED = LOGGED.replace(
    "PyList_Append(log_, Py_None);", "Py_ssize_t n = PyList_Size(log_); (void)n;"
)
EXAMPLES = (
    Rewrite(
        LOGGED,
        (
            "if (state->log_ != NULL) {\n        PyList_Append(state->log_, Py_None);\n    }",
            "spam_state torn_down, *state = "
            "find_spam_state_in_teardown(Py_TYPE(self), &torn_down);",
        ),
    ),
    Refused(NEEDED, Reason.TEARDOWN),
)
_TOLERANT = DECREF | INCREF | {"Py_VISIT", "Py_IS_TYPE", "PyObject_TypeCheck", "PyType_IsSubtype"}
_OBJECTS = (Kind.OBJECT, Kind.OBJECT_ARRAY, Kind.OBJECT_STRUCT, Kind.TYPE)


def run(pass_: Pass) -> None:
    guarded: set[tuple[str, int]] = set()
    for field in pass_.decisions.fields.values():
        if field.kind in _OBJECTS:
            for use in _uses(pass_, field):
                _use(pass_, field, use, guarded)


def _uses(pass_: Pass, field: StateField) -> Iterator[Use]:
    for use in pass_.extension.uses_of(field.symbol):
        if use.inside is None or use.inside.routine not in pass_.decisions.teardown:
            continue
        route = pass_.decisions.routes.get(use.inside)
        if route is not None and route.kind in (RouteKind.TEARDOWN, RouteKind.PARAMETER):
            yield use


def _use(pass_: Pass, field: StateField, use: Use, guarded: set[tuple[str, int]]) -> None:
    if use.node is None:
        _refuse(pass_, use)
        return
    node = _whole(use.node)
    if _tolerated(node) or _asked_before(use.node):
        return
    statement = statement_of(node)
    call = (
        statement.named[0] if statement.kind == "expression_statement" and statement.named else None
    )
    plain = field.kind in (Kind.OBJECT, Kind.TYPE) and node.parent is not None
    if (
        call is None
        or call.kind != "call_expression"
        or not plain
        or use.inside is None
        or use.inside.is_macro
    ):
        _refuse(pass_, use)
        return
    if (use.path, statement.start) in guarded:
        return
    guarded.add((use.path, statement.start))
    hole = Hole(Span(statement.start, statement.end))
    style = pass_.style(use.path)
    margin = indent_at(pass_.parsed(use.path).source.data, statement.start).encode()
    inner, last = style.newline + margin + style.indent, style.newline + margin + b"}"
    pass_.state_edit(
        use.path,
        statement.start,
        statement.end,
        use.inside,
        f"access:{use.inside.routine}",
        lambda state: [f"if ({state}->{field.name} != NULL) {{".encode() + inner, hole, last],
        Stage.ACCESS,
    )


def _refuse(pass_: Pass, use: Use) -> None:
    name = pass_.extension.variables[use.symbol].name
    pass_.refuse(
        Reason.TEARDOWN,
        use.path,
        use.start,
        use.end,
        f"{name} is needed while an instance is destroyed, when it may be gone",
    )


def _whole(node: Node) -> Node:
    """The expression around a name: its address, elements, members, casts and parentheses."""
    while node.parent is not None and (
        node.parent.kind in ("cast_expression", "parenthesized_expression", "pointer_expression")
        or (node.parent.kind == "subscript_expression" and node.parent.children[0] is node)
        or (node.parent.kind == "field_expression" and b"->" not in node.parent.text)
    ):
        if node.parent.field == "condition":
            break
        node = node.parent
    return node


def _tolerated(node: Node) -> bool:
    """Whether NULL does no harm in the place of an expression."""
    parent = node.parent
    if parent is None or node.field == "condition":
        return True
    if parent.kind == "parenthesized_expression" and parent.field == "condition":
        return True
    if parent.kind == "binary_expression":
        return bool({c.kind for c in parent.children if not c.is_named} & {"==", "!=", "&&", "||"})
    if parent.kind == "unary_expression":
        return True
    if parent.kind == "assignment_expression":
        return parent.child("left") is node
    if parent.kind == "argument_list" and parent.parent is not None:
        callee = parent.parent.child("function")
        return callee is not None and callee.str in _TOLERANT
    return False


def _asked_before(name: Node) -> bool:
    """A condition around the use asks for the object itself."""
    asks = re.compile(rf"(?<![!\w.>]){re.escape(name.str)}\b(?!\s*==)(?!\s*\()")
    node = name
    while node.parent is not None and node.parent.kind != "function_definition":
        parent = node.parent
        test = parent.child("condition")
        if parent.kind in ("if_statement", "while_statement", "conditional_expression"):
            if test is not None and node is parent.child("consequence") and asks.search(test.str):
                return True
        left = parent.child("left")
        if parent.kind == "binary_expression" and left is not None and left is not node:
            if "&&" in {c.kind for c in parent.children} and asks.search(left.str):
                return True
        node = parent
    return False


RULE = Rule("teardown", __doc__, (76, 100), Stage.ACCESS, Safety.REVIEW, run, EXAMPLES)
