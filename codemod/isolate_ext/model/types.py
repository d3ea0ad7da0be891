"""Python types that an extension defines: static ones, and those already made from specs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import msgspec

from isolate_ext.capi.slots import SUITE_FIELDS
from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import (
    CType,
    Declaration,
    Entry,
    Kind,
    Struct,
    Use,
    Variable,
    strip_casts,
)
from isolate_ext.model.extension import Extension
from isolate_ext.model.initialisers import entries, fields_of, order_of, rows_of
from isolate_ext.model.remembered import remembered
from isolate_ext.syntax import Condition, Node


class SlotValue(msgspec.Struct, frozen=True, eq=False):
    """What a slot is given: the value's node, where that stands, and under which `#if`.

    ``assignment`` is the statement where it is assigned at run time instead of initialised.
    """

    field: str
    value: Node
    path: str
    conditions: tuple[Condition, ...]
    assignment: Node | None = None
    suite: str | None = None

    @property
    def name(self) -> str | None:
        """The identifier or ``&identifier`` below casts, without the ampersand."""
        node = strip_casts(self.value)
        if node.kind == "pointer_expression":
            inner = node.child("argument")
            node = inner if inner is not None else node
        return node.str if node.kind == "identifier" else None

    @property
    def empty(self) -> bool:
        return strip_casts(self.value).str.strip("() \t\r\n") in ("0", "NULL", "0L", "")


class StaticType(msgspec.Struct, eq=False):
    """A `PyTypeObject` with static storage.

    ``slots`` holds what the initialiser and its suites give, in the order written, without empty
    values; ``assigned`` what functions assign later; ``suites`` the suite variables it owns.
    """

    key: str
    variable: Variable
    slots: dict[str, SlotValue] = msgspec.field(default_factory=dict)
    assigned: list[SlotValue] = msgspec.field(default_factory=list)
    suites: list[str] = msgspec.field(default_factory=list)
    variants: list[SlotValue] = msgspec.field(default_factory=list)
    name: str | None = None
    struct: Struct | None = None

    @property
    def home(self) -> Declaration:
        return self.variable.home

    def slot(self, name: str) -> SlotValue | None:
        """The value of a slot, a run-time assignment before the initialiser's."""
        for each in self.assigned:
            if each.field == name:
                return None if each.empty else each
        return self.slots.get(name)

    def function(self, name: str) -> str | None:
        """The C function in a slot, if it is a plain name."""
        found = self.slot(name)
        return found.name if found is not None else None

    @property
    def flags(self) -> frozenset[str]:
        """Names of the flags it sets, as written."""
        found = self.slot("tp_flags")
        return frozenset(re.findall(r"\w+", found.value.str)) if found is not None else frozenset()

    def has_flag(self, suffix: str) -> bool:
        return any(each.endswith(suffix) for each in self.flags)


def string_literal(node: Node) -> str | None:
    """The text of a C string literal (or adjacent ones); None where macros take part."""
    node = strip_casts(node)
    parts = node.named if node.kind == "concatenated_string" else [node]
    text = ""
    for part in parts:
        if part.kind != "string_literal":
            return None
        try:
            text += ast.literal_eval(part.str)
        except (ValueError, SyntaxError):
            return None
    return text


@remembered
def static_types(extension: Extension) -> dict[str, StaticType]:
    """All static types that the extension defines, by key."""
    found: dict[str, StaticType] = {}
    for variable in extension.of_kind(Kind.TYPE):
        if variable.function is None and any(
            d.initialiser and all(c.verdict is not False for c in d.conditions)
            for d in variable.definitions
        ):
            found[variable.key] = _read(extension, variable)
    return found


def _read(extension: Extension, variable: Variable) -> StaticType:
    result = StaticType(variable.key, variable)
    home = variable.home
    for entry in _all_entries(extension, home):
        _add(extension, result, entry, home.path)
    for use in extension.uses_of(variable.key):
        value = _assignment(use)
        if value is not None:
            result.assigned.append(value)
            if value.field in SUITE_FIELDS and value.name is not None:
                _add_suite(extension, result, value)
    tp_name = result.slot("tp_name")
    if tp_name is not None:
        result.name = string_literal(_unmacro(extension, tp_name.value, tp_name.path))
    size = result.slot("tp_basicsize")
    if size is not None:
        result.struct = _sized(extension, size.value)
    return result


def _all_entries(extension: Extension, home: Declaration) -> Iterator[Entry]:
    """The entries of an initialiser as every configuration sees them, in source order."""
    parsed = extension.files[home.path]
    found = {entry.value.start: entry for entry in fields_of(parsed, home)}
    for item in parsed.variants(home.node):
        for each in declarators(item):
            values = each.initialiser
            if each.name.start == home.name_start and values is not None:
                if values.kind == "initializer_list":
                    for entry in entries(parsed, values, order_of(home.ctype.base)):
                        found.setdefault(entry.value.start, entry)
    yield from (found[start] for start in sorted(found))


