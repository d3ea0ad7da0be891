"""References that a function takes and gives away, path by path.

A place is an expression that holds an object, as written: ``Error``, ``state->Error``, ``*found``.
What is not known is taken to be balanced, so a shortage that is found is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import ClassVar

import msgspec

from isolate_ext.model.entities import strip_casts
from isolate_ext.syntax import Node

NOTHING = 0
"""The value of NULL."""

FRESH = -1
"""The value of a call that is not stored yet."""

KEPT = -2
"""The value of an object that the interpreter keeps."""

_PATHS = 64
_FAILURE = re.compile(r"NULL|-\s*1|\(\s*-\s*1\s*\)")
_SUCCESS = re.compile(r">=\s*0|==\s*0")


class Loss(Enum):
    """Why a reference is not there."""

    STOLEN = "a call takes it over"
    RELEASED = "it is released"
    LENT = "the object came without one"
    RETURNED = "the caller gets it"


class Event(msgspec.Struct, frozen=True):
    """A reference that was not kept: in which call, of which value.

    ``what`` is the expression that names the value, if any, and ``place`` the place it stands for;
    ``outer`` is the node in the text of the function, a use of a macro where that does it;
    ``tentative`` says that a call that fails does not do it.
    """

    loss: Loss
    node: Node
    value: int
    what: Node | None
    place: str
    outer: Node
    tentative: bool


class Path(msgspec.Struct):
    """One way through a function so far: which value each place holds, and its references.

    ``origin`` is what a place held at the entry, ``pointers`` the array or struct of places that a
    variable points into, ``outcomes`` what was lost only if a variable says success.
    """

    held: dict[str, int] = msgspec.field(default_factory=dict)
    counts: dict[int, int] = msgspec.field(default_factory=lambda: {NOTHING: 0})
    origin: dict[str, int] = msgspec.field(default_factory=dict)
    pointers: dict[str, str] = msgspec.field(default_factory=dict)
    outcomes: dict[str, list[Event]] = msgspec.field(default_factory=dict)
    events: list[Event] = msgspec.field(default_factory=list)

    def copy(self) -> Path:
        return Path(
            dict(self.held),
            dict(self.counts),
            dict(self.origin),
            dict(self.pointers),
            dict(self.outcomes),
            list(self.events),
        )

    def value(self, count: int) -> int:
        """A new object of which so many references are at hand."""
        number = len(self.counts)
        self.counts[number] = count
        return number

    def add(self, value: int | None, by: int) -> None:
        if value is not None and value > NOTHING:
            self.counts[value] += by

    def lose(self, event: Event) -> None:
        self.add(event.value, -1)
        self.events.append(event)

    def tentative(self, since: int) -> list[Event]:
        """Losses that did not happen if what was done since then has failed."""
        return [event for event in self.events[since:] if event.tentative]

    def regain(self, lost: Iterable[Event]) -> None:
        for event in lost:
            if event in self.events:
                self.events.remove(event)
                self.add(event.value, 1)

    def overwrites(self, name: str) -> bool:
        """Whether a place lost what it held at the entry without a release."""
        value = self.origin.get(name)
        if value is None:
            return name in self.held
        return self.counts[value] > 0 and value not in self.held.values()

    def sets(self, name: str) -> bool:
        """Whether a place got an object that it did not hold at the entry."""
        return self.held.get(name, NOTHING) not in (NOTHING, self.origin.get(name))

    def same(self) -> object:
        return tuple(sorted(self.held.items())), tuple(self.counts.items())


class Exit(msgspec.Struct, frozen=True):
    """An end of a path: the `return`, None for the end of the body, and what it returns."""

    node: Node | None
    path: Path
    value: int | None
    failing: bool


Evaluate = Callable[[Path, Node], int | None]


class Walk:
    """Runs the statements of a body over all paths; ``evaluate`` has the effects of expressions."""

    def __init__(self, evaluate: Evaluate, pointer: bool) -> None:
        self.evaluate = evaluate
        self.pointer = pointer
        self.exits: list[Exit] = []
        self._labels: dict[str, list[Path]] = {}
        self._leaving: list[list[Path]] = []

    def body(self, node: Node, start: Path) -> list[Exit]:
        for path in self._run([start], node):
            self.exits.append(Exit(None, path, None, False))
        return self.exits

    def _run(self, paths: list[Path], node: Node) -> list[Path]:
        act = self._ACTS.get(node.kind)
        if act is not None:
            return act(self, paths, node)
        for path in paths:
            self.evaluate(path, node)
        return paths

    def _sequence(self, paths: list[Path], node: Node) -> list[Path]:
        for child in node.named:
            paths = few(self._run(paths, child))
        return paths

    def _if(self, paths: list[Path], node: Node) -> list[Path]:
        condition = node.child("condition")
        then, otherwise = node.child("consequence"), node.child("alternative")
        if condition is None or then is None:
            return paths
        yes, no = self._branch(paths, condition)
        after = self._run(few(yes), then)
        return few(after + (self._run(few(no), otherwise) if otherwise is not None else no))

    def _branch(self, paths: list[Path], condition: Node) -> tuple[list[Path], list[Path]]:
        """The paths on which a condition holds, and those on which it does not."""
        node = strip_casts(condition)
        sign = node.child("operator")
        argument = node.child("argument")
        left, right = node.child("left"), node.child("right")
        if node.kind == "unary_expression" and node.text[:1] == b"!" and argument is not None:
            yes, no = self._branch(paths, argument)
            return no, yes
        if sign is not None and sign.str in ("&&", "||") and left is not None and right is not None:
            yes, no = self._branch(paths, left)
            more, less = self._branch(yes if sign.str == "&&" else no, right)
            return (more, no + less) if sign.str == "&&" else (yes + more, less)
        return self._test(paths, node)

    def _test(self, paths: list[Path], node: Node) -> tuple[list[Path], list[Path]]:
        yes: list[Path] = []
        no: list[Path] = []
        noted = any(path.outcomes for path in paths)
        names = {each.str for each in node.of_kind("identifier")} if noted else set()
        for path in paths:
            since = len(path.events)
            self.evaluate(path, node)
            failed = path.copy()
            failed.regain(path.tentative(since))
            for name in names & path.outcomes.keys():
                failed.regain(path.outcomes[name])
            succeeded = _SUCCESS.search(node.str) is not None
            yes += _assume(path if succeeded else failed, node, True)
            no += _assume(failed if succeeded else path, node, False)
        return yes, no

    def _return(self, paths: list[Path], node: Node) -> list[Path]:
        value = node.named[0] if node.named else None
        text = strip_casts(value).str if value is not None else ""
        failing = _FAILURE.fullmatch(text) is not None or (self.pointer and text == "0")
        for path in paths:
            found = self.evaluate(path, value) if value is not None else None
            self.exits.append(Exit(node, path, found, failing or found == NOTHING))
        return []

    def _goto(self, paths: list[Path], node: Node) -> list[Path]:
        label = node.child("label")
        if label is not None:
            self._labels.setdefault(label.str, []).extend(paths)
        return []

    def _label(self, paths: list[Path], node: Node) -> list[Path]:
        label = node.child("label")
        arriving = self._labels.get(label.str, []) if label is not None else []
        paths = few(paths + arriving)
        for child in node.named:
            if child is not label:
                paths = self._run(paths, child)
        return paths

    def _leave(self, paths: list[Path], node: Node) -> list[Path]:
        if self._leaving:
            self._leaving[-1].extend(paths)
        return []

    def _switch(self, paths: list[Path], node: Node) -> list[Path]:
        condition, body = node.child("condition"), node.child("body")
        for path in paths if condition is not None else ():
            assert condition is not None
            self.evaluate(path, condition)
        self._leaving.append([])
        falling: list[Path] = []
        for case in body.named if body is not None else ():
            entering = [path.copy() for path in paths] if case.kind == "case_statement" else []
            falling = few(self._run(few(entering + falling), case))
        return few(falling + self._leaving.pop() + paths)

    def _loop(self, paths: list[Path], node: Node) -> list[Path]:
        """The body runs once: each turn is taken to be like the first."""
        self._leaving.append([])
        for child in node.named:
            paths = self._run(paths, child)
        return few(paths + self._leaving.pop())

    _ACTS: ClassVar[Mapping[str, Callable[[Walk, list[Path], Node], list[Path]]]] = {
        "compound_statement": _sequence,
        "case_statement": _sequence,
        "else_clause": _sequence,
        "if_statement": _if,
        "return_statement": _return,
        "goto_statement": _goto,
        "labeled_statement": _label,
        "break_statement": _leave,
        "continue_statement": _leave,
        "switch_statement": _switch,
        "while_statement": _loop,
        "do_statement": _loop,
        "for_statement": _loop,
    }


def few(paths: Iterable[Path]) -> list[Path]:
    """Different paths, and not too many."""
    found: dict[object, Path] = {}
    known = list(paths)
    if len(known) < 2:
        return known
    for path in known:
        found.setdefault(path.same(), path)
    return list(found.values())[:_PATHS]


def place(node: Node) -> str:
    """An expression as the name of a place, without white space."""
    return "".join(strip_casts(node).str.split())


def any_index(tail: str) -> str:
    """The parts of a place behind its root, whatever the index: ``.d[i]`` is ``.d[*]``."""
    return re.sub(r"\[[^\]]*\]", "[*]", tail)


def _assume(path: Path, condition: Node, truth: bool) -> Iterator[Path]:
    """The path with what a condition says of NULL; nothing where it cannot be taken."""
    for name, null in nulls(condition, truth):
        value = path.held.get(name)
        if value is None:
            continue
        if null:
            path.held.update((each, NOTHING) for each, other in path.held.items() if other == value)
            path.counts[value] = 0
        elif value == NOTHING:
            return
    yield path


def nulls(condition: Node, truth: bool) -> Iterator[tuple[str, bool]]:
    """Places that a condition compares with NULL, and whether they are NULL then."""
    node = strip_casts(condition)
    if node.kind == "binary_expression":
        left, right, sign = node.child("left"), node.child("right"), node.child("operator")
        if left is None or right is None or sign is None or sign.str not in ("==", "!="):
            return
        sides = [strip_casts(each) for each in (left, right)]
        tested = [each for each in sides if each.str not in ("NULL", "0")]
        if len(tested) == 1:
            yield _assigned(tested[0]), (sign.str == "==") is truth
    elif node.kind in ("identifier", "field_expression", "assignment_expression"):
        yield _assigned(node), not truth


def _assigned(node: Node) -> str:
    left = node.child("left") if node.kind == "assignment_expression" else None
    return place(left if left is not None else node)
