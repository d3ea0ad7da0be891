"""Mistakes that are none: what makes no difference, decided from the code alone."""

from __future__ import annotations

from collections.abc import Iterator

from isolate_ext.capi.ownership import REPLACE
from isolate_ext.model.entities import Field, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node
from mutants.mutation import Mutation
from mutants.states import hook, states

NO_FLAGS_BEFORE = (3, 10)
IMMORTAL_FROM = (3, 12)
IMMORTAL = ("Py_None", "Py_True", "Py_False", "Py_Ellipsis", "Py_NotImplemented")
NOTHING = "NULL"
LEAVES = ("PyUnicode_", "PyBytes_", "PyLong_", "PyFloat_", "PyBool_", NOTHING)
CLEARED = ("PyErr_NewException", "PyDict_New", "PyList_New", "PySet_New", "PyType_From")
"""What makes objects whose own type breaks the cycles that they are part of."""


def equivalent(extension: Extension, mutation: Mutation, version: tuple[int, int]) -> str:
    """Why the mutant behaves as what it was made of; empty where it should be caught."""
    if mutation.subject in ("Py_TPFLAGS_IMMUTABLETYPE", "Py_TPFLAGS_DISALLOW_INSTANTIATION"):
        return "the flag is 0 before 3.10" if version < NO_FLAGS_BEFORE else ""
    if mutation.kind == "incref" and mutation.subject in IMMORTAL:
        return "the object is immortal" if version >= IMMORTAL_FROM else ""
    if mutation.kind.startswith("visit of"):
        member = mutation.subject.rpartition("->")[2]
        makers = _makers(extension, member)
        if makers - {NOTHING} and all(name.startswith(LEAVES) for name in makers):
            return "the member holds nothing that could be part of a cycle"
    if mutation.kind == "m_free" and _holds_types(extension):
        return "a module that holds a type of its own is part of a cycle: m_clear is called first"
    if mutation.kind == "m_clear" and _freed_alike(extension) and _all_cleared(extension):
        return "m_free does the same, once what is in the state has broken the cycles"
    return ""


def _fields(extension: Extension) -> Iterator[Field]:
    for struct in states(extension):
        for field in struct.fields:
            if extension.structs.is_object_pointer(field.ctype):
                yield field


def _is_type(extension: Extension, field: Field) -> bool:
    makers = _makers(extension, field.name)
    made = makers and all(name.startswith(("PyType_From", NOTHING)) for name in makers)
    return field.ctype.base == "PyTypeObject" or bool(made)


def _holds_types(extension: Extension) -> bool:
    return any(_is_type(extension, each) for each in _fields(extension))


def _all_cleared(extension: Extension) -> bool:
    for field in _fields(extension):
        makers = _makers(extension, field.name)
        alike = makers and all(name.startswith((*LEAVES, *CLEARED)) for name in makers)
        if not _is_type(extension, field) and not alike:
            return False
    return True


def _freed_alike(extension: Extension) -> bool:
    """Whether m_free calls what m_clear is."""
    clears = {each.name for each in hook(extension, "m_clear")}
    return any(
        callee is not None and callee.str in clears
        for definition in hook(extension, "m_free")
        for call in (definition.node.of_kind("call_expression") if definition.node else ())
        for callee in [call.child("function")]
    )


def _makers(extension: Extension, member: str) -> set[str]:
    """The functions whose results are stored in members of that name; ``?`` for all else."""
    found = set()
    for parsed in extension.files.values():
        for offset in parsed.occurrences(member):
            node = parsed.node_at(offset)
            place = node.parent if node is not None else None
            if place is None or place.kind != "field_expression":
                continue
            value = _assigned(place)
            if value is not None:
                found |= {_callee(each) for each in _origins(value)}
            elif place.parent is not None and place.parent.kind == "pointer_expression":
                found.add("?")
    return found


def _assigned(place: Node) -> Node | None:
    parent = place.parent
    call = parent.parent if parent is not None and parent.kind == "argument_list" else None
    callee = call.child("function") if call is not None else None
    if parent is not None and callee is not None and callee.str in REPLACE:
        return parent.named[1] if parent.named[0] is place and len(parent.named) == 2 else None
    if parent is None or parent.kind != "assignment_expression":
        return None
    return parent.child("right") if parent.child("left") is place else None


def _origins(value: Node) -> list[Node]:
    """The value, or for a name what its function gives that name."""
    plain = strip_casts(value)
    function = value.enclosing("function_definition")
    if plain.kind != "identifier" or plain.str == NOTHING or function is None:
        return [plain]
    given = [
        (each.child("left"), each.child("right"))
        for each in function.of_kind("assignment_expression")
    ]
    given += [
        (each.child("declarator"), each.child("value"))
        for each in function.of_kind("init_declarator")
    ]
    found = [
        strip_casts(right)
        for left, right in given
        if left is not None and right is not None and left.str.lstrip("* ") == plain.str
    ]
    known = [each for each in found if each.str not in ("NULL", "0")]
    return found if known else [plain]


def _callee(value: Node) -> str:
    callee = value.child("function") if value.kind == "call_expression" else None
    if callee is not None:
        return callee.str
    return NOTHING if value.str in ("NULL", "0") else "?"
