"""Instances linked to one another, which the first one's owner releases (handbook pattern 23)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from isolate_ext.capi.ownership import DECREF
from isolate_ext.engine import Pass
from isolate_ext.model.entities import CType, strip_casts
from isolate_ext.model.types import StaticType
from isolate_ext.syntax import Node


class Chain(msgspec.Struct, frozen=True):
    """``member`` leads to the first instance, ``link`` from each to the next; ``ctype`` of both."""

    member: str
    link: str
    ctype: CType

    def visits(self, owner: str) -> list[str]:
        """The lines of a traverse function that visit every instance of the chain."""
        first = f"{self.ctype.declare('linked')} = {owner}->{self.member}"
        return [
            f"for ({first}; linked != NULL; linked = linked->{self.link}) {{",
            "    Py_VISIT(linked);",
            "}",
        ]


def owned_chains(pass_: Pass, type_: StaticType) -> Iterator[Chain]:
    """Chains that the dealloc function walks to release every instance on its way."""
    name = type_.function("tp_dealloc")
    routine = pass_.extension.routine_named(name, type_.home.path) if name else None
    if type_.struct is None or routine is None or not routine.definitions:
        return
    around = pass_.parsed(type_.struct.path).conditions(type_.struct.start)
    kinds = {
        each.name: each.ctype
        for each in type_.struct.fields
        if all(condition in around for condition in each.conditions)
    }
    node = routine.definitions[0].node
    body = node.child("body") if node is not None else None
    before = None
    for statement in body.named if body is not None else ():
        if statement.kind == "while_statement" and before is not None:
            found = _walk(before, statement)
            ctype = kinds.get(found[0]) if found is not None else None
            if found is not None and ctype is not None and _is_instance(pass_, ctype):
                yield Chain(*found, ctype)
        before = statement


def _walk(before: Node, loop: Node) -> tuple[str, str] | None:
    """(member, link) of ``x = self->member; while (x) { y = x; x = x->link; Py_DECREF(y); }``."""
    start = re.fullmatch(r"(\w+)\s*=\s*(?:\([^()]*\)\s*)?\w+\s*->\s*(\w+)\s*;", before.str)
    test, body = loop.child("condition"), loop.child("body")
    if start is None or test is None or body is None:
        return None
    at = start[1]
    if not re.fullmatch(rf"\(\s*{at}\s*(!=\s*(NULL|0)\s*)?\)", test.str):
        return None
    step = re.search(rf"(?<![\w>.]){at}\s*=\s*(\w+)\s*->\s*(\w+)\s*;", body.str)
    if step is None:
        return None
    names = {at, step[1], *re.findall(rf"(\w+)\s*=\s*{at}\s*;", body.str)}
    released = any(_releases(node, names) for node in body.named)
    return (start[2], step[2]) if released else None


def _releases(statement: Node, names: set[str]) -> bool:
    call = statement.named[0] if statement.kind == "expression_statement" else None
    callee = call.child("function") if call is not None else None
    arguments = call.child("arguments") if call is not None else None
    if callee is None or arguments is None or not arguments.named:
        return False
    return callee.str in DECREF and strip_casts(arguments.named[0]).str in names


def _is_instance(pass_: Pass, ctype: CType) -> bool:
    struct = pass_.extension.structs.struct(CType(ctype.base))
    return ctype.pointers == 1 and struct is not None and struct.head
