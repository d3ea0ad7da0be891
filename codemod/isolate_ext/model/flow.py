"""Which functions flow into which function pointers, and who calls them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from isolate_ext.model.channels import Channel, IndirectCall, Place, Places
from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import CType, Declaration, Definition, Struct, strip_casts
from isolate_ext.model.expressions import local_type, type_of
from isolate_ext.model.extension import Extension
from isolate_ext.model.initialisers import entries
from isolate_ext.model.remembered import remembered
from isolate_ext.syntax import Node

_HARMLESS = re.compile(
    r"_?Py\w+|mem\w+|free|malloc|calloc|realloc|qsort|bsearch|sizeof|assert|.*(->|\.)\s*tp_\w+",
    re.DOTALL,
)
"""Functions that call nothing they find in a struct."""


class Flow:
    """Follows every assignment, argument and initialiser of the extension."""

    def __init__(self, extension: Extension) -> None:
        self.extension = extension
        self.places = Places(extension)
        self._copied: set[tuple[str, int]] = set()
        self._of_routine: dict[str, Channel] = {}
        self._relevant = self._functions()
        self._visit(self._follow, "assignment_expression", "declaration", "call_expression")
        for variable in extension.variables.values():
            for declaration in variable.definitions if variable.function is None else ():
                for values in self._initialisers(declaration):
                    self._initialise(declaration.path, None, declaration.ctype, values)
        self._visit(self._leave, "identifier", "field_expression")
        self._leave_macros()
        for channel in self.places.channels():
            for key in channel.routines:
                self._of_routine[key] = channel

    def channel_of(self, routine: str) -> Channel | None:
        """The channel that a function enters."""
        return self._of_routine.get(routine)

    def _functions(self) -> set[Definition]:
        """Functions that name a place, or anything through which a function gets into one."""
        structs = self.extension.structs
        names = {"PyCapsule_New", *self.places.members, *self.places.takers}
        for name in structs.names():
            struct = structs.struct(CType(name))
            if struct is not None and self._holds(struct):
                names.add(name.rpartition(" ")[2])
        found = set(self.places.holders)
        for path, parsed in self.extension.files.items():
            for name in names.intersection(parsed.names()):
                for offset in parsed.occurrences(name):
                    function = self.extension.function_at(path, offset)
                    if function is not None:
                        found.add(function)
        return found

    def _visit(self, visit: Callable[[str, Definition, Node], None], *kinds: str) -> None:
        for path in self.extension.files:
            for definition in self.extension.functions(path):
                if definition in self._relevant and definition.node is not None:
                    for variant in self.extension.files[path].variants(definition.node):
                        for node in variant.of_kind(*kinds):
                            visit(path, definition, node)

    def _initialisers(self, declaration: Declaration) -> Iterator[Node]:
        """The initialiser of a variable with each of the branches of `#if` in it."""
        if declaration.initialiser is None:
            return
        for variant in self.extension.files[declaration.path].variants(declaration.node):
            for each in declarators(variant):
                if each.name.start == declaration.name_start and each.initialiser is not None:
                    yield each.initialiser

    def _follow(self, path: str, inside: Definition, node: Node) -> None:
        if node.kind == "assignment_expression":
            left, right = node.child("left"), node.child("right")
            place = self.places.named_by(path, inside, left) if left is not None else None
            if left is not None and right is not None and place is not None:
                self._copied.add((path, left.start))
                self._store(path, inside, place, right)
        elif node.kind == "declaration":
            for found in declarators(node):
                local = f"local:{inside.path}:{inside.start}:{found.name.str}"
                if found.initialiser is None or found.is_function:
                    continue
                if local in self.places:
                    self._store(path, inside, local, found.initialiser)
                else:
                    self._initialise(path, inside, found.ctype, found.initialiser)
        elif node.kind == "call_expression":
            self._call(path, inside, node)

    def _call(self, path: str, inside: Definition, call: Node) -> None:
        callee, arguments = call.child("function"), call.child("arguments")
        if callee is None or arguments is None:
            return
        pointer = _pointed(callee)
        place = self.places.named_by(path, inside, pointer)
        if place is not None:
            self._copied.add((path, pointer.start))
            calls = self.places.channel(place).calls
            if all((each.path, each.call.start) != (path, call.start) for each in calls):
                calls.append(IndirectCall(path, call, inside))
            return
        routine = self.extension.routine_named(callee.str, path)
        for index, argument in enumerate(arguments.named):
            parameter = f"parameter:{routine.key}:{index}" if routine is not None else ""
            if parameter in self.places:
                self._store(path, inside, parameter, argument)
        if callee.str == "PyCapsule_New" and arguments.named:
            struct = self._struct_of(path, inside, arguments.named[0])
            self._give_up(struct, path, call, "the struct is handed out in a capsule")
        elif not _HARMLESS.fullmatch(callee.str) and self._foreign(path, callee):
            for argument in arguments.named:
                struct = self._struct_of(path, inside, argument)
                self._give_up(struct, path, call, f"the struct is handed to {callee.str}")

    def _struct_of(self, path: str, inside: Definition, value: Node) -> Struct | None:
        ctype = type_of(self.extension, inside, path, strip_casts(value))
        return self.extension.structs.struct(ctype) if ctype is not None else None

    def _foreign(self, path: str, callee: Node) -> bool:
        """A function of another library, by its name or through a pointer of that library's."""
        found = (self.extension.routine_named(f"{mark}{callee.str}", path) for mark in ("", "#"))
        return not any(each is not None and each.definitions for each in found)

    def _initialise(self, path: str, inside: Definition | None, ctype: CType, values: Node) -> None:
        """A braced initialiser of a struct, or of an array of them."""
        under = ctype if ctype.arrays else self.extension.structs.resolve(ctype)
        struct = self.extension.structs.struct(under) if not under.pointers else None
        if struct is None or values.kind != "initializer_list" or not self._holds(struct):
            return
        if under.arrays:
            row_type = CType(under.base, under.pointers, under.arrays[1:])
            for row in values.named:
                value = row.child("value") if row.kind == "initializer_pair" else row
                if value is not None and value.kind == "initializer_list":
                    self._initialise(path, inside, row_type, value)
                elif value is not None and value.kind != "comment":
                    self._give_up(struct, path, value, "a row of a table has no braces")
            return
        fields = {each.name: each for each in struct.fields}
        for entry in entries(self.extension.files[path], values, tuple(fields)):
            place = self.places.member(struct, entry.field)
            if place is not None:
                self._store(path, inside, place, entry.value)
            elif entry.field in fields:
                self._initialise(path, inside, fields[entry.field].ctype, entry.value)

    def _holds(self, struct: Struct) -> bool:
        """Function pointers are among the members, or in a struct among them."""
        for each in struct.fields:
            if self.places.member(struct, each.name) is not None:
                return True
            inner = self.extension.structs.struct(each.ctype) if not each.ctype.pointers else None
            if inner is not None and inner is not struct and self._holds(inner):
                return True
        return False

    def _give_up(self, struct: Struct | None, path: str, node: Node, why: str) -> None:
        """Function pointers in a struct, and in the structs that are part of it, leave sight."""
        for place in self.places.of_struct(struct) if struct is not None else ():
            self.places.open(place, path, node.start, why)
        for each in struct.fields if struct is not None else ():
            inner = self.extension.structs.struct(each.ctype) if not each.ctype.pointers else None
            if inner is not struct:
                self._give_up(inner, path, node, why)

    def _store(self, path: str, inside: Definition | None, place: Place, value: Node) -> None:
        """Let a value into a place."""
        for each in _values(value):
            if each.str in ("NULL", "0"):
                continue
            source = self.places.named_by(path, inside, each)
            if source is not None:
                self._copied.add((path, each.start))
                self.places.join(place, source)
                continue
            name = each.child("argument") if each.text[:1] == b"&" else each
            hidden = (
                inside is not None
                and name is not None
                and local_type(self.extension, inside, name.str, name.start) is not None
            )
            routine = None
            if name is not None and name.kind == "identifier" and not hidden:
                routine = self.extension.routine_named(name.str, path)
            if name is None or routine is None or routine.is_macro or not routine.definitions:
                self.places.open(place, path, each.start, f"{each.str} is stored there too")
                continue
            channel = self.places.channel(place)
            channel.routines.add(routine.key)
            channel.stores.add((path, name.start))

    def _leave(self, path: str, inside: Definition, node: Node) -> None:
        """A value that leaves a place is called, copied to another place, or compared."""
        if (
            node.kind not in ("identifier", "field_expression")
            or (path, node.start) in self._copied
        ):
            return
        body = inside.body
        if not body[0] <= node.start < body[1] or _declares(node) or _tested(node):
            return
        place = self.places.named_by(path, inside, node)
        if place is not None:
            self.places.open(place, path, node.start, f"{node.str} is handed on there")

    def _leave_macros(self) -> None:
        """A member that a macro body names may be called or copied there."""
        for name, found in self.places.members.items():
            for path, parsed in self.extension.files.items():
                for offset in parsed.occurrences(name) if name in parsed.names() else ():
                    node = parsed.node_at(offset) if parsed.define_at(offset) is not None else None
                    if node is not None and node.kind == "field_identifier":
                        for _, place in found:
                            self.places.open(place, path, offset, "a macro names it")


