"""Function pointers of the extension's own: the places that hold them, joined into channels.

A place is a member of an own struct, a parameter of an own function, a local variable, or a
typedef that such places are declared with.  Places among which values are copied form a channel.
A channel is closed where every value that enters it is an own function or another of its places,
and every value that leaves it is called or compared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from isolate_ext.model.declarators import Declarator, declarators, declared_in
from isolate_ext.model.entities import CType, Definition, Parameter, Routine, Struct
from isolate_ext.model.expressions import field_of
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node

Place = str


class Signature(msgspec.Struct, frozen=True):
    """A parameter list of a function pointer type, parentheses included; ``named`` has names."""

    path: str
    start: int
    end: int
    named: bool


class IndirectCall(msgspec.Struct, frozen=True, eq=False):
    """A call through a place."""

    path: str
    call: Node
    inside: Definition


class Channel(msgspec.Struct, eq=False):
    """Places joined by copies.

    ``routines`` are the functions that enter, ``stores`` where their names stand as (path, offset).
    ``problem`` is (path, offset, why) where the channel is not closed.
    """

    routines: set[str] = msgspec.field(default_factory=set)
    signatures: set[Signature] = msgspec.field(default_factory=set)
    calls: list[IndirectCall] = msgspec.field(default_factory=list)
    stores: set[tuple[str, int]] = msgspec.field(default_factory=set)
    problem: tuple[str, int, str] | None = None

    def absorb(self, other: Channel) -> None:
        """Take over all of a channel that turned out to be the same."""
        self.routines |= other.routines
        self.signatures |= other.signatures
        self.calls += other.calls
        self.stores |= other.stores
        self.problem = self.problem or other.problem


class Places:
    """Every place of an extension that is declared as a function pointer."""

    def __init__(self, extension: Extension) -> None:
        self.extension = extension
        self.members: dict[str, list[tuple[Struct, Place]]] = {}
        self.takers: set[str] = set()
        """Names of the functions with a parameter that is a place."""
        self.holders: set[Definition] = set()
        """Functions with a parameter or a local variable that is a place."""
        self._parents: dict[Place, Place] = {}
        self._channels: dict[Place, Channel] = {}
        self._typedefs()
        self._local_pointer = self._pattern()
        for struct in extension.structs.definitions:
            self._members_of(struct)
        for routine in extension.routines.values():
            self._parameters(routine)
            for definition in routine.definitions:
                if definition.node is not None:
                    self._locals(definition, definition.node)

    def __contains__(self, place: Place) -> bool:
        return place in self._parents

    def channel(self, place: Place) -> Channel:
        return self._channels[self._root(place)]

    def channels(self) -> list[Channel]:
        return list(self._channels.values())

    def join(self, left: Place, right: Place) -> None:
        left, right = self._root(left), self._root(right)
        if left != right:
            self._parents[right] = left
            self._channels[left].absorb(self._channels.pop(right))

    def open(self, place: Place, path: str, at: int, why: str) -> None:
        """Something that is not seen may put a function there, or call one."""
        channel = self.channel(place)
        channel.problem = channel.problem or (path, at, why)

    def member(self, struct: Struct, name: str) -> Place | None:
        return next((place for owner, place in self.members.get(name, ()) if owner is struct), None)

    def of_struct(self, struct: Struct) -> list[Place]:
        return [
            place for found in self.members.values() for owner, place in found if owner is struct
        ]

    def named_by(self, path: str, inside: Definition | None, node: Node) -> Place | None:
        """The place that an expression names."""
        if node.kind == "field_expression":
            return self._member_named(path, inside, node)
        if node.kind != "identifier" or inside is None:
            return None
        local = f"local:{inside.path}:{inside.start}:{node.str}"
        if local in self:
            return local
        for index, parameter in enumerate(inside.parameters):
            if parameter.name == node.str:
                place = f"parameter:{inside.routine}:{index}"
                return place if place in self else None
        return None

    def _member_named(self, path: str, inside: Definition | None, node: Node) -> Place | None:
        name = node.child("field")
        found = self.members.get(name.str, []) if name is not None else []
        if name is None or not found:
            return None
        shared = [
            struct for struct in self.extension.structs.definitions
            if any(each.name == name.str for each in struct.fields)
        ]  # fmt: skip
        if len(shared) == 1:
            return found[0][1]
        member = field_of(self.extension, inside, path, node)
        return next((p for s, p in found if member is not None and member in s.fields), None)

    def _root(self, place: Place) -> Place:
        while (above := self._parents[place]) != place:
            place = above
        return place

    def _add(self, place: Place, path: str, declarator: Declarator) -> None:
        """One declared through a typedef shares the typedef's channel."""
        if place not in self._parents:
            self._parents[place] = place
            self._channels[place] = Channel()
        base = f"type:{declarator.ctype.base}"
        if declarator.parameters is not None:
            self._sign(place, path, declarator.parameters)
        elif base in self._parents:
            self.join(base, place)
        else:
            self.open(place, path, declarator.node.start, "its type is declared elsewhere")

    def _sign(self, place: Place, path: str, parameters: Node) -> None:
        listed = [each for each in parameters.named if each.kind == "parameter_declaration"]
        named = any(next(declarators(each), None) is not None for each in listed)
        self.channel(place).signatures.add(Signature(path, parameters.start, parameters.end, named))

    def _is_pointer(self, declarator: Declarator) -> bool:
        if declarator.parameters is not None:
            return declarator.ctype.function_pointer
        return self.extension.structs.resolve(declarator.ctype).function_pointer

    def _typedefs(self) -> None:
        for path, parsed in self.extension.files.items():
            for item in parsed.items():
                for found in declarators(item) if item.kind == "type_definition" else ():
                    if found.parameters is not None:
                        self._add(f"type:{found.name.str}", path, found)

    def _members_of(self, struct: Struct) -> None:
        body = struct.node.child("body")
        for child in body.named if body is not None else ():
            for found in declarators(child) if child.kind == "field_declaration" else ():
                if self._is_pointer(found):
                    name = found.name.str
                    place = f"member:{struct.path}:{struct.start}:{name}"
                    self._add(place, struct.path, found)
                    self.members.setdefault(name, []).append((struct, place))

    def _parameters(self, routine: Routine) -> None:
        heads = [(d.path, d.node) for d in routine.definitions if d.node is not None]
        lists = [each.parameters for each in routine.definitions]
        lists += [each.parameters for each in routine.prototypes]
        if not any(map(self._takes, lists)):
            return
        for prototype in routine.prototypes:
            items = self.extension.files[prototype.path].items()
            heads += [(prototype.path, each) for each in items if each.start == prototype.start]
        for path, head in heads if routine.definitions else ():
            for function in declarators(head):
                if function.name.str == routine.name and function.parameters is not None:
                    self._parameter_list(routine, path, function.parameters)

    def _takes(self, parameters: Sequence[Parameter]) -> bool:
        resolve = self.extension.structs.resolve
        return any(resolve(each.ctype).function_pointer for each in parameters)

    def _parameter_list(self, routine: Routine, path: str, parameters: Node) -> None:
        listed = [each for each in parameters.named if each.kind == "parameter_declaration"]
        for index, child in enumerate(listed):
            found = next(declarators(child), None)
            if found is not None and self._is_pointer(found):
                self._add(f"parameter:{routine.key}:{index}", path, found)
                self.takers.add(routine.name)
                self.holders.update(routine.definitions)

    def _pattern(self) -> re.Pattern[bytes]:
        """What stands in a function that declares a function pointer."""
        structs = self.extension.structs
        types = [name for name in structs.names() if structs.resolve(CType(name)).function_pointer]
        named = [rf"\b{re.escape(name)}\b" for name in sorted(types)]
        return re.compile("|".join([r"\(\s*(?:\w+\s+)?\*", *named]).encode())

    def _locals(self, definition: Definition, node: Node) -> None:
        code = self.extension.files[definition.path].scan.code
        if not self._local_pointer.search(code, *definition.body):
            return
        for _, declared in declared_in(self.extension.files[definition.path], node):
            for found in declared:
                if not found.is_function and self._is_pointer(found):
                    place = f"local:{definition.path}:{definition.start}:{found.name.str}"
                    self._add(place, definition.path, found)
                    self.holders.add(definition)
