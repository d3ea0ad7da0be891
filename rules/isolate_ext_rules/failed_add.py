"""References that a failed `PyModule_AddObject` leaves behind.

What: `Py_INCREF(X);` right before `PyModule_AddObject(m, "X", X);`, whose failure releases nothing,
become `PyModule_AddObjectRef(m, "X", X);` where X is no global, but a local or a member of a state
that the module has already.

Why: the old call steals the reference only on success. A single-phase module lost it once for the
whole process; an import that fails would leave the type behind, and the module and its state with
it.

Declines when: never; what belongs to the interpreter, and a call whose failure is dealt with, stay,
and so does a module without state on versions that lack the function.

Handbook pattern 14.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from isolate_ext.capi.ownership import DECREF, INCREF, STEALS_ON_SUCCESS
from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.model.init import creator_statements, init_closure
from isolate_ext.syntax import Node
from isolate_ext_rules.adjacent import (
    across_directives,
    following,
    preceding,
    sole_argument,
    spelled,
)
from isolate_ext_rules.c_text import remove_statement
from isolate_ext_rules.examples import STATE
from isolate_ext_rules.state_needs import naming_paths

EXAMPLES = (
    Rewrite(
        STATE,
        ('    PyModule_AddObjectRef(m, "Error", GET(m)->Error);\n',),
        ("Py_INCREF(GET(m)->Error)",),
    ),
)
GROUP = "init"
_INTERPRETERS_OWN = re.compile(r"PyExc_\w+|&\s*_?Py\w+_Type|Py_\w+")
"""`PyExc_OSError`, `&PyLong_Type`, `Py_None`: nothing frees them."""


class Addition(msgspec.Struct, frozen=True):
    """`Py_INCREF(X);`, and the name of the function that is called behind it."""

    path: str
    taken: Node
    callee: Node


def run(pass_: Pass) -> None:
    for each in additions(pass_):
        start, end = each.taken.start, each.taken.end
        pass_.plan.end_before(Stage.ISOLATED, each.path, start, end)
        remove_statement(pass_, each.path, each.taken, GROUP, Stage.ISOLATED)
        name = b"PyModule_AddObjectRef"
        pass_.replace(each.path, each.callee.start, each.callee.end, name, GROUP, Stage.ISOLATED)


def additions(pass_: Pass) -> Iterator[Addition]:
    """What only runs during the init function that turns into exec."""
    decisions, extension = pass_.decisions, pass_.extension
    if decisions.init.multi_phase:
        return
    has_state = bool(decisions.fields) or decisions.adopted is not None
    paths = naming_paths(pass_) if has_state else set()
    for key in init_closure(extension, decisions.init):
        for definition in extension.routines[key].definitions:
            if definition.path in paths or pass_.settings.floor >= (3, 10):
                yield from _of(pass_, definition)


def _of(pass_: Pass, definition: Definition) -> Iterator[Addition]:
    for statement in creator_statements(pass_.extension, definition):
        value = sole_argument(statement, INCREF)
        if value is None or _INTERPRETERS_OWN.fullmatch(value.str):
            continue
        root = re.search(r"\w+", value.str)
        if root is None or pass_.extension.variable_named(root[0], definition.path) is not None:
            continue
        behind, held = following(statement), _names_of(statement, value)
        call = _added(behind, held) if behind is not None else None
        callee = call.child("function") if call is not None else None
        if behind is None or callee is None or across_directives(statement, behind):
            continue
        if not _dealt_with(behind, held):
            yield Addition(definition.path, statement, callee)


def _names_of(statement: Node, value: Node) -> frozenset[str]:
    """How the object is spelled: what the assignment right before it says is the same, too."""
    own, before = spelled(value), preceding(statement)
    if before is None or across_directives(before, statement):
        return frozenset({own})
    assignment = before.named[0] if before.named else None
    if assignment is None or assignment.kind != "assignment_expression":
        return frozenset({own})
    left, right = assignment.child("left"), assignment.child("right")
    sides = {spelled(strip_casts(each)) for each in (left, right) if each is not None}
    return frozenset({own, *(sides if own in sides else ())})


def _added(statement: Node, held: frozenset[str]) -> Node | None:
    """The call that adds the object, where the statement is it, returns it, or asks for it."""
    if statement.kind in ("expression_statement", "return_statement"):
        whole = strip_casts(statement.named[0]) if statement.named else None
        calls = [whole] if whole is not None else []
    else:
        condition = statement.child("condition") if statement.kind == "if_statement" else None
        calls = list(condition.of_kind("call_expression")) if condition is not None else []
    for call in calls:
        callee, arguments = call.child("function"), call.child("arguments")
        if callee is None or arguments is None or callee.str not in STEALS_ON_SUCCESS:
            continue
        if len(arguments.named) == 3 and spelled(strip_casts(arguments.named[2])) in held:
            return call
    return None


def _dealt_with(statement: Node, held: frozenset[str]) -> bool:
    """Whether what follows a failure releases the object, there or where it jumps to."""
    if statement.kind != "if_statement":
        return False
    branches = [e for e in (statement.child("consequence"), statement.child("alternative")) if e]
    jumps = any(any(True for _ in each.of_kind("goto_statement")) for each in branches)
    function = statement.enclosing("function_definition")
    places = [function] if jumps and function is not None else branches
    return any(
        value is not None and spelled(value) in held
        for place in places
        for each in place.of_kind("expression_statement")
        for value in [sole_argument(each, DECREF)]
    )


RULE = Rule("failed-add", __doc__, (14,), Stage.ISOLATED, Safety.SAFE, run, EXAMPLES)
