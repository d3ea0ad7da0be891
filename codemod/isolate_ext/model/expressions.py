"""The declared type of simple expressions: names, members, elements, casts, calls."""

from __future__ import annotations

from isolate_ext.model.declarators import declarators, declared_in
from isolate_ext.model.entities import CType, Definition, Field
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node


def type_of(extension: Extension, inside: Definition | None, path: str, node: Node) -> CType | None:
    """The type of an expression in a function, None where that is not plain to see."""
    if node.kind == "parenthesized_expression" and len(node.named) == 1:
        return type_of(extension, inside, path, node.named[0])
    if node.kind == "identifier":
        return _named(extension, inside, path, node)
    if node.kind == "field_expression":
        found = field_of(extension, inside, path, node)
        return found.ctype if found is not None else None
    if node.kind == "subscript_expression":
        return _pointee(extension, type_of(extension, inside, path, node.children[0]))
    if node.kind == "pointer_expression":
        argument = node.child("argument")
        inner = type_of(extension, inside, path, argument) if argument is not None else None
        if inner is None or node.text[:1] == b"*":
            return _pointee(extension, inner)
        return CType(inner.base, inner.pointers + 1, inner.arrays)
    if node.kind == "cast_expression":
        return _cast(node)
    if node.kind == "call_expression":
        return _result(extension, path, node)
    return None


def field_of(
    extension: Extension, inside: Definition | None, path: str, member: Node
) -> Field | None:
    """The struct member that ``a.b`` or ``a->b`` names."""
    name = member.child("field")
    owner = type_of(extension, inside, path, member.children[0])
    struct = extension.structs.struct(owner) if owner is not None else None
    if struct is None or name is None:
        return None
    return next((each for each in struct.fields if each.name == name.str), None)


def _named(extension: Extension, inside: Definition | None, path: str, node: Node) -> CType | None:
    local = local_type(extension, inside, node.str, node.start) if inside is not None else None
    if local is not None:
        return local
    variable = extension.variable_named(node.str, path)
    return variable.ctype if variable is not None else None


def local_type(extension: Extension, inside: Definition, name: str, before: int) -> CType | None:
    """The type of the last local or parameter of that name declared before an offset."""
    found = next((each.ctype for each in inside.parameters if each.name == name), None)
    file, node = extension.files[inside.path], inside.node
    for declaration, declared in declared_in(file, node) if node is not None else ():
        if declaration.start < before:
            for declarator in declared:
                if declarator.name.str == name:
                    found = declarator.ctype
    return found


def _pointee(extension: Extension, ctype: CType | None) -> CType | None:
    if ctype is None:
        return None
    under = ctype if ctype.arrays or ctype.pointers else extension.structs.resolve(ctype)
    if under.arrays:
        return CType(under.base, under.pointers, under.arrays[1:], under.function_pointer)
    return CType(under.base, under.pointers - 1) if under.pointers else None


def _cast(node: Node) -> CType | None:
    kind = node.child("type")
    words = kind.str.replace("*", " ").split() if kind is not None else []
    words = [word for word in words if word not in ("const", "volatile")]
    return CType(" ".join(words), kind.str.count("*")) if kind is not None and words else None


def _result(extension: Extension, path: str, call: Node) -> CType | None:
    callee = call.child("function")
    if callee is None or callee.kind != "identifier":
        return None
    routine = extension.routine_named(callee.str, path)
    for definition in routine.definitions if routine is not None else ():
        if definition.node is not None:
            found = next(declarators(definition.node), None)
            if found is not None:
                return CType(found.ctype.base, found.ctype.pointers)
    return None
