"""How Python or C calls a function: every place where its address is taken, and as what."""

from __future__ import annotations

from enum import Enum

import msgspec

from isolate_ext.model.entities import Kind, Routine, Use, Variable, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.initialisers import entries, order_of
from isolate_ext.model.remembered import remembered
from isolate_ext.model.types import StaticType
from isolate_ext.syntax import Node


class Called(Enum):
    """As what a function's address is taken."""

    MODULE_METHOD = "function of the module"
    TYPE_METHOD = "method of a type"
    GETTER = "getter"
    SETTER = "setter"
    SLOT = "slot"
    SPEC_SLOT = "slot of a type made from a spec"
    EXEC = "exec function"
    CREATE = "create function"
    HOOK = "module hook"
    CONVERTER = "argument converter"
    DESTRUCTOR = "capsule destructor"
    IDENTITY = "compared only"
    CALLBACK = "handed to another function"
    STORED = "stored"


class Role(msgspec.Struct, frozen=True, eq=False):
    """One place where a function is handed out.

    ``slot`` names the slot, table field or callee; ``flags`` are METH_ names; ``owners`` the keys
    of the types (or module definitions) whose tables hold it.
    """

    called: Called
    use: Use
    slot: str = ""
    flags: frozenset[str] = frozenset()
    owners: tuple[str, ...] = ()


_HOOKS = {"m_traverse", "m_clear", "m_free"}


@remembered
def roles(extension: Extension, routine: Routine) -> list[Role]:
    """All roles of a function, one a place; direct calls are none."""
    found = []
    for use in extension.uses_of(routine.key):
        if use.called:
            if use.path in extension.generated and use.inside is not None:
                found.extend(_inherited(extension, use))
        elif use.inside is not None and use.inside.is_macro:
            found.extend(_through_macro(extension, use))
        else:
            role = _role(extension, use)
            if role is not None:
                found.append(role)
    return found


def _inherited(extension: Extension, use: Use) -> list[Role]:
    """The roles of a generated wrapper, for the function that it hands its first parameter.

    None for another function that it calls.
    """
    wrapper, call = use.inside, use.call
    assert wrapper is not None and call is not None
    arguments = call.child("arguments")
    first = arguments.named[0] if arguments is not None and arguments.named else None
    if (
        first is None
        or not wrapper.parameters
        or (strip_casts(first).str != wrapper.parameters[0].name)
    ):
        return []
    inner = roles(extension, extension.routines[wrapper.routine])
    return [Role(each.called, use, each.slot, each.flags, each.owners) for each in inner]


def _through_macro(extension: Extension, use: Use) -> list[Role]:
    """A table row that is a macro: what the tables that use the macro make of it."""
    values = use.node.enclosing("initializer_list") if use.node is not None else None
    assert use.inside is not None
    if values is None:
        role = _role(extension, use)
        return [role] if role is not None else []
    found = []
    for outer in extension.uses_of(use.inside.routine):
        if outer.holder is not None:
            found.append(_row(extension, use, values, extension.variables[outer.holder]))
    return found


def _role(extension: Extension, use: Use) -> Role | None:
    if use.holder is not None:
        return _held(extension, use, extension.variables[use.holder])
    node = use.node
    if node is None:
        return Role(Called.STORED, use, "macro")
    node = _outermost(node)
    parent = node.parent
    if parent is None or use.inside is None:
        return Role(Called.STORED, use)
    if parent.kind == "assignment_expression":
        return _assigned(extension, use, parent)
    if parent.kind == "argument_list" and parent.parent is not None:
        return _argument(use, parent.parent, parent, node)
    if parent.kind == "binary_expression" and parent.str[:1] != "":
        operators = {child.kind for child in parent.children}
        if operators & {"==", "!="}:
            return Role(Called.IDENTITY, use)
    if parent.kind == "expression_statement":
        return None
    if parent.kind == "initializer_list":
        return _row(extension, use, parent, None)
    return Role(Called.STORED, use)


def _outermost(node: Node) -> Node:
    """The expression with the casts, parentheses and ampersand around the name."""
    while node.parent is not None and node.parent.kind in (
        "cast_expression",
        "parenthesized_expression",
        "pointer_expression",
    ):
        node = node.parent
    return node


def _assigned(extension: Extension, use: Use, assignment: Node) -> Role:
    left = assignment.child("left")
    if left is not None and left.kind == "field_expression":
        field = left.child("field")
        owner = left.children[0]
        variable = (
            extension.variable_named(owner.str, use.path) if owner.kind == "identifier" else None
        )
        if field is not None and variable is not None and variable.kind in (Kind.TYPE, Kind.SUITE):
            return Role(Called.SLOT, use, field.str, owners=_types_of(extension, variable))
    return Role(Called.STORED, use, left.str if left is not None else "")


def _argument(use: Use, call: Node, arguments: Node, node: Node) -> Role:
    callee = call.child("function")
    name = callee.str if callee is not None else ""
    if "Parse" in name and name.startswith(("PyArg_", "_PyArg_")):
        return Role(Called.CONVERTER, use, name)
    if name == "PyCapsule_New":
        return Role(Called.DESTRUCTOR, use, name)
    return Role(Called.CALLBACK, use, name)


