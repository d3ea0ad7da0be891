"""Objects handed to the module's dict.

What: `PyModule_AddObject` of an object that the state keeps becomes `PyModule_AddObjectRef`; the
reference taken for it beforehand goes, and so does a release on an error path.  Where the object
was borrowed, the first reference taken is the state's own, and stays.

Why: state and dict each own a reference; the old call steals one, but only on success.

Declines when: never; an object that the state does not keep is handed over as before.

Handbook patterns 14, 15 and 16.
"""

from __future__ import annotations

import re

from isolate_ext.capi.ownership import STEALS_ON_SUCCESS
from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, Kind, Use
from isolate_ext.placement.decisions import StateField
from isolate_ext.placement.ownership import assignments
from isolate_ext.syntax import Node
from isolate_ext_rules.added_alias import Alias, alias_of
from isolate_ext_rules.c_text import remove_statement, statement_of
from isolate_ext_rules.examples import EXCEPTION

ALIAS = EXCEPTION.replace(
    """    Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (Error == NULL) {
        return NULL;
    }
    Py_INCREF(Error);
    PyModule_AddObject(m, "Error", Error);""",
    """    PyObject *made = PyErr_NewException("spam.Error", NULL, NULL);
    if (made == NULL) {
        return NULL;
    }
    Error = made;
    if (PyModule_AddObject(m, "Error", made) < 0) {
        Py_DECREF(made);
        return NULL;
    }
    Py_INCREF(made);""",
)
LENT = EXCEPTION.replace(
    'PyErr_NewException("spam.Error", NULL, NULL)', 'PySys_GetObject("last_error")'
)
EXAMPLES = (
    Rewrite(EXCEPTION, ('PyModule_AddObjectRef(m, "Error", state->Error)',), ("Py_INCREF(Error)",)),
    Rewrite(
        ALIAS,
        ('PyModule_AddObjectRef(m, "Error", made)',),
        ("Py_INCREF(made)", "Py_DECREF(made)"),
    ),
    Rewrite(
        LENT,
        ('Py_INCREF(state->Error);\n    PyModule_AddObjectRef(m, "Error", state->Error);',),
    ),
)


def run(pass_: Pass) -> None:
    for field in pass_.decisions.fields.values():
        if (
            field.kind in (Kind.TYPE, Kind.OBJECT, Kind.OBJECT_ARRAY, Kind.OBJECT_STRUCT)
            and field.owned
        ):
            _balance(pass_, field)
            for use in pass_.extension.uses_of(field.symbol):
                alias = alias_of(use)
                if alias is not None:
                    _balance_alias(pass_, field, use, alias)


def added_since(pass_: Pass) -> set[Stage]:
    """The stages from which on a call becomes `PyModule_AddObjectRef`."""
    return {
        _since(field) if call_of(use, STEALS_ON_SUCCESS) is not None else Stage.ISOLATED
        for field in pass_.decisions.fields.values()
        if field.owned
        for use in pass_.extension.uses_of(field.symbol)
        if call_of(use, STEALS_ON_SUCCESS) is not None or alias_of(use) is not None
    }


def _since(field: StateField) -> Stage:
    return Stage.HEAP_TYPES if field.kind is Kind.TYPE else Stage.ISOLATED


def adds(pass_: Pass, field: StateField, function: Definition) -> bool:
    """Whether a function adds the object to the module, which balances its references there."""
    return any(
        use.inside is function
        and (call_of(use, STEALS_ON_SUCCESS) is not None or alias_of(use) is not None)
        for use in pass_.extension.uses_of(field.symbol)
    )


def call_of(use: Use, names: frozenset[str]) -> Node | None:
    """The call of one of ``names`` that takes this use as an argument, below casts."""
    node = use.node
    while (
        node is not None
        and node.parent is not None
        and node.parent.kind
        in (
            "pointer_expression",
            "cast_expression",
            "parenthesized_expression",
            "argument_list",
            "subscript_expression",
            "field_expression",
            "assignment_expression",
        )
    ):
        node = node.parent
        if node.kind == "argument_list":
            call = node.parent
            callee = call.child("function") if call is not None else None
            return call if callee is not None and callee.str in names else None
    return None


def _balance(pass_: Pass, field: StateField) -> None:
    since = _since(field)
    group = f"{'type' if field.kind is Kind.TYPE else 'global'}:{field.symbol}"
    uses = pass_.extension.uses_of(field.symbol)
    for use in uses:
        call = call_of(use, STEALS_ON_SUCCESS)
        callee = call.child("function") if call is not None else None
        if call is None or callee is None or use.inside is None:
            continue
        pass_.replace(use.path, callee.start, callee.end, b"PyModule_AddObjectRef", group, since)
    for function in {id(u.inside): u.inside for u in uses if u.inside is not None}.values():
        mine = [u for u in uses if u.inside is function]
        added = sum(1 for u in mine if call_of(u, STEALS_ON_SUCCESS) is not None)
        if not added:
            continue
        taken = [u for u in mine if _is_statement(u, r"Py_X?INCREF")]
        released = [u for u in mine if _is_statement(u, r"Py_X?DECREF")]
        kept = int(_lent(pass_, field, function))
        for use in (taken if field.kind is Kind.TYPE else taken[kept : kept + added]) + released:
            assert use.node is not None
            _drop(pass_, use, group, since)


def _lent(pass_: Pass, field: StateField, function: Definition) -> bool:
    """Whether an object comes without a reference, so that the first one taken is the state's."""
    variable = pass_.extension.variables[field.symbol]
    return any(
        each.use.inside is function and not each.new
        for each in assignments(pass_.extension, variable)
    )


def _balance_alias(pass_: Pass, field: StateField, use: Use, alias: Alias) -> None:
    group = f"global:{field.symbol}"
    for call in alias.calls:
        callee = call.child("function")
        assert callee is not None
        text = b"PyModule_AddObjectRef"
        pass_.replace(use.path, callee.start, callee.end, text, group, Stage.ISOLATED)
    for node in alias.surplus:
        remove_statement(pass_, use.path, statement_of(node), group, Stage.ISOLATED)


def _is_statement(use: Use, callee: str) -> bool:
    if use.node is None:
        return False
    statement = statement_of(use.node)
    return (
        statement.kind == "expression_statement"
        and re.match(rf"{callee}\s*\(", statement.str) is not None
    )


def _drop(pass_: Pass, use: Use, group: str, since: Stage) -> None:
    """Remove the statement; the use inside it is rewritten up to the stage before."""
    assert use.node is not None
    statement = statement_of(use.node)
    pass_.plan.end_before(since, use.path, statement.start, statement.end)
    remove_statement(pass_, use.path, statement, group, since)


RULE = Rule("add-object", __doc__, (14, 15, 16), Stage.ISOLATED, Safety.SAFE, run, EXAMPLES)
