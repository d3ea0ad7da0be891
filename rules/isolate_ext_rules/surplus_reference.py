"""References taken for calls that take none over.

What: `Py_INCREF(X);` right before `PyDict_SetItemString(d, "X", X);` and the like goes, and so does
a release where that call fails.

Why: the dict takes a reference of its own. In a single-phase module the one too many stood for a
static type, or was lost once for the whole process; in one that is executed for every import it
keeps the type, and the module with it, for ever.

Declines when: never; it stays where the object came without a reference, is stored elsewhere, or
is released later on.

Handbook patterns 14 and 16.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from isolate_ext.capi.ownership import DECREF, INCREF
from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, Kind, Use, Variable, strip_casts, with_casts
from isolate_ext.model.init import creator_statements, init_closure
from isolate_ext.placement.ownership import assignments
from isolate_ext.placement.references import references_of
from isolate_ext.syntax import Node
from isolate_ext_rules.adjacent import following, sole_argument, spelled
from isolate_ext_rules.c_text import remove_statement, statement_of
from isolate_ext_rules.examples import EXCEPTION

EXAMPLES = (
    Rewrite(
        EXCEPTION.replace(
            'PyModule_AddObject(m, "Error", Error);',
            'PyDict_SetItemString(PyModule_GetDict(m), "Error", Error);',
        ),
        ('PyDict_SetItemString(PyModule_GetDict(m), "Error", state->Error);',),
        ("Py_INCREF(state->Error)",),
    ),
)
_LENT = frozenset(
    "PyDict_SetItemString PyDict_SetItem PyObject_SetAttrString PyObject_SetAttr PyObject_SetItem "
    "PyModule_AddObjectRef PyList_Append PySet_Add".split()
)
"""Calls that take no reference over from any of their arguments."""
_FOREIGN = re.compile(r"&\s*Py\w+_Type")


class _Taken(msgspec.Struct, frozen=True):
    """`Py_INCREF(value);`, and the statement with the call behind it."""

    statement: Node
    value: Node
    following: Node


def run(pass_: Pass) -> None:
    for key in init_closure(pass_.extension, pass_.decisions.init):
        for definition in pass_.extension.routines[key].definitions:
            for taken in _references(pass_, definition):
                _drop(pass_, definition, taken)


def _references(pass_: Pass, definition: Definition) -> Iterator[_Taken]:
    for statement in creator_statements(pass_.extension, definition):
        value = sole_argument(statement, INCREF)
        behind = following(statement) if value is not None else None
        if value is not None and behind is not None and _adds(behind, value):
            yield _Taken(statement, value, behind)


def _adds(statement: Node, value: Node) -> bool:
    """The statement, or what it asks first, is a call that is lent the value."""
    whole = statement if statement.kind == "expression_statement" else statement.child("condition")
    for call in whole.descendants() if whole is not None else ():
        callee, arguments = call.child("function"), call.child("arguments")
        if call.kind == "call_expression" and callee is not None and callee.str in _LENT:
            given = arguments.named if arguments is not None else ()
            return any(spelled(strip_casts(each)) == spelled(value) for each in given)
    return False


def _drop(pass_: Pass, definition: Definition, taken: _Taken) -> None:
    name = taken.value.str.lstrip("& \t")
    variable = pass_.extension.variable_named(name, definition.path)
    if variable is None:
        if _FOREIGN.fullmatch(taken.value.str):
            _remove(pass_, definition, taken.statement, "init")
        return
    field = pass_.decisions.fields.get(variable.key)
    if field is None or not field.owned or field.kind not in (Kind.TYPE, Kind.OBJECT):
        return
    uses = [use for use in pass_.extension.uses_of(variable.key) if use.inside is definition]
    released = [use for use in uses if _is_released(use)]
    elsewhere = [use for use in released if not _inside(use, taken.following)]
    others = [use for use in uses if use not in released]
    if elsewhere or not _all_kept(pass_, variable, others):
        return
    group = f"{'type' if field.kind is Kind.TYPE else 'global'}:{variable.key}"
    _remove(pass_, definition, taken.statement, group)
    for use in released:
        assert use.node is not None
        _remove(pass_, definition, statement_of(use.node), group)


def _all_kept(pass_: Pass, variable: Variable, uses: list[Use]) -> bool:
    """The state alone owns what the function makes: it is new, and goes nowhere else."""
    references = references_of(pass_.extension)
    address = variable.kind is Kind.TYPE
    for use in uses:
        if use.node is None or references.moves(use.path, use.node, address=address):
            return False
        if _is_stored(use.node):
            return False
    made = [each for each in assignments(pass_.extension, variable) if each.use in uses]
    return variable.kind is Kind.TYPE or (bool(made) and all(each.new for each in made))


def _is_stored(node: Node) -> bool:
    """What another variable is set to, below casts and its address."""
    value = with_casts(node)
    while value.parent is not None and value.parent.kind == "pointer_expression":
        value = with_casts(value.parent)
    parent = value.parent
    if parent is None or parent.kind not in ("assignment_expression", "init_declarator"):
        return False
    left = parent.child("left")
    return left is None or (left.start, left.end) != (value.start, value.end)


def _is_released(use: Use) -> bool:
    statement = statement_of(use.node) if use.node is not None else None
    return statement is not None and sole_argument(statement, DECREF) is not None


def _inside(use: Use, statement: Node) -> bool:
    return statement.start <= use.start and use.end <= statement.end


def _remove(pass_: Pass, definition: Definition, statement: Node, group: str) -> None:
    """The statement goes in the last stage; what is edited inside it holds up to that."""
    start, end = statement.start, statement.end
    pass_.plan.end_before(Stage.ISOLATED, definition.path, start, end)
    remove_statement(pass_, definition.path, statement, group, Stage.ISOLATED)


RULE = Rule("surplus-reference", __doc__, (14, 16), Stage.ISOLATED, Safety.REVIEW, run, EXAMPLES)
