"""References to a type made from a spec that nothing ever releases (handbook pattern 15)."""

from __future__ import annotations

from isolate_ext.capi.ownership import INCREF, STEALS_ON_SUCCESS
from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import strip_casts, with_casts
from isolate_ext.model.roles import Called
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import remove_statement


def drop_surplus(pass_: Pass, path: str, call: Node) -> None:
    """Remove the INCREF of a type that the state owns already and that is handed to nobody.

    ``call`` makes the type.  In a module that was never destroyed the reference did no harm.
    """
    name = _target(call)
    function = call.enclosing("function_definition")
    if name is None or function is None:
        return
    nodes = list(function.descendants())
    members = [
        left.str
        for node in nodes
        if node.kind == "assignment_expression"
        and (left := node.child("left")) is not None
        and left.kind == "field_expression"
        and _names(node.child("right"), {name})
    ]
    if len(members) != 1 or not _cleared(pass_, members[0].rpartition("->")[2]):
        return
    held = {name, members[0]}
    if any(_hands_over(node, held) for node in nodes):
        return
    for node in nodes:
        if node.kind == "expression_statement" and _calls(node.named[0], INCREF, held):
            remove_statement(pass_, path, node, "init", Stage.ISOLATED)


def _target(call: Node) -> str | None:
    """The variable that takes the result of a call."""
    parent = with_casts(call).parent
    if parent is None or parent.kind not in ("init_declarator", "assignment_expression"):
        return None
    left = parent.child("declarator") or parent.child("left")
    name = left.str.lstrip("* \t") if left is not None else ""
    return name if name.isidentifier() else None


def _names(node: Node | None, names: set[str]) -> bool:
    return node is not None and strip_casts(node).str in names


def _calls(node: Node, callees: frozenset[str], names: set[str]) -> bool:
    """Whether a node is a call of one of ``callees`` with one of ``names``."""
    callee, arguments = node.child("function"), node.child("arguments")
    if node.kind != "call_expression" or callee is None or arguments is None:
        return False
    return callee.str in callees and any(_names(each, names) for each in arguments.named)


def _hands_over(node: Node, names: set[str]) -> bool:
    if _calls(node, STEALS_ON_SUCCESS, names):
        return True
    return node.kind == "return_statement" and bool(node.named) and _names(node.named[0], names)


def _cleared(pass_: Pass, member: str) -> bool:
    """Whether the module's own clear function releases a member of its state."""
    for key, roles in pass_.decisions.roles.items():
        if any(role.called is Called.HOOK and role.slot == "m_clear" for role in roles):
            for definition in pass_.extension.routines[key].definitions:
                body = pass_.parsed(definition.path).source.data[slice(*definition.body)]
                if f"->{member}".encode() in body:
                    return True
    return False
