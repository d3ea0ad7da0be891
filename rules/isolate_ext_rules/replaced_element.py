"""Elements of arrays that init sets more than once.

What: where a macro that init uses repeatedly puts an object into an array of the state,
`Py_XSETREF` releases what an earlier use has put there.

Why: two names of one index, as two error codes of one value, leave the first object to nobody; a
static array leaked it once, a module state would with every import.

Declines when: never; an array whose elements the function releases itself is left alone.

Handbook patterns 68 and 72.
"""

from __future__ import annotations

import re

from isolate_ext.capi.ownership import DECREF
from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Kind, Use
from isolate_ext.model.init import init_closure
from isolate_ext.placement.decisions import StateField
from isolate_ext.placement.ownership import assignments
from isolate_ext.placement.writes import part
from isolate_ext.syntax import Node
from isolate_ext.text import Hole, Span
from isolate_ext.text.replacement import Part
from isolate_ext_rules.add_object import call_of
from isolate_ext_rules.examples import module

CODES = module(
    """
#define CODE_Low 0
#define CODE_High 1
#define CODE_Higher 1

static PyObject *errors[2];

static int
add_errors(PyObject *m)
{
    PyObject *error;

#define ADD(name) do { \\
        error = PyErr_NewException("spam." #name, NULL, NULL); \\
        if (error == NULL) return -1; \\
        errors[CODE_##name] = error; \\
        if (PyModule_AddObject(m, #name, error) < 0) return -1; \\
        Py_INCREF(error); \\
    } while (0)

    ADD(Low);
    ADD(High);
    ADD(Higher);
    return 0;
}

static PyObject *
spam_fail(PyObject *self, PyObject *args)
{
    PyErr_SetNone(errors[CODE_High]);
    return NULL;
}
""",
    '{"fail", spam_fail, METH_NOARGS, NULL},',
    "if (add_errors(m) < 0) {\n        return NULL;\n    }",
)
EXAMPLES = (
    Rewrite(CODES, ("Py_XSETREF(state->errors[CODE_##name], error);",), ("Py_INCREF(error)",)),
)
_EFFECT = re.compile(r"\+\+|--|[^=!<>]=[^=]|\(")
"""What must not be done twice; old versions of `Py_XSETREF` name their argument twice."""


def run(pass_: Pass) -> None:
    closure = init_closure(pass_.extension, pass_.decisions.init)
    for field in pass_.decisions.fields.values():
        if field.kind is not Kind.OBJECT_ARRAY or not field.owned or _lent(pass_, field):
            continue
        for use in pass_.extension.uses_of(field.symbol):
            if use.inside is not None and use.inside.routine in closure:
                _replace(pass_, field, use)


def _lent(pass_: Pass, field: StateField) -> bool:
    """Whether another member borrows an element."""
    name = re.compile(rf"\b{re.escape(pass_.extension.variables[field.symbol].name)}\b")
    return any(
        name.search(each.value.str)
        for other in pass_.decisions.fields.values()
        if not other.owned and other is not field
        for each in assignments(pass_.extension, pass_.extension.variables[other.symbol])
    )


def _replace(pass_: Pass, field: StateField, use: Use) -> None:
    node = part(use.node)[0] if use.node is not None else None
    assignment = node.parent if node is not None else None
    if node is None or assignment is None or not _sets(node, assignment):
        return
    right = assignment.child("right")
    if right is None or _EFFECT.search(node.str) or not _repeated(pass_, use):
        return
    mine = [each for each in pass_.extension.uses_of(field.symbol) if each.inside is use.inside]
    if any(call_of(each, DECREF) is not None for each in mine):
        return
    left = Hole(Span(node.start, node.end))
    value = Hole(Span(right.start, right.end))
    parts: list[Part] = [b"Py_XSETREF(", left, b", ", value, b")"]
    group = f"global:{field.symbol}"
    start, end = assignment.start, assignment.end
    pass_.replace(use.path, start, end, parts, group, Stage.ISOLATED)


def _sets(node: Node, assignment: Node) -> bool:
    statement = assignment.parent
    return (
        node.kind == "subscript_expression"
        and assignment.kind == "assignment_expression"
        and assignment.child("left") is node
        and any(child.kind == "=" for child in assignment.children)
        and statement is not None
        and statement.kind == "expression_statement"
    )


def _repeated(pass_: Pass, use: Use) -> bool:
    """In a macro that is used more than once."""
    define = use.parsed.define_at(use.start)
    if define is None:
        return False
    macro = pass_.extension.routine_named(f"#{define.name}", use.path)
    return macro is not None and len(pass_.extension.uses_of(macro.key)) > 1


RULE = Rule("replaced-element", __doc__, (68, 72), Stage.ISOLATED, Safety.REVIEW, run, EXAMPLES)