@remembered
def flow_of(extension: Extension) -> Flow:
    """The flow of an extension, with all of it followed."""
    return Flow(extension)


def _pointed(callee: Node) -> Node:
    """The pointer below ``(*f)(...)``."""
    while callee.kind in ("parenthesized_expression", "pointer_expression") and callee.named:
        callee = callee.named[-1]
    return callee


def _values(value: Node) -> Iterator[Node]:
    """The expressions that a value may come from, through conditions and parentheses."""
    if value.kind == "parenthesized_expression" and len(value.named) == 1:
        yield from _values(value.named[0])
    elif value.kind == "conditional_expression":
        for arm in (value.child("consequence"), value.child("alternative")):
            if arm is not None:
                yield from _values(arm)
    elif value.kind == "assignment_expression":
        right = value.child("right")
        if right is not None:
            yield from _values(right)
    else:
        yield value


def _declares(node: Node) -> bool:
    parent = node.parent
    if parent is None:
        return True
    if parent.kind == "init_declarator":
        return node.field == "declarator"
    return parent.kind.endswith("declarator") or parent.kind in (
        "declaration",
        "parameter_declaration",
    )


def _tested(node: Node) -> bool:
    """Compared, or asked for being NULL."""
    parent = node.parent
    if parent is None:
        return False
    if parent.kind == "parenthesized_expression":
        return parent.field == "condition" or _tested(parent)
    operators = {child.kind for child in parent.children if not child.is_named}
    if parent.kind == "binary_expression":
        return bool(operators & {"==", "!=", "&&", "||"})
    return parent.kind == "unary_expression" or (
        parent.kind == "conditional_expression" and node.field == "condition"
    )
