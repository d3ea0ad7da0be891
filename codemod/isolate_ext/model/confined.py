"""Tables that one function alone reads: nothing writes them, and no pointer into them leaves it."""

from __future__ import annotations

import re

import msgspec

from isolate_ext.model.declarators import declarators, storage
from isolate_ext.model.entities import Definition, Use, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node

_LENGTH = re.compile(r"\w*(array_?(size|len\w*)|count_?of|n_elem\w*|lengthof)", re.IGNORECASE)
_MEASURE = re.compile(r"(?:\w*)sizeof(\w+)/sizeof\*?\1(?:\[0\])?")
_NEUTRAL = frozenset(
    "expression_statement for_statement if_statement while_statement do_statement sizeof_expression"
    " unary_expression".split()
)
_TESTS = frozenset(("==", "!=", "<", "<=", ">", ">=", "&&", "||"))


class Escape(msgspec.Struct, frozen=True):
    """Where a table is more than read, or leaves the function that reads it."""

    path: str
    start: int
    end: int
    why: str


def reader_of(extension: Extension, variable: Variable) -> Definition | Escape | None:
    """The one function that reads a table; None where there is none at all."""
    readers: dict[Definition, Use] = {}
    reading = _Reading(extension, variable)
    for use in extension.uses_of(variable.key):
        if use.holder == variable.key:
            continue
        if use.inside is None:
            return Escape(use.path, use.start, use.end, "something at file scope names it")
        if use.inside.is_macro:
            if use.node is None or use.node.enclosing("sizeof_expression") is None:
                return Escape(use.path, use.start, use.end, "a macro names it")
            for outer in extension.uses_of(use.inside.routine):
                if outer.inside is None or outer.inside.is_macro:
                    return Escape(outer.path, outer.start, outer.end, "a macro names it")
                readers[outer.inside] = outer
            continue
        readers[use.inside] = use
        why = "it stands in code that hides how it is used"
        if use.node is not None:
            why = reading.escapes(use.inside, use.node) or ""
        if why:
            return Escape(use.path, use.start, use.end, why)
    if len(readers) > 1:
        other = list(readers.values())[1]
        return Escape(other.path, other.start, other.end, "several functions use it")
    return next(iter(readers), None)


