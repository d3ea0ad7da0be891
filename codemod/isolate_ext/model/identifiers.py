"""Identifiers: strings that the C API makes when they are first used (handbook pattern 70).

`_Py_IDENTIFIER(x)` and `_Py_static_string(name, "x")` hide a static variable, at file scope or in
a function.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from isolate_ext.model.declarators import DECLARING
from isolate_ext.model.entities import CType, Declaration, Definition, Identifier, Kind, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node, Parsed
from isolate_ext.syntax.expansion import invocation

_TEXT = re.compile(r'"([ !#-\[\]-~]*)"')
_TYPE = CType("_Py_Identifier")


def declare_identifiers(extension: Extension) -> None:
    """Make every identifier a variable of the model; what a macro body declares is none."""
    for path, parsed in extension.files.items():
        for macro in DECLARING:
            if macro in parsed.names() and not extension.routine_named(f"#{macro}", path):
                for offset in parsed.occurrences(macro):
                    _declare(extension, parsed, macro, offset)
    for key, variable in extension.variables.items():
        text = _initial_text(variable) if variable.kind is Kind.IDENTIFIER else None
        if text is not None and key not in extension.identifiers:
            _add(extension, variable, text, variable.home.node)


def _declare(extension: Extension, parsed: Parsed, macro: str, offset: int) -> None:
    node = parsed.node_at(offset)
    call = invocation(parsed.source.data, offset + len(macro))
    if node is None or call is None or parsed.define_at(offset) is not None:
        return
    end, arguments = call[0], [each.decode("utf-8", "surrogateescape") for each in call[1]]
    name, text = _named(macro, arguments)
    statement = node.enclosing("expression_statement") or node
    if name is None or text is None:
        return
    path = parsed.source.path
    function = extension.function_at(path, offset)
    key = f"{path}:{function.name}:{name}" if function is not None else f"{path}:{name}"
    if key in extension.variables:
        key = f"{key}@{offset}"
    written = parsed.source.data.index(arguments[0].encode(), offset + len(macro))
    declaration = Declaration(
        name, path, offset, max(statement.end, end), written, _TYPE, statement, statement, None,
        True, False, 1, parsed.conditions(offset),
    )  # fmt: skip
    variable = Variable(key, name, Kind.IDENTIFIER, _TYPE, [declaration], function=function)
    extension.variables[key] = variable
    _add(extension, variable, text, statement)


def _named(macro: str, arguments: Sequence[str]) -> tuple[str | None, str | None]:
    if macro == "_Py_IDENTIFIER" and len(arguments) == 1:
        return f"PyId_{arguments[0]}", arguments[0]
    if macro == "_Py_static_string" and len(arguments) == 2:
        literal = _TEXT.fullmatch(arguments[1])
        return arguments[0], literal[1] if literal else None
    return None, None


def _initial_text(variable: Variable) -> str | None:
    """The one string in ``static _Py_Identifier PyId_x = {...}``."""
    home = variable.home
    if home.initialiser is None or not home.static or variable.ctype.pointers:
        return None
    found = _TEXT.findall(home.initialiser.str)
    return found[0] if len(found) == 1 and not variable.ctype.arrays else None


def _add(extension: Extension, variable: Variable, text: str, node: Node) -> None:
    block = node.enclosing("compound_statement") if variable.function is not None else None
    scope = block.span if block is not None else (node.start, len(node.data))
    extension.identifiers[variable.key] = Identifier(variable, text, scope)


def identifier_at(
    extension: Extension, keys: Sequence[str], inside: Definition | None, offset: int
) -> str | None:
    """The identifier local to a function that one of the keys means at an offset."""
    if inside is None or not extension.identifiers:
        return None
    found = [extension.identifiers[key] for key in keys if key in extension.identifiers]
    local = [
        each.variable
        for each in found
        if each.variable.function is inside and each.scope[0] <= offset < each.scope[1]
    ]
    declared = [each for each in local if each.home.end <= offset]
    return max(declared, key=lambda each: each.home.start).key if declared else None
