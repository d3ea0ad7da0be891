"""Loops that ready the types of a table, which are made when the module is executed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import Definition, Kind, strip_casts
from isolate_ext.model.types import StaticType
from isolate_ext.placement.tables import LocalTable
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import remove_statement, statement_of
from isolate_ext_rules.type_ready import ready_calls

_LOOPS = ("for_statement", "while_statement", "do_statement")
_THROUGH = ("subscript_expression", "field_expression", "pointer_expression", "binary_expression")


class Readying(msgspec.Struct, frozen=True):
    """Statements that only ready types of a table; with ``all_uses`` nothing else reads it."""

    statements: tuple[Node, ...]
    all_uses: bool


def readying(pass_: Pass, table: LocalTable) -> Readying:
    """What of the function that reads a table is idle, since the types are ready."""
    if not _all_moved(pass_, table) or table.reader.node is None:
        return Readying((), False)
    variable = pass_.extension.variables[table.symbol]
    names = _leading_there(table.reader, variable.name)
    found: list[Node] = []
    for call in table.reader.node.of_kind("call_expression"):
        statement = _readying(call, names)
        if statement is not None:
            found = _with_idle_loops(found, statement)
    return Readying(
        tuple(found),
        all(
            any(each.start <= use.start < each.end for each in found)
            for use in pass_.extension.uses_of(table.symbol)
            if use.holder != table.symbol
        ),
    )


def remove_own_readying(pass_: Pass, type_: StaticType) -> None:
    """A type that is made at the start of exec is not made again where it was readied."""
    for use, call in ready_calls(pass_, type_):
        statement = _plain_statement(call)
        if statement is not None and use.inside is not None and not use.inside.is_macro:
            pass_.plan.end_before(Stage.HEAP_TYPES, use.path, statement.start, statement.end)
            remove_statement(pass_, use.path, statement, f"type:{type_.key}", Stage.HEAP_TYPES)


def remove_readying(pass_: Pass, table: LocalTable, group: str) -> None:
    """Take it away, and what other rules do inside it."""
    path = table.reader.path
    for statement in readying(pass_, table).statements:
        pass_.plan.end_before(Stage.HEAP_TYPES, path, statement.start, statement.end)
        remove_statement(pass_, path, statement, group, Stage.HEAP_TYPES)


def _all_moved(pass_: Pass, table: LocalTable) -> bool:
    """Every type that the table names is made for this module."""
    home = pass_.extension.variables[table.symbol].home
    known = {use.start for use in table.entries}
    values = home.initialiser
    for node in values.of_kind("identifier") if values is not None else ():
        variable = pass_.extension.variable_named(node.str, home.path)
        static = variable is not None and variable.kind is Kind.TYPE
        if node.start not in known and (static or re.fullmatch(r"Py\w*_Type", node.str)):
            return False
    return any(pass_.decisions.fields[use.symbol].kind is Kind.TYPE for use in table.entries)


def _leading_there(reader: Definition, name: str) -> set[str]:
    """The table, and the local variables that hold nothing but values from it."""
    values: dict[str, list[Node]] = {}
    for node in reader.node.of_kind("declaration") if reader.node is not None else ():
        for each in declarators(node):
            if each.initialiser is not None:
                values.setdefault(each.name.str, []).append(each.initialiser)
    for node in reader.node.of_kind("assignment_expression") if reader.node is not None else ():
        left, right = node.child("left"), node.child("right")
        if left is not None and right is not None:
            values.setdefault(left.str, []).append(right)
    names = {name}
    while True:
        added = {
            each
            for each, found in values.items()
            if each not in names and all(_root(value) in names for value in found)
        }
        if not added:
            return names
        names |= added


def _root(node: Node) -> str:
    """The name that an element, a member or a row of it starts from."""
    node = strip_casts(node)
    while node.kind in _THROUGH and node.named:
        node = strip_casts(node.named[0])
    return node.str if node.kind == "identifier" else ""


def _readying(call: Node, names: set[str]) -> Node | None:
    """The statement that only readies a type of the table, or only names its metaclass."""
    callee, arguments = call.child("function"), call.child("arguments")
    given = arguments.named if arguments is not None else []
    if callee is None or not given or _root(given[0]) not in names:
        return None
    statement = statement_of(call)
    if callee.str == "PyType_Ready":
        return _plain_statement(call)
    metaclass = callee.str in ("Py_SET_TYPE", "Py_TYPE") and "PyType_Type" in statement.str
    return statement if metaclass and statement.kind == "expression_statement" else None


def _plain_statement(call: Node) -> Node | None:
    """The statement that makes a call and tests its result, and does nothing else."""
    statement = statement_of(call)
    if statement.kind == "expression_statement":
        return statement
    test = statement.child("condition") if statement.kind == "if_statement" else None
    calls = test.of_kind("call_expression") if test is not None else []
    if test is None or len(calls) != 1 or statement.child("alternative") is not None:
        return None
    return None if re.search(r"&&|\|\|", test.str) else statement


def _with_idle_loops(removed: list[Node], statement: Node) -> list[Node]:
    """Statements to take away, a loop as a whole that does nothing else."""
    removed = [*removed, statement]
    parent = statement.parent
    loop = parent.parent if parent is not None and parent.kind == "compound_statement" else parent
    if loop is None or loop.kind not in _LOOPS:
        return removed
    body = loop.child("body")
    inside = body.named if body is not None and body.kind == "compound_statement" else [statement]
    if all(any(each is gone for gone in removed) for each in _statements(inside)):
        kept = [each for each in removed if not loop.start <= each.start < loop.end]
        return _with_idle_loops(kept, loop)
    return removed


def _statements(nodes: list[Node]) -> Iterator[Node]:
    return (node for node in nodes if node.kind != "comment")