def _held(extension: Extension, use: Use, holder: Variable) -> Role:
    if use.node is None:
        return Role(Called.STORED, use, holder.name)
    named = _named_slot(use)
    if named is not None:
        return named
    values = use.node.enclosing("initializer_list")
    if holder.kind is Kind.TYPE:
        return Role(Called.SLOT, use, _field(extension, use, values, holder), owners=(holder.key,))
    if holder.kind is Kind.SUITE:
        field = _field(extension, use, values, holder)
        return Role(Called.SLOT, use, field, owners=_types_of(extension, holder))
    if holder.kind is Kind.MODULE_DEF:
        field = _field(extension, use, values, holder)
        return Role(
            Called.HOOK if field in _HOOKS else Called.STORED, use, field, owners=(holder.key,)
        )
    if holder.kind is Kind.TABLE and values is not None:
        return _row(extension, use, values, holder)
    return Role(Called.STORED, use, holder.name)


def _named_slot(use: Use) -> Role | None:
    """What a slot macro of PEP 820 is given for a module: `PySlot_FUNC(Py_mod_exec, f)`."""
    call = use.node.enclosing("call_expression") if use.node is not None else None
    callee = call.child("function") if call is not None else None
    arguments = call.child("arguments") if call is not None else None
    if callee is None or arguments is None or not callee.str.startswith("PySlot_"):
        return None
    name = arguments.named[0].str
    if name in ("Py_mod_exec", "Py_mod_create"):
        return Role(Called.EXEC if name == "Py_mod_exec" else Called.CREATE, use, name)
    hook = "m_" + name.removeprefix("Py_mod_state_")
    return Role(Called.HOOK, use, hook) if hook in _HOOKS else None


def _field(extension: Extension, use: Use, values: Node | None, holder: Variable) -> str:
    if values is None:
        return ""
    for entry in entries(extension.files[use.path], values, order_of(holder.ctype.base)):
        if entry.start <= use.start < entry.end:
            return entry.field
    return ""


def _row(extension: Extension, use: Use, values: Node, holder: Variable | None) -> Role:
    if holder is None:
        return Role(Called.STORED, use)
    base = holder.ctype.base.removeprefix("struct ")
    row = entries(extension.files[use.path], values, order_of(base))
    field = next((e.field for e in row if e.start <= use.start < e.end), "")
    if base == "PyMethodDef" and field == "ml_meth":
        flags = next((e.text for e in row if e.field == "ml_flags"), "")
        names = frozenset(flags.replace("|", " ").replace("(", " ").replace(")", " ").split())
        called, owners = _table_owners(extension, holder)
        return Role(called, use, row[0].text.strip('"'), names, owners)
    if base == "PyGetSetDef" and field in ("get", "set"):
        _, owners = _table_owners(extension, holder)
        return Role(
            Called.GETTER if field == "get" else Called.SETTER, use, row[0].text, owners=owners
        )
    if base == "PyModuleDef_Slot" and row:
        kind = Called.EXEC if "exec" in row[0].text else Called.CREATE
        return Role(kind, use, row[0].text)
    if base == "PyType_Slot" and row:
        return Role(Called.SPEC_SLOT, use, row[0].text.removeprefix("Py_"), owners=(holder.key,))
    return Role(Called.STORED, use, holder.name)


@remembered
def _table_owners(extension: Extension, table: Variable) -> tuple[Called, tuple[str, ...]]:
    """Who holds a method or getset table: a module definition, or types."""
    owners: list[str] = []
    called = Called.STORED
    for use in extension.uses_of(table.key):
        holder = extension.variables[use.holder] if use.holder is not None else None
        if holder is not None and holder.kind is Kind.MODULE_DEF:
            return Called.MODULE_METHOD, (holder.key,)
        if (holder is not None and holder.kind is Kind.TYPE) or (
            holder is not None and holder.kind is Kind.TABLE
        ):
            called = Called.TYPE_METHOD
            owners.append(holder.key)
        elif use.node is not None and use.inside is not None:
            role = _role(extension, use)
            if role is not None and role.called is Called.SLOT:
                called = Called.TYPE_METHOD
                owners.extend(role.owners)
            elif role is not None and role.slot in _MODULE_CALLS:
                return Called.MODULE_METHOD, ()
    return called, tuple(owners)


_MODULE_CALLS = {"Py_InitModule", "Py_InitModule3", "Py_InitModule4", "PyModule_AddFunctions"}


@remembered
def _types_of(extension: Extension, variable: Variable) -> tuple[str, ...]:
    """The types that a suite (or a type itself) belongs to."""
    if variable.kind is Kind.TYPE:
        return (variable.key,)
    owners = []
    for use in extension.uses_of(variable.key):
        holder = extension.variables[use.holder] if use.holder is not None else None
        if holder is not None and holder.kind is Kind.TYPE:
            owners.append(holder.key)
        elif use.node is not None and use.inside is not None:
            outer = _outermost(use.node)
            if outer.parent is not None and outer.parent.kind == "assignment_expression":
                left = outer.parent.child("left")
                if left is not None and left.kind == "field_expression":
                    found = extension.variable_named(left.children[0].str, use.path)
                    if found is not None and found.kind is Kind.TYPE:
                        owners.append(found.key)
    return tuple(owners)


def slot_owner_types(types: dict[str, StaticType], role: Role) -> list[StaticType]:
    return [types[owner] for owner in role.owners if owner in types]


__all__ = ["Called", "Role", "roles", "slot_owner_types", "strip_casts"]
