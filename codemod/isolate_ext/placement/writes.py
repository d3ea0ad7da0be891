"""Which uses of a variable may write it."""

from __future__ import annotations

from isolate_ext.model.entities import Use, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node

_READERS = frozenset(
    [
        "strlen",
        "strcmp",
        "strncmp",
        "strcasecmp",
        "strchr",
        "strstr",
        "memcmp",
        "puts",
        "sizeof",
        "printf",
        "fprintf",
        "bsearch",
        "PyErr_SetString",
        "PyErr_Format",
        "PyUnicode_FromString",
        "PyBytes_FromString",
        "PyUnicode_FromStringAndSize",
        "PyBytes_FromStringAndSize",
        "PyUnicode_InternFromString",
        "Py_BuildValue",
        "PyModule_AddStringConstant",
        "PyDict_GetItemString",
        "PyObject_GetAttrString",
        "assert",
        "Py_ARRAY_LENGTH",
    ]
)
_SOURCE_SECOND = frozenset(["memcpy", "memmove", "strcpy", "strncpy", "strcat"])


def writes(extension: Extension, variable: Variable) -> list[Use]:
    """Uses that assign the variable or a part of it, or let its address escape to a writer."""
    return [use for use in extension.uses_of(variable.key) if may_write(extension, variable, use)]


def may_write(extension: Extension, variable: Variable, use: Use) -> bool:
    if use.node is None:
        return True
    node, address = part(use.node)
    parent = node.parent
    if parent is None:
        return False
    if parent.kind == "assignment_expression" and parent.child("left") is node:
        return True
    if parent.kind == "update_expression":
        return True
    array = bool(variable.ctype.arrays) and node is use.node
    if not (address or array):
        return False
    if parent.kind in ("sizeof_expression", "subscript_expression", "binary_expression"):
        return False
    if parent.kind == "argument_list" and parent.parent is not None:
        return _argument_written(parent.parent, parent, node, address)
    if parent.kind in ("init_declarator", "assignment_expression"):
        return _alias_written(use, parent)
    return address


def assigned(use: Use) -> bool:
    """Whether a use is written directly, not through an address that escapes."""
    if use.node is None:
        return True
    node, _ = part(use.node)
    parent = node.parent
    return parent is not None and (
        (parent.kind == "assignment_expression" and parent.child("left") is node)
        or parent.kind == "update_expression"
    )


def part(node: Node) -> tuple[Node, bool]:
    """The largest expression that names a part of the variable, and whether `&` is before it."""
    while (parent := node.parent) is not None:
        if (
            (
                parent.kind == "subscript_expression"
                and parent.children
                and parent.children[0] is node
            )
            or (parent.kind == "field_expression" and parent.children[0] is node and _dot(parent))
            or parent.kind in ("parenthesized_expression", "cast_expression")
        ):
            node = parent
        else:
            break
    parent = node.parent
    if parent is not None and parent.kind == "pointer_expression" and parent.text[:1] == b"&":
        return _through_casts(parent), True
    return node, False


def _through_casts(node: Node) -> Node:
    while node.parent is not None and node.parent.kind in (
        "parenthesized_expression",
        "cast_expression",
    ):
        node = node.parent
    return node


def _dot(field_expression: Node) -> bool:
    name = field_expression.child("field")
    if name is None:
        return False
    between = field_expression.data[field_expression.children[0].end : name.start]
    return b"->" not in between


def _argument_written(call: Node, arguments: Node, node: Node, address: bool) -> bool:
    callee = call.child("function")
    name = callee.str if callee is not None else ""
    if name in _READERS:
        return False
    if name in _SOURCE_SECOND:
        return bool(arguments.named) and arguments.named[0] is node
    return address or "PyArg_" not in name


def _alias_written(use: Use, binding: Node) -> bool:
    """Whether a local pointer that takes the address is ever written through."""
    target = binding.child("declarator") or binding.child("left")
    if target is None or use.inside is None or use.inside.node is None:
        return True
    words = target.str.replace("*", " ").split()
    if not words or not words[-1].isidentifier():
        return True
    alias = words[-1]
    for node in use.inside.node.descendants():
        if (
            node.kind == "identifier"
            and node.str == alias
            and node.start != target.end - len(alias)
        ):
            outer = node
            while outer.parent is not None and (
                outer.parent.kind
                in ("subscript_expression", "field_expression", "parenthesized_expression")
                or (outer.parent.kind == "pointer_expression" and outer.parent.text[:1] == b"*")
            ):
                outer = outer.parent
            parent = outer.parent
            if (
                outer is not node
                and parent is not None
                and (
                    (parent.kind == "assignment_expression" and parent.child("left") is outer)
                    or parent.kind == "update_expression"
                )
            ):
                return True
    return False
