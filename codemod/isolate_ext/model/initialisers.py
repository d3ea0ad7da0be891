"""Aggregate initialisers read as fields, positional and designated."""

from __future__ import annotations

from isolate_ext.capi.slots import SUITES, TYPE_FIELDS
from isolate_ext.model.entities import Declaration, Entry
from isolate_ext.model.remembered import remembered
from isolate_ext.syntax import Node, Parsed

MODULE_DEF_FIELDS = tuple(
    "m_base m_name m_doc m_size m_methods m_slots m_traverse m_clear m_free".split()
)
METHOD_FIELDS = ("ml_name", "ml_meth", "ml_flags", "ml_doc")
GETSET_FIELDS = ("name", "get", "set", "doc", "closure")
MEMBER_FIELDS = ("name", "type", "offset", "flags", "doc")
SPEC_FIELDS = ("name", "basicsize", "itemsize", "flags", "slots")
SLOT_FIELDS = ("slot", "value")
SEQUENCE_FIELDS = ("name", "doc", "fields", "n_in_sequence")

_ORDERS: dict[str, tuple[str, ...]] = {
    "PyTypeObject": TYPE_FIELDS,
    "PyModuleDef": MODULE_DEF_FIELDS,
    "PyMethodDef": METHOD_FIELDS,
    "PyGetSetDef": GETSET_FIELDS,
    "PyMemberDef": MEMBER_FIELDS,
    "PyType_Spec": SPEC_FIELDS,
    "PyType_Slot": SLOT_FIELDS,
    "PyModuleDef_Slot": SLOT_FIELDS,
    "PyStructSequence_Desc": SEQUENCE_FIELDS,
    **SUITES,
}


def order_of(base: str) -> tuple[str, ...]:
    """Field names of a C API struct in order; empty for others."""
    return _ORDERS.get(base.removeprefix("struct "), ())


@remembered
def entries(parsed: Parsed, values: Node, order: tuple[str, ...]) -> tuple[Entry, ...]:
    """The values of one braced initialiser with the fields they go to.

    Positional values past the end of ``order`` are named ``#n``.
    """
    result = []
    index = 0
    if order and order[0] == "ob_base" and _head_is_hidden(values):
        index = 1
    for node in values.named:
        if node.kind == "comment":
            continue
        value = node
        name = None
        if index == 1 and order and order[0] == "ob_base" and _begins_with_head(node):
            value = node.named[-1]
        if node.kind == "initializer_pair":
            designator = node.child("designator")
            found = node.child("value")
            if designator is None or found is None:
                continue
            name = designator.str.lstrip(".").strip().split(".")[-1]
            value = found
            if name in order:
                index = order.index(name) + 1
        else:
            name = order[index] if index < len(order) else f"#{index}"
            index += 1
        if name == "ob_type":
            name = "ob_base"
        result.append(Entry(name, value, node.start, node.end, parsed.conditions(node.start)))
        if name == "ob_base" and node.text.startswith(b"PyObject_HEAD_INIT"):
            following = [each for each in values.named if each.start >= node.end]
            if following and following[0].kind != "initializer_pair":
                order = ("ob_base", "ob_size", *order[1:])
    return tuple(result)


def _head_is_hidden(values: Node) -> bool:
    """The first value is the type's name: a macro gives the object head before it."""
    first = next((node for node in values.named if node.kind != "comment"), None)
    return first is not None and first.kind in ("string_literal", "concatenated_string")


def _begins_with_head(node: Node) -> bool:
    """A macro for the object head that was read as part of the name after it."""
    return (
        node.kind == "concatenated_string"
        and node.named[0].kind == "identifier"
        and "HEAD" in node.named[0].str
    )


def fields_of(parsed: Parsed, declaration: Declaration) -> tuple[Entry, ...]:
    """The entries of a declaration's initialiser, read as its C API struct."""
    values = declaration.initialiser
    if values is None or values.kind != "initializer_list":
        return ()
    return entries(parsed, values, order_of(declaration.ctype.base))


def rows_of(parsed: Parsed, declaration: Declaration) -> list[tuple[Node, tuple[Entry, ...]]]:
    """The rows of an array initialiser, each with its entries."""
    values = declaration.initialiser
    if values is None or values.kind != "initializer_list":
        return []
    order = order_of(declaration.ctype.base)
    return [
        (row, entries(parsed, row, order)) for row in values.named if row.kind == "initializer_list"
    ]
