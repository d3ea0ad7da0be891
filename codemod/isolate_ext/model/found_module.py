"""Functions that look their module up to get at its state (handbook pattern 3)."""

from __future__ import annotations

import re

import msgspec

from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import Definition
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node

FIND = "PyState_FindModule"
_GET_STATE = "PyModule_GetState"
_CASTS = ("cast_expression", "parenthesized_expression")


class FoundModule(msgspec.Struct, frozen=True, eq=False):
    """``PyObject *m = PyState_FindModule(...)`` whose result leads to the state alone.

    ``checks`` are the tests for NULL that follow, ``states`` the expressions that get the state.
    """

    function: Definition
    declaration: Node
    checks: tuple[Node, ...]
    states: tuple[Node, ...]


def found_modules(extension: Extension) -> list[FoundModule]:
    """Every such look-up; a function that does more with its module has none."""
    found = []
    for path, parsed in extension.files.items():
        for offset in parsed.occurrences(FIND) if FIND in parsed.names() else ():
            node, function = parsed.node_at(offset), extension.function_at(path, offset)
            call = node.parent if node is not None else None
            if function is None or call is None or call.kind != "call_expression":
                continue
            lookup = _lookup(extension, function, call)
            if lookup is not None:
                found.append(lookup)
    return found


def _lookup(extension: Extension, function: Definition, call: Node) -> FoundModule | None:
    declarator = call.parent
    declaration = declarator.parent if declarator is not None else None
    block = declaration.parent if declaration is not None else None
    if declaration is None or declaration.kind != "declaration" or block is None:
        return None
    names = [each.name.str for each in declarators(declaration)]
    if len(names) != 1 or block.parent is None or block.parent.kind != "function_definition":
        return None
    checks: list[Node] = []
    states: list[Node] = []
    for node in block.descendants():
        if node.kind != "identifier" or node.str != names[0] or node.start < call.start:
            continue
        check, state = _null_check(node), _state_call(extension, function, node)
        if check is not None:
            checks.append(check)
        elif state is not None:
            states.append(state)
        else:
            return None
    return FoundModule(function, declaration, tuple(checks), tuple(states)) if states else None


def _null_check(node: Node) -> Node | None:
    """``if (m == NULL) return ...;``"""
    statement = node.enclosing("if_statement")
    test = statement.child("condition") if statement is not None else None
    if statement is None or test is None or statement.child("alternative") is not None:
        return None
    name = re.escape(node.str)
    text = re.sub(r"\s+", "", test.str)
    if not re.fullmatch(rf"\((!{name}|{name}==(NULL|0)|(NULL|0)=={name})\)", text):
        return None
    then = statement.child("consequence")
    inner = then.named if then is not None and then.kind == "compound_statement" else [then]
    leaves = len(inner) == 1 and inner[0] is not None and inner[0].kind == "return_statement"
    return statement if leaves else None


def _state_call(extension: Extension, function: Definition, node: Node) -> Node | None:
    """The call, casts included, that gets the state of the module named by ``node``."""
    arguments = node.parent
    call = arguments.parent if arguments is not None else None
    callee = call.child("function") if call is not None else None
    if arguments is None or arguments.kind != "argument_list" or len(arguments.named) != 1:
        return None
    if call is None or callee is None or not _gets_state(extension, function, callee.str):
        return None
    while call.parent is not None and call.parent.kind in _CASTS:
        call = call.parent
    return call


def _gets_state(extension: Extension, function: Definition, name: str) -> bool:
    if name == _GET_STATE:
        return True
    routine = extension.routine_named(f"#{name}", function.path)
    routine = routine or extension.routine_named(name, function.path)
    return routine is not None and all(
        _GET_STATE.encode() in extension.files[each.path].source.data[slice(*each.body)]
        and len(each.parameters) == 1
        for each in routine.definitions
    )
