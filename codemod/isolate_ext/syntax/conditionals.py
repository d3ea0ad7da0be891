"""The tree of ``#if`` groups, and what is known about each branch for every supported Python."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from isolate_ext.syntax.directives import Define, Undef
from isolate_ext.syntax.expressions import (
    UNKNOWN,
    Expr,
    Interval,
    both,
    evaluate,
    negated,
    truth,
)

Span = tuple[int, int]


class Branch(msgspec.Struct, eq=False):
    """One branch: its directive, its test, the span of its body and what stands in it."""

    keyword: str
    directive: Span
    test: Expr
    text: str
    start: int
    end: int
    group: Group | None = None
    events: list[Event] = msgspec.field(default_factory=list)
    verdict: bool | None = None
    guard: bool = False
    """``#ifndef NAME_H`` and ``#define NAME_H`` around the code of a header."""
    never: bool = False
    """The branch is dead whatever else is defined: ``#if 0``, what no source of the extension that
    includes the file makes live, or inside such a branch."""

    @property
    def span(self) -> Span:
        """The body, from the line after the directive to the line of the next one."""
        return (self.start, self.end)

    def groups(self) -> Iterator[Group]:
        """The groups directly inside this branch."""
        return (event for event in self.events if isinstance(event, Group))


class Group(msgspec.Struct, eq=False):
    """``#if`` ... ``#endif``; ``endif`` is None when the file ends first."""

    branches: list[Branch]
    parent: Branch
    endif: Span | None = None

    @property
    def start(self) -> int:
        """The offset of the ``#`` of the opening directive."""
        return self.branches[0].directive[0]

    @property
    def end(self) -> int:
        """The offset after the closing directive."""
        return self.endif[1] if self.endif else self.branches[-1].end

    @property
    def directives(self) -> tuple[Span, ...]:
        """The spans of all directive lines, ``#endif`` included."""
        tail = (self.endif,) if self.endif else ()
        return (*(branch.directive for branch in self.branches), *tail)

    def path(self, index: int) -> Expr:
        """When the branch is taken, given that the group is reached."""
        test = self.branches[index].test
        for earlier in self.branches[:index]:
            test = both(negated(earlier.test), test)
        return test


Event = Define | Undef | Group


class Condition(msgspec.Struct, frozen=True):
    """One enclosing branch of a position.

    ``text`` is the condition as it would have to be written after ``#if``, the negations of the
    earlier branches included. ``verdict`` is decided for Python 3.9 and newer on every platform.
    """

    text: str
    span: Span
    group: Group
    branch: Branch
    verdict: bool | None


def apart(one: Iterable[Condition], other: Iterable[Condition]) -> bool:
    """Whether what one holds for stands in another branch of an `#if` than what the other does."""
    there = list(other)
    return any(
        mine.group is theirs.group and mine.span != theirs.span for mine in one for theirs in there
    )


def condition_of(branch: Branch) -> Condition:
    """The condition under which a branch is live, given that its group is."""
    group = branch.group
    assert group is not None
    parts = []
    for other in group.branches:
        if other is branch:
            break
        parts.append(f"!({other.text})")
    if branch.keyword != "else":
        parts.append(branch.text if not parts else f"({branch.text})")
    return Condition(" && ".join(parts), branch.span, group, branch, branch.verdict)


_FIXED: dict[str, Interval] = {
    "PY_MAJOR_VERSION": (3, 3),
    "PY_VERSION_HEX": (0x03090000, float("inf")),
    "__cplusplus": UNKNOWN,
}
_FIXED_DEFINED = frozenset(
    {
        "PY_MAJOR_VERSION", "PY_MINOR_VERSION", "PY_VERSION_HEX", "PY_VERSION", "Py_PYTHON_H",
        "WITH_THREAD",
    }
)  # fmt: skip


class Verdicts:
    """Decides branches for Python >= 3.9 on every platform, following the file's own defines.

    ``elsewhere`` is what other files decide, ``before`` the macros defined wherever it is included.
    """

    def __init__(
        self, elsewhere: Mapping[str, bool] | None = None, before: Collection[str] = ()
    ) -> None:
        self._known: dict[str, Interval] = {}
        self._defined: dict[str, bool | None] = {
            **dict(elsewhere or {}),
            **dict.fromkeys(before, True),
        }
        self._before = set(before)

    def _lookup(self, name: str, defined: bool) -> Interval:
        if defined:
            if name in _FIXED_DEFINED:
                return (1, 1)
            known = self._defined.get(name)
            return (0, 1) if known is None else (int(known), int(known))
        return _FIXED.get(name) or self._known.get(name, UNKNOWN)

    def _whatever_else(self, name: str, defined: bool) -> Interval:
        if defined:
            return (1, 1) if name in self._before else (0, 1)
        return UNKNOWN

    def decide(self, root: Branch) -> None:
        """Set ``verdict`` and ``never`` of every branch below ``root``."""
        for event in root.events:
            if isinstance(event, Group):
                self._decide_group(event, root)
            elif isinstance(event, Undef):
                self._before.discard(event.name)
                self._forget(event.name, False if root.verdict else None)
            else:
                self._learn(event, root.verdict)

    def _learn(self, define: Define, verdict: bool | None) -> None:
        name = define.name
        if verdict is True:
            self._defined[name] = True
            self._known.pop(name, None)
            value = define.value
            if value is not None:
                self._known[name] = evaluate(value, self._lookup)
        elif verdict is False:
            self._defined.setdefault(name, False)
        else:
            self._forget(name, None)

    def _forget(self, name: str, defined: bool | None) -> None:
        self._known.pop(name, None)
        self._defined[name] = defined

    def _decide_group(self, group: Group, parent: Branch) -> None:
        taken: bool | None = False
        constant_taken: bool | None = False
        for branch in group.branches:
            value = truth(evaluate(branch.test, self._lookup))
            if branch.guard:
                value = True
            constant = truth(evaluate(branch.test, self._whatever_else))
            branch.verdict = _chained(parent.verdict, taken, value)
            branch.never = parent.never or constant is False or constant_taken is True
            taken = True if value or taken else (None if value is None or taken is None else False)
            if constant is True:
                constant_taken = True
            self.decide(branch)


def decided_macros(verdicts: Iterable[tuple[str, bool | None]]) -> dict[str, bool]:
    """Macros that every supported Python defines, or that none does, by where they are defined.

    Only names whose every definition stands in branches that are decided take part.
    """
    by_name: dict[str, set[bool | None]] = {}
    for name, verdict in verdicts:
        by_name.setdefault(name, set()).add(verdict)
    return {name: found == {True} for name, found in by_name.items() if found in ({True}, {False})}


def _chained(parent: bool | None, taken: bool | None, value: bool | None) -> bool | None:
    if parent is False or taken is True or value is False:
        return False
    if parent is True and taken is False and value is True:
        return True
    return None