def _add(extension: Extension, result: StaticType, entry: Entry, path: str) -> None:
    value = SlotValue(entry.field, entry.value, path, entry.conditions)
    if (value.empty or _null_macro(extension, value)) and entry.field != "tp_basicsize":
        return
    if entry.field in result.slots:
        result.variants.append(value)
        return
    result.slots[entry.field] = value
    if entry.field in SUITE_FIELDS:
        _add_suite(extension, result, value)


def _null_macro(extension: Extension, value: SlotValue) -> bool:
    """A name that every definition of a macro makes 0 or NULL."""
    routine = extension.routine_named(f"#{value.name}", value.path) if value.name else None
    bodies = [
        extension.files[each.path].source.data[slice(*each.body)].strip(b"() \t")
        for each in (routine.definitions if routine is not None else ())
    ]
    return bool(bodies) and set(bodies) <= {b"0", b"NULL"}


def _add_suite(extension: Extension, result: StaticType, value: SlotValue) -> None:
    name = value.name
    suite = extension.variable_named(name, value.path) if name is not None else None
    if suite is None or suite.kind is not Kind.SUITE:
        return
    result.suites.append(suite.key)
    home = suite.home
    for entry in fields_of(extension.files[home.path], home):
        inner = SlotValue(entry.field, entry.value, home.path, entry.conditions, suite=suite.key)
        if not inner.empty:
            result.slots.setdefault(entry.field, inner)
    for use in extension.uses_of(suite.key):
        patched = _assignment(use)
        if patched is not None:
            result.assigned.append(patched)


def _assignment(use: Use) -> SlotValue | None:
    """``Type.field = value`` where the use is the type."""
    node = use.node
    member = node.parent if node is not None else None
    if member is None or member.kind != "field_expression" or member.children[0] is not node:
        return None
    assignment = member.parent
    if assignment is None or assignment.kind != "assignment_expression":
        return None
    value, name = assignment.child("right"), member.child("field")
    operator = assignment.child("operator")
    if assignment.child("left") is not member or value is None or name is None:
        return None
    if operator is not None and operator.str != "=":
        return None
    return SlotValue(name.str, value, use.path, (), assignment)


def _unmacro(extension: Extension, node: Node, path: str) -> Node:
    """The body of an object-like macro that stands alone, else the node."""
    if node.kind == "identifier":
        routine = extension.routines.get(f"{path}:#{node.str}")
        if routine is not None and routine.definitions[0].macro is not None:
            body = extension.files[path].macro_body(routine.definitions[0].macro)
            if body is not None:
                return body
    return node


def _sized(extension: Extension, size: Node) -> Struct | None:
    match = re.fullmatch(r"sizeof\s*\(\s*((?:struct\s+)?\w+)\s*\)", strip_casts(size).str)
    if match is None:
        return None
    return extension.structs.struct(CType(" ".join(match[1].split())))


@remembered
def spec_types(extension: Extension) -> dict[str, StaticType]:
    """Types made from specs already, read like static ones; ``variable`` is the spec."""
    found: dict[str, StaticType] = {}
    for variable in extension.of_kind(Kind.TABLE):
        if variable.ctype.base != "PyType_Spec" or variable.ctype.arrays:
            continue
        result = StaticType(variable.key, variable)
        home = variable.home
        if home.initialiser is None or any(c.verdict is False for c in home.conditions):
            continue
        for entry in fields_of(extension.files[home.path], home):
            name = f"tp_{entry.field}"
            result.slots[name] = SlotValue(name, entry.value, home.path, entry.conditions)
        for slot, value, path in spec_slots(extension, variable):
            result.slots[slot] = SlotValue(slot, value, path, ())
        size = result.slots.get("tp_basicsize")
        result.struct = _sized(extension, size.value) if size is not None else None
        found[variable.key] = result
    return found


def spec_slots(extension: Extension, spec: Variable) -> Iterator[tuple[str, Node, str]]:
    """(slot, value, path) of a `PyType_Spec` variable, e.g. ``("tp_dealloc", node, path)``."""
    home = spec.home
    for entry in fields_of(extension.files[home.path], home):
        if entry.field != "slots":
            continue
        name = strip_casts(entry.value).str
        table = extension.variable_named(name, home.path)
        if table is None:
            continue
        for _, row in rows_of(extension.files[table.home.path], table.home):
            if len(row) == 2 and row[0].text.startswith("Py_"):
                yield row[0].text.removeprefix("Py_"), row[1].value, table.home.path
