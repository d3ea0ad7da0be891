"""Members that own their objects: what a dealloc function always releases (handbook pattern 23).

A ``Py_buffer`` owns a reference to the object that it shows, until it is released.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.capi.ownership import DECREF
from isolate_ext.engine import Pass
from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.model.types import StaticType
from isolate_ext.syntax import Define, Node


def owned_members(pass_: Pass, type_: StaticType) -> Iterator[str]:
    """Object members that the dealloc function always releases."""
    struct = type_.struct
    name = type_.function("tp_dealloc")
    routine = pass_.extension.routine_named(name, type_.home.path) if name else None
    if struct is None or routine is None or not routine.definitions or struct_name(type_) is None:
        return
    around = pass_.parsed(struct.path).conditions(struct.start)
    fields = {
        each.name
        for each in struct.fields
        if pass_.extension.structs.is_object_pointer(each.ctype)
        and not each.ctype.arrays
        and not [c for c in each.conditions if c.verdict is not True and c not in around]
    }
    fields |= {
        f"{each.name}.obj"
        for each in struct.fields
        if each.ctype.base == "Py_buffer" and not (each.ctype.pointers or each.ctype.arrays)
    }
    seen = set()
    definitions = [routine.definitions[0]]
    clear = pass_.extension.routine_named(type_.function("tp_clear") or "", type_.home.path)
    for use in pass_.extension.uses_inside(routine.definitions[0]):
        if clear is not None and use.symbol == clear.key and use.called:
            definitions.append(clear.definitions[0])
    for definition in definitions:
        definitions += [it for it in _given_to(pass_, definition) if it not in definitions]
        body = definition.node.child("body") if definition.node is not None else None
        for statement in body.named if body is not None else ():
            for member in _released(pass_, definition, statement):
                if member in fields and member not in seen:
                    seen.add(member)
                    yield member


def _given_to(pass_: Pass, definition: Definition) -> Iterator[Definition]:
    """Functions that the instance is always given to, by name alone."""
    given = definition.parameters[0].name if definition.parameters else None
    body = definition.node.child("body") if definition.node is not None else None
    for statement in body.named if body is not None else ():
        call = strip_casts(statement.named[0]) if statement.named else statement
        callee, arguments = call.child("function"), call.child("arguments")
        if statement.kind != "expression_statement" or callee is None or arguments is None:
            continue
        if [strip_casts(each).str for each in arguments.named] == [given]:
            routine = pass_.extension.routine_named(callee.str, definition.path)
            yield from routine.definitions[:1] if routine is not None else ()


def _released(pass_: Pass, definition: Definition, statement: Node) -> Iterator[str]:
    condition = ""
    if statement.kind == "if_statement":
        test = statement.child("condition")
        inner = statement.child("consequence")
        if test is None or inner is None or statement.child("alternative") is not None:
            return
        condition = test.str
        statements = inner.named if inner.kind == "compound_statement" else [inner]
    else:
        statements = [statement]
    for each in statements:
        call = each.named[0] if each.kind == "expression_statement" and each.named else None
        if call is None or call.kind != "call_expression":
            continue
        callee, arguments = call.child("function"), call.child("arguments")
        if callee is None or arguments is None or not arguments.named:
            continue
        target = strip_casts(arguments.named[0]).str
        if callee.str == "PyBuffer_Release":
            yield from _shown(target, condition)
            continue
        if callee.str not in DECREF and not _releases(pass_, callee.str, definition.path):
            continue
        match = re.fullmatch(r"\w+\s*->\s*(\w+)", target)
        if match and (
            not condition
            or re.fullmatch(r"\(\s*" + re.escape(target) + r"(\s*!=\s*(NULL|0))?\s*\)", condition)
        ):
            yield match[1]


def _shown(target: str, condition: str) -> Iterator[str]:
    """The object behind the buffer that is released, if at most the buffer itself is asked for."""
    match = re.fullmatch(r"&\s*(\w+\s*->\s*(\w+))", target)
    if match is not None:
        asked = rf"\(\s*{re.escape(match[1])}\s*\.\s*(?:buf|obj)(\s*!=\s*(NULL|0))?\s*\)"
        if not condition or re.fullmatch(asked, condition):
            yield f"{match[2]}.obj"


def _releases(pass_: Pass, name: str, path: str) -> bool:
    """Whether a macro of the project does nothing but release its argument and forget it."""
    macro = pass_.extension.routine_named(f"#{name}", path)
    bodies = [each.macro for each in macro.definitions if each.macro] if macro is not None else []
    return bool(bodies) and all(map(_only_releases, bodies))


def _only_releases(macro: Define) -> bool:
    if macro.params is None or len(macro.params) != 1:
        return False
    given = rf"\(?\s*{re.escape(macro.params[0])}\s*\)?"
    release = rf"(?:{'|'.join(sorted(DECREF))})\s*\(\s*{given}\s*\)"
    asked = rf"(?:if\s*\(\s*{given}(?:\s*!=\s*NULL)?\s*\)\s*)?"
    body = rf"\s*(?:do\s*)?\{{?\s*{asked}{release}\s*;?\s*(?:{given}\s*=\s*(?:NULL|0)\s*;?\s*)?"
    end = r"\}?\s*(?:while\s*\(\s*0\s*\)\s*;?\s*)?"
    return re.fullmatch(body + end, macro.code.decode("latin-1")) is not None


def struct_name(type_: StaticType) -> str | None:
    """What the type's size is that of."""
    size = type_.slot("tp_basicsize")
    match = re.search(r"sizeof\s*\(\s*((?:struct\s+)?\w+)\s*\)", size.value.str) if size else None
    return match[1] if match else None
