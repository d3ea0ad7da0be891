"""The mistakes, found in the model of a migrated extension."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from isolate_ext.model.entities import Definition, Kind, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.types import spec_types
from isolate_ext.syntax import Node
from mutants.mutation import Mutation, calls, edited, statements
from mutants.shared_again import shared_again
from mutants.states import hook, module_fields, named

FLAGS = ("HAVE_GC", "BASETYPE", "DISALLOW_INSTANTIATION", "IMMUTABLETYPE")
HOOKS = ("m_traverse", "m_clear", "m_free")
FREES = ("PyObject_GC_Del", "PyObject_Del", "PyObject_Free", "PyObject_FREE", "PyObject_DEL")
SEMICOLON = b";"


def mutations(extension: Extension) -> list[Mutation]:
    """Every mistake that can be made in the extension, in the order of the kinds."""
    return [each for find in KINDS for each in find(extension)]


def _visits(extension: Extension) -> Iterator[Mutation]:
    hooks = {each.routine for each in hook(extension, "m_traverse")}
    for definition in _functions(extension):
        for statement, argument in statements(definition, "Py_VISIT"):
            kind = "visit of a member"
            if "Py_TYPE" in argument or argument in _types(definition):
                kind = "visit of the type"
            elif definition.routine in hooks:
                kind = "visit of the state"
            yield _without(extension, kind, argument, definition, statement)


def _clears(extension: Extension) -> Iterator[Mutation]:
    hooks = {each.routine for name in HOOKS for each in hook(extension, name)}
    members = {
        each.routine for name in ("tp_clear", "tp_dealloc") for each in _slots(extension, name)
    }
    for definition in _functions(extension):
        if definition.routine in hooks | members:
            kind = "clear of the state" if definition.routine in hooks else "clear of a member"
            names = ("Py_CLEAR", "Py_XDECREF", "Py_DECREF")
            for statement, argument in statements(definition, *names):
                if "->" in argument:
                    yield _without(extension, kind, argument, definition, statement)


def _type_decrefs(extension: Extension) -> Iterator[Mutation]:
    """Left out, and made before the memory is given back."""
    for definition, statement, name in _decrefs_of_types(extension):
        yield _without(extension, "decref of the type", name, definition, statement)
        free = _free_before(definition, statement)
        if free is not None:
            text = statement.text + b" " + free.text
            edits = [(free.start, free.end, text), (*statement.span, SEMICOLON)]
            kind = "decref of the type too early"
            yield edited(extension, kind, name, definition.path, edits)


def _lookups(extension: Extension) -> Iterator[Mutation]:
    """The state looked up by definition while an instance is torn down."""
    for definition, statement, name in _decrefs_of_types(extension):
        free = _free_before(definition, statement)
        for module in extension.of_kind(Kind.MODULE_DEF):
            if free is None or not _seen_before(module, definition):
                continue
            found = f"PyType_GetModuleByDef({name}, &{module.name})"
            text = f"(void)PyModule_GetState({found}); ".encode() + free.text
            edits = [(free.start, free.end, text)]
            yield edited(extension, "by definition in dealloc", name, definition.path, edits)
            break


def _increfs(extension: Extension) -> Iterator[Mutation]:
    """Of what is stored in a struct, or comes from there."""
    for definition in _functions(extension):
        stored = _stored(definition)
        names = ("Py_INCREF", "Py_XINCREF")
        for statement, argument in statements(definition, *names):
            if argument in stored or "->" in argument:
                yield _without(extension, "incref", argument, definition, statement)
        for call, argument in calls(definition, "Py_NewRef", "Py_XNewRef"):
            if "->" in argument.str or _is_stored(call):
                edits = [(*call.span, b"(PyObject *)(" + argument.text + b")")]
                yield edited(extension, "incref", argument.str, definition.path, edits)


def _flags(extension: Extension) -> Iterator[Mutation]:
    for kind in spec_types(extension).values():
        flags = kind.slots.get("tp_flags")
        for node in flags.value.of_kind("identifier") if flags is not None else ():
            flag = node.str.removeprefix("Py_TPFLAGS_")
            if flags is not None and flag in FLAGS:
                edits = [(*node.span, b"0")]
                made = edited(extension, f"flag {flag}", node.str, flags.path, edits)
                yield replace(made, what=f"{kind.variable.name}: {made.what}")


def _dropped_hooks(extension: Extension) -> Iterator[Mutation]:
    for path, entry in module_fields(extension):
        if entry.field in HOOKS and not entry.empty:
            edits = [(*entry.value.span, b"NULL")]
            yield edited(extension, entry.field, entry.text, path, edits)


KINDS: tuple[Callable[[Extension], Iterator[Mutation]], ...] = (
    _visits, _clears, _type_decrefs, _lookups, _increfs, _flags, _dropped_hooks, shared_again,
)  # fmt: skip


def _without(
    extension: Extension, kind: str, subject: str, definition: Definition, statement: Node
) -> Mutation:
    return edited(extension, kind, subject, definition.path, [(*statement.span, SEMICOLON)])


def _functions(extension: Extension) -> Iterator[Definition]:
    for path in extension.files:
        for definition in extension.functions(path):
            if all(each.verdict is not False for each in definition.conditions):
                yield definition


def _slots(extension: Extension, slot: str) -> Iterator[Definition]:
    for kind in spec_types(extension).values():
        value = kind.slots.get(slot)
        if value is not None and value.name is not None:
            yield from named(extension, value.name, value.path)


def _types(definition: Definition) -> set[str]:
    """The names of local variables that point to a type."""
    found = set()
    for each in definition.node.of_kind("declaration") if definition.node else ():
        if each.text.startswith(b"PyTypeObject *"):
            found |= {name.str for name in each.of_kind("identifier")}
    return found


def _decrefs_of_types(extension: Extension) -> Iterator[tuple[Definition, Node, str]]:
    """(dealloc function, statement, the type's name) where a type is let go of."""
    deallocs = {each.routine for each in _slots(extension, "tp_dealloc")}
    for definition in _functions(extension):
        if definition.routine in deallocs:
            types = _types(definition)
            for statement, argument in statements(definition, "Py_DECREF"):
                if argument in types:
                    yield definition, statement, argument


def _free_before(definition: Definition, decref: Node) -> Node | None:
    """The statement right before the decref, if it gives the memory back."""
    block = decref.parent
    before = [each for each in block.named if each.end <= decref.start] if block else []
    if not before or before[-1].kind != "expression_statement":
        return None
    for call in before[-1].of_kind("call_expression"):
        callee = call.child("function")
        if callee is not None and (callee.str in FREES or callee.str.endswith("tp_free")):
            return before[-1]
    return None


def _seen_before(module: Variable, definition: Definition) -> bool:
    """Whether the file tells of the module's definition before the function."""
    return any(
        each.path == definition.path and each.start < definition.start
        for each in (*module.definitions, *module.declarations)
    )


def _stored(definition: Definition) -> set[str]:
    """The texts that are assigned to members."""
    found = set()
    for each in definition.node.of_kind("assignment_expression") if definition.node else ():
        left, right = each.child("left"), each.child("right")
        if left is not None and right is not None and left.kind == "field_expression":
            found.add(right.str)
    return found


def _is_stored(call: Node) -> bool:
    parent = call.parent
    while parent is not None and parent.kind in ("cast_expression", "parenthesized_expression"):
        parent = parent.parent
    if parent is None or parent.kind != "assignment_expression":
        return False
    left = parent.child("left")
    return left is not None and left.kind == "field_expression"
