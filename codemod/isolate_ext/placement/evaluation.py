"""What one expression does to references: the C API, own functions and macros."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from isolate_ext.capi.ownership import (
    BORROWED,
    BUILDS,
    IMMORTAL_SINGLETONS,
    INCREF,
    LENDS,
    NEW_REFERENCE,
    RELEASE,
    REPLACE,
    STEALS,
    STEALS_ON_SUCCESS,
)
from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.placement.refcounts import FRESH, KEPT, NOTHING, Event, Loss, Path, place
from isolate_ext.syntax import Node

_DEEPEST = 5
_LEAVING = ("goto_statement", "return_statement", "break_statement", "continue_statement")
_KNOWN = INCREF | RELEASE | REPLACE | NEW_REFERENCE | STEALS.keys() | {"Py_CLEAR"}
_LENT = re.compile(r"PyExc_\w+|_?Py\w+_Type")
_UNITS = re.compile(r"[A-Za-z][#*!&]?")


class Frame(msgspec.Struct, frozen=True):
    """Where an expression stands: its file, and the arguments of the macro that it is in.

    ``outer`` is the use of that macro in the text of the function.
    """

    path: str
    arguments: dict[str, tuple[Node, Frame]]
    outer: Node | None = None
    depth: int = 0


class Knowledge(Protocol):
    """What an expression is judged by.

    ``owned`` says of a place whether it owns its object at the function's entry and exit,
    ``holds`` of an array or a struct whether it has such places, ``follows`` of a place whether
    it matters what it holds; the others tell what a call of an own function does.
    """

    extension: Extension
    owned: Callable[[str], bool]
    holds: Callable[[str], bool]

    def follows(self, name: str) -> bool: ...

    def lends(self, key: str) -> bool: ...

    def takes(self, key: str, index: int) -> bool: ...

    def fills(self, key: str, index: int) -> bool | None: ...

    def fails(self, key: str) -> bool: ...


class Evaluation:
    """One expression on one path."""

    def __init__(self, knowledge: Knowledge, path: Path, frame: Frame) -> None:
        self.knowledge = knowledge
        self.path = path
        self.frame = frame

    def of(self, node: Node) -> int | None:
        """The value of an expression, its effects made; None where it is of no interest."""
        bare = strip_casts(node)
        if bare.str == "NULL":
            return NOTHING
        if bare.kind == "call_expression":
            return self._call(bare)
        if bare.kind == "assignment_expression":
            return self._assign(bare)
        if bare.kind == "conditional_expression":
            return self._either(bare)
        if bare.kind == "declaration":
            self._declare(bare)
            return None
        if bare.kind in ("identifier", "field_expression", "subscript_expression"):
            return self._read(bare)
        if bare.kind == "pointer_expression" and (
            bare.text[:1] == b"*" or self.knowledge.owned(place(bare))
        ):
            return self._read(bare)
        if bare.kind == "if_statement":
            self._stay(bare)
            return None
        found: int | None = None
        for child in bare.named:
            found = self.of(child)
        return found if bare.kind in ("expression_statement", "comma_expression") else None

    def _stay(self, node: Node) -> None:
        """An `if` of a macro: what does not leave, which something that fails does."""
        for child in node.named:
            if not child.of_kind(*_LEAVING):
                self.of(child)

    def place(self, node: Node) -> str:
        """The name of a place, arguments of the macro put in."""
        bare = strip_casts(node)
        given = self.frame.arguments.get(bare.str)
        if given is not None:
            return Evaluation(self.knowledge, self.path, given[1]).place(given[0])
        return self._pointed(place(bare))

    def _pointed(self, name: str) -> str:
        """The same with a pointer into a known array or struct replaced by that."""
        match = re.match(r"\*?(\w+)(->|\[|$)", name)
        base = self.path.pointers.get(match[1]) if match is not None else None
        if match is None or base is None:
            return name
        tail = name[match.end(1) :].replace("->", "[*].", 1)
        return base + (tail or "[*]")

    def _note(self, name: str, value: Node, since: int) -> None:
        """That a variable says how a call ended, or points into what has places that own."""
        bare = strip_casts(value)
        lost = self.path.tentative(since)
        if lost:
            self.path.outcomes[name] = lost
        inner = bare.child("argument") if bare.kind == "pointer_expression" else bare
        base = re.sub(r"(\[[^\]]*\]|[+].*)$", "", place(inner)) if inner is not None else ""
        if base and self.knowledge.holds(base):
            self.path.pointers[name] = base

    def _read(self, node: Node) -> int | None:
        given = self.frame.arguments.get(node.str)
        if given is not None:
            return Evaluation(self.knowledge, self.path, given[1]).of(given[0])
        name = self._pointed(place(node))
        if name in IMMORTAL_SINGLETONS or _LENT.fullmatch(name):
            return KEPT
        if not self.knowledge.follows(name):
            return None
        if name not in self.path.held:
            value = self.path.value(1 if self.knowledge.owned(name) else 0)
            self.path.held[name] = self.path.origin[name] = value
        return self.path.held[name]

    def _assign(self, node: Node) -> int | None:
        left, right = node.child("left"), node.child("right")
        if left is None or right is None:
            return None
        return self._store(left, self.place(left), right)

    def _declare(self, node: Node) -> None:
        for each in declarators(node):
            if each.initialiser is not None:
                self._store(each.name, each.name.str, each.initialiser)

    def _store(self, target: Node, name: str, source: Node) -> int | None:
        since = len(self.path.events)
        value = self.of(source)
        self._note(place(target), source, since)
        if not self.knowledge.follows(name):
            return value
        if value is None:
            self.path.held.pop(name, None)
            return None
        if value in (FRESH, KEPT):
            value = self._object(value, strip_casts(source))
        self.path.held[name] = value
        return value

    def _object(self, value: int, source: Node) -> int:
        """What is worth following from now on: an object that was just got."""
        found = self.path.value(1 if value == FRESH else 0)
        if value == FRESH and self.lent(source):
            self._lose(Loss.LENT, source, found, None)
        return found

    def lent(self, call: Node) -> bool:
        """Whether a call returns an object without a reference to it."""
        callee = call.child("function")
        if callee is None:
            return False
        own = self.knowledge.extension.routine_named(callee.str, self.frame.path)
        if own is not None:
            return self.knowledge.lends(own.key)
        return callee.str in BORROWED

    def _either(self, node: Node) -> int | None:
        arms = [node.child("consequence"), node.child("alternative")]
        condition = node.child("condition")
        if condition is not None:
            self.of(condition)
        values = [self.of(arm) for arm in arms if arm is not None]
        known = [each for each in values if each is not None]
        return min(known, key=self._references, default=None)

    def _references(self, value: int) -> int:
        known = {NOTHING: 9, FRESH: 1, KEPT: 0}
        return known[value] if value in known else self.path.counts[value]

    def _call(self, node: Node) -> int | None:
        callee, arguments = node.child("function"), node.child("arguments")
        if callee is None or arguments is None:
            return None
        name = callee.str
        known = name in _KNOWN
        if not known and self.knowledge.extension.routine_named(f"#{name}", self.frame.path):
            return self._macro(name, node, arguments)
        if name in ("Py_CLEAR", *REPLACE) and arguments.named:
            self._replace(name, arguments.named)
            return None
        values = [self.of(each) for each in arguments.named]
        first = values[0] if values else None
        if name in INCREF | NEW_REFERENCE:
            self.path.add(first, 1)
            return first
        if name in RELEASE:
            self._lose(Loss.RELEASED, node, first, arguments.named[0] if first else None)
            return None
        self._fill(name, node, arguments)
        for index in self._taken(name, arguments, values):
            tentative = self._tentative(name)
            self._lose(Loss.STOLEN, node, values[index], arguments.named[index], tentative)
        return FRESH

    def _tentative(self, name: str) -> bool:
        own = self.knowledge.extension.routine_named(name, self.frame.path)
        return name in STEALS_ON_SUCCESS | LENDS or (
            own is not None and self.knowledge.fails(own.key)
        )

    def _taken(self, name: str, arguments: Node, values: list[int | None]) -> Iterator[int]:
        """Positions of the arguments whose references a call takes over."""
        own = self.knowledge.extension.routine_named(name, self.frame.path)
        known = _stolen(name, arguments)
        for index, value in enumerate(values):
            if value is None or value <= NOTHING:
                continue
            if index in known or (own is not None and self.knowledge.takes(own.key, index)):
                yield index

    def _lose(
        self, loss: Loss, node: Node, value: int | None, what: Node | None, tentative: bool = False
    ) -> None:
        if value is None or value <= NOTHING:
            return
        name = self.place(what) if what is not None else ""
        outer = self.frame.outer or node
        self.path.lose(Event(loss, node, value, what, name, outer, tentative))

    def _replace(self, name: str, arguments: list[Node]) -> None:
        """`Py_CLEAR(place)` and `Py_SETREF(place, value)`."""
        self.path.add(self.of(arguments[0]), -1)
        target = self.place(arguments[0])
        if name in REPLACE and len(arguments) > 1:
            self._store(arguments[0], target, arguments[1])
        elif self.knowledge.follows(target):
            self.path.held[target] = NOTHING

    def _fill(self, name: str, call: Node, arguments: Node) -> None:
        """Places whose address a call gets to store an object there, if it is known which."""
        own = self.knowledge.extension.routine_named(name, self.frame.path)
        for index, argument in enumerate(arguments.named):
            bare = strip_casts(argument)
            inner = bare.child("argument") if bare.kind == "pointer_expression" else None
            if inner is None or bare.text[:1] != b"&":
                continue
            target = self.place(inner)
            if not self.knowledge.follows(target):
                continue
            brings: bool | None = None
            if own is not None:
                brings = self.knowledge.fills(own.key, index)
            elif name in LENDS and "O&" not in arguments.str:
                brings = False
            if brings is not None:
                self.path.held[target] = found = self.path.value(1)
                if not brings:
                    self._lose(Loss.LENT, call, found, None, self._tentative(name))

    def _macro(self, name: str, call: Node, arguments: Node) -> int | None:
        """The body of a macro, with its arguments in the places of its parameters."""
        extension, frame = self.knowledge.extension, self.frame
        routine = extension.routine_named(f"#{name}", frame.path)
        definition = (
            routine.definitions[-1] if routine is not None and routine.definitions else None
        )
        if definition is None or definition.macro is None or frame.depth > _DEEPEST:
            return None
        body = extension.files[definition.path].macro_body(definition.macro)
        if body is None:
            return None
        given = {
            parameter.name or "": (argument, frame)
            for parameter, argument in zip(definition.parameters, arguments.named, strict=False)
        }
        deeper = Frame(definition.path, given, frame.outer or call, frame.depth + 1)
        inner = Evaluation(self.knowledge, self.path, deeper)
        at, end = definition.body
        found: int | None = None
        for child in body.descendants():
            if at <= child.start and child.end <= end:
                found = inner.of(child)
                at = child.end
        return found


def _stolen(name: str, arguments: Node) -> tuple[int, ...]:
    """Positions of the arguments whose references a call of the C API takes over."""
    at = BUILDS.get(name)
    if at is None:
        return STEALS.get(name, ())
    if at >= len(arguments.named) or "N" not in arguments.named[at].str:
        return ()
    units = _UNITS.findall(arguments.named[at].str)
    return tuple(at + 1 + index for index, unit in enumerate(units) if unit == "N")
