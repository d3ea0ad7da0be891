"""Places that can hold a pointer: names of functions and files, members, results of calls."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import msgspec

from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import Definition, Struct
from isolate_ext.model.extension import Extension
from isolate_ext.model.initialisers import entries, order_of
from isolate_ext.model.shapes import Shape
from isolate_ext.placement.expression_shapes import ExpressionShapes
from isolate_ext.syntax import Node

_ONLY_READ = Shape("char", "*c")


class Holder(Enum):
    """What kind of place it is."""

    LOCAL = "a name in a function, or a parameter of a macro; the function or macro owns it"
    VARIABLE = "a variable with static storage; the owner is its key"
    MEMBER = "a member of a struct, whichever instance; the struct owns it"
    RESULT = "what a function or macro gives back; the owner is its key"


class Place(msgspec.Struct, frozen=True):
    """Equal where the owner is the same."""

    holder: Holder
    owner: Definition | Struct | str
    name: str = ""


class Spot(msgspec.Struct, frozen=True):
    """One occurrence of a place; ``node`` is None where it is hidden from the parser."""

    path: str
    start: int
    node: Node | None
    inside: Definition | None


class Callees(msgspec.Struct):
    """Own functions and macros that a call may mean, and names of functions of others."""

    own: list[Definition] = msgspec.field(default_factory=list)
    foreign: list[str] = msgspec.field(default_factory=list)


Target = tuple[Place | None, Shape | None]
"""Where a value goes to: a place that can be followed, or only the shape of what takes it."""


class PointerPlaces:
    """Which place an expression names, and where a place occurs."""

    def __init__(self, extension: Extension) -> None:
        self.extension = extension
        self.shapes = ExpressionShapes(extension)
        self._declared = {
            (each.path, each.name_start): variable
            for variable in extension.variables.values()
            for each in variable.definitions
        }

    def named(self, path: str, inside: Definition | None, node: Node) -> Place | None:
        """The place that an expression names, elements of an array being one with it."""
        if node.kind == "parenthesized_expression" and len(node.named) == 1:
            return self.named(path, inside, node.named[0])
        if node.kind == "subscript_expression":
            base = self.shapes.of(path, inside, node.children[0])
            if base is not None and base.is_array:
                return self.named(path, inside, node.children[0])
        if node.kind == "field_expression":
            name = node.child("field")
            return self._member(self.shapes.owner(path, inside, node), name.str) if name else None
        if node.kind != "identifier":
            return None
        if inside is not None and self.shapes.of_local(inside, node) is not None:
            return Place(Holder.LOCAL, inside, node.str)
        key = self.shapes.symbol(path, node)
        variable = self.extension.variables.get(key or "")
        owned = variable is not None and variable.definitions
        return Place(Holder.VARIABLE, key) if key is not None and owned else None

    def _member(self, struct: Struct | None, name: str) -> Place | None:
        """A member; none of a union, whose members are one memory, or that others get to see."""
        if struct is None or struct.node.kind == "union_specifier":
            return None
        return None if self.shapes.handed_out(struct) else Place(Holder.MEMBER, struct, name)

    def declared(self, path: str, inside: Definition | None, declarator: Node) -> Target:
        """What a declarator with an initialiser declares."""
        declaration = declarator.parent
        for found in declarators(declaration) if declaration is not None else ():
            if found.node is declarator:
                variable = self._declared.get((path, found.name.start))
                if variable is not None:
                    shape = self.shapes.of_variable(variable)
                    return Place(Holder.VARIABLE, variable.key), shape
                if inside is None:
                    return None, self.shapes.shape(found.ctype)
                place = Place(Holder.LOCAL, inside, found.name.str)
                return place, self.shapes.shape(found.ctype)
        return None, None

    def element(self, path: str, inside: Definition | None, element: Node) -> Target:
        """What an element of a braced initialiser goes to."""
        values = element.parent
        if values is None or values.kind != "initializer_list":
            return None, None
        place, shape = self._braced(path, inside, values)
        if shape is None or shape.is_pointer:
            return None, None
        if shape.is_array:
            return place, shape.inner
        struct = self.shapes.struct(shape)
        order = tuple(each.name for each in struct.fields) if struct else order_of(shape.base)
        for entry in entries(self.extension.files[path], values, order):
            if entry.start == element.start and struct is not None:
                shape = self.shapes.of_member(struct, entry.field)
                return self._member(struct, entry.field), shape
            if entry.start == element.start and entry.field in order and entry.field != "closure":
                return None, _ONLY_READ
        return None, None

    def _braced(self, path: str, inside: Definition | None, values: Node) -> Target:
        """What an initialiser in braces fills."""
        holder = values.parent
        if holder is None:
            return None, None
        if inside is not None and inside.is_macro and holder.start < inside.body[0]:
            return None, self._row(inside.routine, set())
        if holder.kind == "init_declarator":
            return self.declared(path, inside, holder)
        if holder.kind == "compound_literal_expression":
            return None, self.shapes.of(path, inside, holder)
        paired = holder.kind == "initializer_pair"
        return self.element(path, inside, holder if paired else values)

    def _row(self, macro: str, seen: set[str]) -> Shape | None:
        """The shape of the rows that a macro makes, where it makes rows of one table only."""
        found: set[Shape | None] = set()
        for use in self.extension.uses_of(macro):
            if use.holder is not None:
                table = self.shapes.of_variable(self.extension.variables[use.holder])
                found.add(table.inner if table.is_array else None)
            elif use.inside is not None and use.inside.is_macro and macro not in seen:
                found.add(self._row(use.inside.routine, seen | {macro}))
            else:
                found.add(None)
        return found.pop() if len(found) == 1 else None

    def callees(self, path: str, name: str) -> Callees:
        """What a call by that name may mean; a macro may stand for another name, or for nothing."""
        found = Callees()
        pending, seen = [name], {name}
        while pending:
            each = pending.pop()
            macro = self.extension.routine_named(f"#{each}", path)
            routine = self.extension.routine_named(each, path)
            for definition in macro.definitions if macro is not None else ():
                alias = _alias(definition)
                if alias is None:
                    found.own.append(definition)
                elif alias not in seen:
                    seen.add(alias)
                    pending.append(alias)
            if routine is not None and routine.definitions:
                found.own += routine.definitions
            elif macro is None or not any(map(_always, macro.definitions)):
                found.foreign.append(each)
        return found

    def shape_at(self, place: Place, node: Node) -> Shape | None:
        """The declared shape of a place where it occurs."""
        if isinstance(place.owner, Definition):
            return self.shapes.of_local(place.owner, node)
        if isinstance(place.owner, Struct):
            return self.shapes.of_member(place.owner, place.name)
        if place.holder is Holder.VARIABLE:
            return self.shapes.of_variable(self.extension.variables[place.owner])
        return self.shapes.of_result(place.owner)

    def spots(self, place: Place) -> Iterator[Spot]:
        """Every occurrence; declarations of the name are none."""
        if isinstance(place.owner, Definition):
            yield from self._local_spots(place.owner, place.name)
        elif isinstance(place.owner, Struct):
            yield from self._member_spots(place.owner, place.name)
        elif place.holder is Holder.VARIABLE:
            for use in self.extension.uses_of(place.owner):
                yield Spot(use.path, use.start, use.node, use.inside)
        else:
            yield from self._result_spots(place.owner)

    def _result_spots(self, routine: str) -> Iterator[Spot]:
        """A function that is named and not called may be called where it cannot be followed."""
        first = self.extension.routines[routine].definitions[0]
        plain = first.is_macro and first.parameters_span is None
        for use in self.extension.uses_of(routine):
            if plain or use.called or not first.is_macro:
                node = use.node if plain else use.call
                yield Spot(use.path, use.start, node, use.inside)

    def _local_spots(self, owner: Definition, name: str) -> Iterator[Spot]:
        parsed = self.extension.files[owner.path]
        start, end = owner.body if owner.is_macro else (owner.start, owner.end)
        for offset in parsed.occurrences(name):
            if start <= offset < end and not _made_a_string(parsed.source.data, offset):
                node = parsed.node_at(offset)
                if node is None or (node.kind == "identifier" and not _declares(node)):
                    yield Spot(owner.path, offset, node, owner)
        if not owner.is_macro:
            yield from self._named_by_macros(owner, name)
        elif name not in (each.name for each in owner.parameters):
            yield from self._named_in_arguments(owner, name)

    def _named_in_arguments(self, macro: Definition, name: str) -> Iterator[Spot]:
        """What a macro declares may be named in its arguments, and by macros used there."""
        users = {use.inside for use in self.extension.uses_of(macro.routine)}
        for path, parsed in self.extension.files.items():
            for offset in parsed.occurrences(name) if name in parsed.names() else ():
                node, define = parsed.node_at(offset), parsed.define_at(offset)
                if define is not None and name in (define.params or ()):
                    continue
                inside = self.macro_at(path, offset) or self.extension.function_at(path, offset)
                if inside is None or inside is macro or (define is None and inside not in users):
                    continue
                if node is None or (
                    node.kind == "identifier"
                    and not _declares(node)
                    and self.shapes.of_local(inside, node) is None
                ):
                    yield Spot(path, offset, node, inside)

    def _named_by_macros(self, owner: Definition, name: str) -> Iterator[Spot]:
        """A macro that the function uses may name its locals without being given them."""
        code = self.extension.files[owner.path].scan.code[owner.start : owner.end]
        for path, parsed in self.extension.files.items():
            for offset in parsed.occurrences(name) if name in parsed.names() else ():
                define = parsed.define_at(offset)
                if define is not None and name not in (define.params or ()):
                    if define.name.encode() in code:
                        yield Spot(path, offset, None, owner)

    def _member_spots(self, owner: Struct, name: str) -> Iterator[Spot]:
        for path, parsed in self.extension.files.items():
            for offset in parsed.occurrences(name) if name in parsed.names() else ():
                node = parsed.node_at(offset)
                inside = self.extension.function_at(path, offset) or self.macro_at(path, offset)
                if node is None:
                    if parsed.source.data[:offset].rstrip().endswith((b".", b"->")):
                        yield Spot(path, offset, None, inside)
                    continue
                member = node.parent
                if member is None or member.kind != "field_expression" or node.field != "field":
                    continue
                if self.shapes.owner(path, inside, member) in (owner, None):
                    yield Spot(path, offset, member, inside)

    def macro_at(self, path: str, offset: int) -> Definition | None:
        """The macro whose body holds an offset."""
        define = self.extension.files[path].define_at(offset)
        routine = self.extension.routine_named(f"#{define.name}", path) if define else None
        for each in routine.definitions if routine is not None else ():
            if each.path == path and each.macro is define:
                return each
        return None


def _alias(macro: Definition) -> str | None:
    """The name that a macro without parameters stands for."""
    if macro.parameters_span is not None or macro.macro is None:
        return None
    text = macro.macro.code.decode("latin-1").strip()
    return text if text.isidentifier() else None


def _always(definition: Definition) -> bool:
    return all(each.verdict is True for each in definition.conditions)


def _made_a_string(data: bytes, offset: int) -> bool:
    before = data[max(0, offset - 8) : offset].rstrip()
    return before.endswith(b"#") and not before.endswith(b"##")


def _declares(node: Node) -> bool:
    parent = node.parent
    if parent is None:
        return True
    if parent.kind == "init_declarator":
        return node.field == "declarator"
    return (parent.kind.endswith("declarator") and node.field != "size") or parent.kind in (
        "declaration",
        "parameter_declaration",
    )
