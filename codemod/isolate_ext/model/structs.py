"""Struct and typedef registry: which C types are, point to, or hold Python objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from isolate_ext.model.declarators import base_type, declarators, future_tag
from isolate_ext.model.entities import CType, Field, Struct
from isolate_ext.model.shapes import joined
from isolate_ext.syntax import Node, Parsed

_HEAD = re.compile(rb"\{\s*(?:PyObject_(?:VAR_)?HEAD\b|Py(?:Var)?Object\s+\w+\s*;)")
_COMMENT = re.compile(rb"/\*.*?\*/|//[^\n]*", re.DOTALL)
_API_OBJECT = re.compile(r"_?Py[A-Za-z]*Object|PyTypeObject|PyVarObject")
NOT_OBJECTS = frozenset({"PyASCIIObject"})


class Structs:
    """All struct definitions and typedefs of the files of an extension."""

    def __init__(self) -> None:
        self._by_name: dict[str, Struct] = {}
        self._typedefs: dict[str, CType] = {}
        self.definitions: list[Struct] = []
        self.ends: dict[str, tuple[str, int, int]] = {}

    def add_file(self, parsed: Parsed, items: Iterable[Node]) -> None:
        for item in items:
            for node in _struct_nodes(item):
                self._add_struct(parsed, item, node)
            if item.kind == "declaration" and future_tag(item) is not None:
                self.ends[base_type(item)] = (parsed.source.path, item.start, item.end)
            for name in _enumerators(item):
                self.ends[name] = (parsed.source.path, item.start, item.end)
            if item.kind == "type_definition":
                for declarator in declarators(item):
                    name = declarator.name.str
                    self.ends[name] = (parsed.source.path, item.start, item.end)
                    if declarator.parameters is not None:
                        ctype = CType(declarator.ctype.base, 0, (), True)
                    else:
                        ctype = declarator.ctype
                    if not (ctype.base in (name, "struct", "union", "enum") and not ctype.pointers):
                        self._typedefs.setdefault(name, ctype)

    def _add_struct(self, parsed: Parsed, item: Node, node: Node) -> None:
        body = node.child("body")
        if body is None or node.kind == "enum_specifier":
            return
        keyword = node.kind.split("_")[0]
        names = []
        tag = node.child("name")
        if tag is not None:
            names.append(f"{keyword} {tag.str}")
        elif node.parent is item and future_tag(item) is not None:
            names.append(base_type(item))
        if item.kind == "type_definition" and node.parent is item:
            names += [d.name.str for d in declarators(item) if not d.ctype.pointers]
        head = _HEAD.match(_COMMENT.sub(b" ", parsed.source.data[body.start : body.end]))
        struct = Struct(
            tuple(names),
            parsed.source.path,
            node.start,
            item.end,
            tuple(_fields(parsed, body)),
            head is not None,
            node,
        )
        self.definitions.append(struct)
        for name in names:
            self._by_name[name] = struct
            self.ends[name] = (parsed.source.path, item.start, item.end)

    def resolve(self, ctype: CType) -> CType:
        """The type below typedefs."""
        for _ in range(20):
            under = self._typedefs.get(ctype.base)
            if under is None:
                return ctype
            ctype = CType(
                under.base,
                under.pointers + ctype.pointers,
                under.arrays + ctype.arrays,
                ctype.function_pointer or under.function_pointer,
                ctype.const or under.const,
                steps=joined(ctype.steps, under.steps),
            )
        return ctype

    def struct(self, ctype: CType) -> Struct | None:
        """The struct that a value, or what a pointer points to, is made of."""
        return self._by_name.get(ctype.base) or self._by_name.get(self.resolve(ctype).base)

    def names(self) -> set[str]:
        """Every struct, union and typedef name as it is written in a declaration."""
        return self._by_name.keys() | self._typedefs.keys()

    def is_object(self, base: str) -> bool:
        """A struct that begins as a Python object."""
        if _API_OBJECT.fullmatch(base) and base not in NOT_OBJECTS:
            return True
        struct = self._by_name.get(base)
        if struct is not None:
            return struct.head or self._embeds_object(struct)
        under = self.resolve(CType(base))
        return under.base != base and not under.pointers and self.is_object(under.base)

    def _embeds_object(self, struct: Struct) -> bool:
        """A subclass layout: the first member is itself an object struct."""
        first = struct.fields[0].ctype if struct.fields else None
        if first is None or first.pointers or first.arrays or first.base in struct.names:
            return False
        return self.is_object(first.base)

    def is_object_pointer(self, ctype: CType) -> bool:
        under = self.resolve(ctype)
        if under.function_pointer:
            return False
        return under.pointers == 1 and self.is_object(under.base)

    def object_members(self, ctype: CType) -> Iterator[str]:
        """Paths (``.a``, ``.b.c``, ``.d[*]``) of the object pointers inside a struct value."""
        struct = None if self.resolve(ctype).pointers else self.struct(ctype)
        for each in struct.fields if struct is not None else ():
            place = f".{each.name}{'[*]' * len(self.resolve(each.ctype).arrays)}"
            if self.is_object_pointer(each.ctype):
                yield place
            elif not each.ctype.pointers and each.ctype.base not in (
                struct.names if struct else ()
            ):
                yield from (f"{place}{rest}" for rest in self.object_members(each.ctype))

    def holds_union(self, ctype: CType) -> bool:
        """Whether an object pointer inside a struct value shares its place with something else."""
        struct = None if self.resolve(ctype).pointers else self.struct(ctype)
        if struct is None or not self.holds_objects(ctype):
            return False
        return struct.node.kind == "union_specifier" or any(
            self.holds_union(each.ctype) for each in struct.fields
        )

    def holds_objects(self, ctype: CType) -> bool:
        return next(self.object_members(ctype), None) is not None


def _enumerators(item: Node) -> Iterator[str]:
    if item.kind == "expression_statement":
        return
    node = item if item.kind == "enum_specifier" else item.child("type")
    body = node.child("body") if node is not None and node.kind == "enum_specifier" else None
    for each in body.named if body is not None else ():
        name = each.child("name") if each.kind == "enumerator" else None
        if name is not None:
            yield name.str


def _struct_nodes(item: Node) -> Iterator[Node]:
    if item.kind in ("struct_specifier", "union_specifier"):
        yield item
    elif item.kind in ("declaration", "type_definition"):
        node = item.child("type")
        if node is not None and node.kind in ("struct_specifier", "union_specifier"):
            yield node
    else:
        return
    body = item.child("body")
    for node in body.of_kind("struct_specifier", "union_specifier") if body is not None else ():
        if node.child("body") is not None:
            yield node


def _fields(parsed: Parsed, body: Node) -> Iterator[Field]:
    for child in body.named:
        if child.kind != "field_declaration":
            continue
        conditions = parsed.conditions(child.start)
        for declarator in declarators(child):
            ctype = declarator.ctype
            if ctype.base in ("struct", "union"):
                ctype = CType(
                    base_type(child), ctype.pointers, ctype.arrays, ctype.function_pointer,
                    steps=ctype.steps,
                )  # fmt: skip
            yield Field(declarator.name.str, ctype, conditions)
