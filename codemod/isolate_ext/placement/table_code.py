"""Code that only fills tables: it reads constants, and calls nothing that may answer otherwise."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cached_property

import msgspec

from isolate_ext.capi.foreign_calls import PURE
from isolate_ext.model.declarators import declarators, declared_in
from isolate_ext.model.entities import Definition, Kind
from isolate_ext.model.extension import Extension
from isolate_ext.model.shapes import is_number
from isolate_ext.placement.writes import Writers
from isolate_ext.syntax import Node

_WORD = re.compile(rb"(?P<member>(?:->|\.)\s*)?\b(?P<name>[A-Za-z_]\w*)\b(?P<call>\s*\()?")
_HARMLESS = frozenset(
    "auto break case char const continue default do double else enum extern float for if int long "
    "register return short signed sizeof static struct switch union unsigned void volatile while "
    "inline NULL true false".split()
)
_LEAVING = frozenset(("return", "goto"))
_CONSTANT = re.compile(r"_?(?:Py_)?[A-Z][A-Z0-9_]*")
_STEADY = (Kind.CONSTANT, Kind.PLAIN, Kind.FUNCTION_POINTER)
_Piece = tuple[Definition, int, int]


class _Declared(msgspec.Struct, frozen=True):
    """A name that a function declares at ``start``, and where else it stands there.

    A ``plain`` one has no value before something is stored there.
    """

    name: str
    start: int
    plain: bool
    offsets: list[int]


class Reach(msgspec.Struct):
    """What a piece of code names: own routines by key, in all depth, and tables that it fills."""

    routines: set[str] = msgspec.field(default_factory=set)
    tables: set[str] = msgspec.field(default_factory=set)


class TableCode:
    """Judges spans of one function; ``tables`` are the variables that may be filled there."""

    def __init__(
        self, extension: Extension, writers: Writers, function: Definition, tables: Collection[str]
    ) -> None:
        self.extension = extension
        self.writers = writers
        self.function = function
        self.tables = tables

    def reach(self, start: int, end: int) -> Reach | None:
        """What a span of the function names; None where it may do more than fill tables."""
        found = Reach()
        own = self._locals(start, end)
        pieces: list[_Piece] = [(self.function, start, end)]
        names: set[tuple[str, str, bool]] = set()
        while pieces:
            routine, first, last = pieces.pop()
            leaves = routine.is_macro or routine is self.function
            own |= set() if routine is self.function else self._names_of(routine)
            for name, called in self._words(routine, first, last):
                if leaves and name in _LEAVING:
                    return None
                names.add((routine.path, name, called))
                pieces += self._follow(routine.path, name, found)
        if all(
            name in own or self._allowed(path, name, called, found) for path, name, called in names
        ):
            return found
        return None

    def _words(self, routine: Definition, start: int, end: int) -> Iterator[tuple[str, bool]]:
        scan = self.extension.files[routine.path].scan
        text = scan.body_skeleton if routine.is_macro else scan.skeleton
        for match in _WORD.finditer(text, start, end):
            if not match["member"]:
                yield match["name"].decode(), bool(match["call"])

    def _locals(self, start: int, end: int) -> set[str]:
        """Names that the span declares, and those declared before that nothing else uses."""
        return {
            each.name
            for each in self._declared
            if start <= each.start < end
            or (each.plain and all(start <= offset < end for offset in each.offsets))
        }

    @cached_property
    def _declared(self) -> list[_Declared]:
        """What the function declares."""
        node, parsed = self.function.node, self.extension.files[self.function.path]
        first, last = self.function.start, self.function.end
        return [
            _Declared(
                each.name.str,
                declaration.start,
                not (each.initialiser or "static" in declaration.str),
                [
                    offset
                    for offset in parsed.occurrences(each.name.str)
                    if first <= offset < last and offset != each.name.start
                ],
            )
            for declaration, declared in (declared_in(parsed, node) if node is not None else ())
            for each in declared
        ]

    def _names_of(self, routine: Definition) -> set[str]:
        """Parameters and names that a function or macro declares itself."""
        found = {each.name for each in routine.parameters if each.name}
        node: Node | None = routine.node
        if routine.macro is not None:
            node = self.extension.files[routine.path].macro_body(routine.macro)
        for each in node.of_kind("declaration") if node is not None else ():
            if routine.body[0] <= each.start < routine.body[1]:
                found |= {declarator.name.str for declarator in declarators(each)}
        return found

    def _follow(self, path: str, name: str, found: Reach) -> list[_Piece]:
        """The bodies that a name may stand for, once each."""
        pieces: list[_Piece] = []
        for each in (f"#{name}", name):
            routine = self.extension.routine_named(each, path)
            if routine is not None and routine.definitions and routine.key not in found.routines:
                found.routines.add(routine.key)
                pieces += [(one, *one.body) for one in routine.definitions]
        return pieces

    def _allowed(self, path: str, name: str, called: bool, found: Reach) -> bool:
        if name in _HARMLESS or name in PURE or self._reached(path, name, found):
            return True
        variable = None if called else self.extension.variable_named(name, path)
        if called or variable is None:
            ends = self.extension.structs.ends
            known = is_number(name) or name in ends or f"struct {name}" in ends
            return not called and (known or _CONSTANT.fullmatch(name) is not None)
        if variable.key in self.tables:
            found.tables.add(variable.key)
            return True
        return variable.kind in _STEADY and not self.writers.of(variable)

    def _reached(self, path: str, name: str, found: Reach) -> bool:
        routines = [self.extension.routine_named(each, path) for each in (f"#{name}", name)]
        return any(each is not None and each.key in found.routines for each in routines)