class _Reading(msgspec.Struct):
    """Follows the values that point into one table."""

    extension: Extension
    variable: Variable
    followed: set[tuple[int, str]] = msgspec.field(default_factory=set)

    def escapes(self, inside: Definition, node: Node) -> str | None:
        """What happens to the table, or a pointer into it, other than being read."""
        parent = node.parent
        if parent is None or parent.kind in _NEUTRAL:
            return None
        if parent.kind in ("parenthesized_expression", "cast_expression"):
            return self.escapes(inside, parent)
        if parent.kind == "subscript_expression" and parent.children[0] is node:
            return self._element(inside, parent)
        if parent.kind == "subscript_expression":
            return None
        if parent.kind == "pointer_expression":
            starred = parent.text[:1] == b"*"
            return self._element(inside, parent) if starred else "its address is taken"
        if parent.kind == "field_expression":
            return self._element(inside, parent)
        if parent.kind == "update_expression":
            return self.escapes(inside, parent)
        if parent.kind in ("binary_expression", "conditional_expression"):
            tested = _TESTS & {each.kind for each in parent.children} or node.field == "condition"
            return None if tested else self.escapes(inside, parent)
        if parent.kind == "comma_expression":
            return self.escapes(inside, parent)
        if parent.kind in ("init_declarator", "assignment_expression"):
            return self._stored(inside, parent, node)
        if parent.kind == "argument_list" and parent.parent is not None:
            return self._handed(inside, parent.parent, parent.named.index(node))
        return "a pointer into it leaves the function"

    def _element(self, inside: Definition, node: Node) -> str | None:
        """What happens to a part of the table: a row, a member, a value."""
        parent = node.parent
        if parent is None:
            return None
        if parent.kind in ("parenthesized_expression", "cast_expression"):
            return self._element(inside, parent)
        if parent.kind == "field_expression":
            return None if b"->" in _operator(parent) else self._element(inside, parent)
        if parent.kind == "assignment_expression" and parent.child("left") is node:
            return "it is written"
        if parent.kind == "update_expression":
            return "it is written"
        if parent.kind == "pointer_expression" and parent.text[:1] == b"&":
            return self.escapes(inside, parent)
        return self.escapes(inside, node) if self._is_array(node) else None

    def _is_array(self, node: Node) -> bool:
        """Whether a part is an array itself, so that its value is a pointer into the table."""
        if node.kind == "field_expression":
            name = node.child("field")
            home = self.variable.home
            struct = self.extension.structs.struct(home.ctype)
            for each in (struct, *self.extension.structs.definitions):
                inline = each is not None and home.start <= each.start < home.end
                if each is not None and (each is struct or (inline and each.path == home.path)):
                    return any(f.name == name.str and f.ctype.arrays for f in each.fields if name)
            return True
        depth, inner = 0, node
        while inner.kind == "subscript_expression":
            depth, inner = depth + 1, inner.children[0]
        return depth < len(self.variable.ctype.arrays) and inner.str == self.variable.name

    def _stored(self, inside: Definition, parent: Node, node: Node) -> str | None:
        """A pointer into the table goes into a variable, which is followed."""
        if parent.kind == "assignment_expression":
            target = parent.child("left")
            if target is node:
                return None
            name = target.str if target is not None and target.kind == "identifier" else ""
        else:
            declaration = parent.parent
            found = [
                each
                for each in (declarators(declaration) if declaration is not None else ())
                if each.node is parent and "static" not in storage(declaration or parent)
            ]
            name = found[0].name.str if found and not found[0].ctype.arrays else ""
        return self._follow(inside, name) if name else "a pointer into it is stored"

    def _follow(self, inside: Definition, name: str) -> str | None:
        """Every use of a local variable or parameter that points into the table."""
        if (id(inside), name) in self.followed or inside.node is None:
            return None
        if len(self.variable.ctype.arrays) > 1:
            return "a pointer into it is stored"
        self.followed.add((id(inside), name))
        if not _is_local(inside, name):
            return "a pointer into it is stored"
        for node in inside.node.of_kind("identifier"):
            if node.str == name and not _declares(node):
                why = self.escapes(inside, node)
                if why is not None:
                    return why
        return None

    def _handed(self, inside: Definition, call: Node, index: int) -> str | None:
        """The table as an argument: its length is asked for, or a function of ours reads it."""
        callee = call.child("function")
        name = callee.str if callee is not None else ""
        macro = self.extension.routine_named(f"#{name}", inside.path)
        if macro is not None:
            bodies = [
                self.extension.files[each.path].source.data[slice(*each.body)].decode("latin-1")
                for each in macro.definitions
            ]
            if all(_MEASURE.fullmatch(re.sub(r"[()\s]", "", body)) for body in bodies):
                return None
            return f"{name} is given it"
        if _LENGTH.fullmatch(name):
            return None
        routine = self.extension.routine_named(name, inside.path)
        if routine is None or not routine.definitions:
            return f"{name} is given it"
        for definition in routine.definitions:
            parameters = definition.parameters
            parameter = parameters[index].name if index < len(parameters) else None
            if parameter is None or parameter == "...":
                return f"{name} is given it"
            why = self._follow(definition, parameter)
            if why is not None:
                return why
        return None


def _operator(member: Node) -> bytes:
    name = member.child("field")
    end = name.start if name is not None else member.end
    return member.data[member.children[0].end : end]


def _declares(node: Node) -> bool:
    parent = node.parent
    return (
        parent is not None
        and (parent.kind.endswith("declarator") or parent.kind.endswith("declaration"))
        and node.field != "value"
    )


def _is_local(inside: Definition, name: str) -> bool:
    if any(each.name == name for each in inside.parameters):
        return True
    for node in inside.node.of_kind("declaration") if inside.node is not None else ():
        if "static" not in storage(node) and "extern" not in storage(node):
            if any(each.name.str == name for each in declarators(node)):
                return True
    return False
