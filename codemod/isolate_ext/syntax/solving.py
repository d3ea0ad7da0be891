"""Choosing configurations: few views in which every branch but ``#if 0`` is live once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from isolate_ext.syntax.conditionals import Branch, Group
from isolate_ext.syntax.configurations import Configuration, Value, Walk, walk
from isolate_ext.syntax.expressions import Expr, Interval, evaluate, truth

_TRIES = 24
"""How many ways to satisfy one condition are looked at before the branch is forced."""


def branches_with_code(root: Branch, skeleton: bytes) -> list[Branch]:
    """The branches that hold code of their own and that some configuration can reach."""
    found: list[Branch] = []
    stack = [root]
    while stack:
        branch = stack.pop()
        if branch.never:
            continue
        if branch is not root and any(
            skeleton[start:end].strip() for start, end in own_spans(branch)
        ):
            found.append(branch)
        for group in branch.groups():
            stack.extend(group.branches)
    return sorted(found, key=lambda branch: branch.start)


def own_spans(branch: Branch) -> list[tuple[int, int]]:
    """The parts of a branch's body outside inner groups."""
    spans: list[tuple[int, int]] = []
    at = branch.start
    for group in branch.groups():
        spans.append((at, group.start))
        at = group.end
    spans.append((at, branch.end))
    return [(start, end) for start, end in spans if start < end]


def further_walks(
    root: Branch, first: Walk, skeleton: bytes
) -> Iterator[tuple[Walk, list[Branch]]]:
    """Walks that make live what no earlier one did, each with the branches it adds."""
    live = set(map(id, first.live))
    missing = [b for b in branches_with_code(root, skeleton) if id(b) not in live]
    while missing:
        result = walk(root, _configuration(missing))
        live = set(map(id, result.live))
        if id(missing[0]) not in live:
            result = walk(root, _forced(missing))
            live = set(map(id, result.live))
        yield result, [branch for branch in missing if id(branch) in live]
        missing = [branch for branch in missing if id(branch) not in live]


def _configuration(branches: list[Branch]) -> Configuration:
    """Values that satisfy the first branch and as many of the others as agree with it."""
    values: dict[str, Value] = {}
    for branch in branches:
        more = _satisfy(_path(branch), values, {})
        if more is not None:
            values.update(more)
    return Configuration(values)


def _forced(branches: list[Branch]) -> Configuration:
    """The configuration in which the first branch is live whatever the macros say.

    The other branches are forced too as far as they do not contradict each other.
    """
    forced: dict[int, int] = {}
    for branch in branches:
        wanted: dict[int, int] = {}
        inner: Branch | None = branch
        while inner is not None and inner.group is not None:
            wanted[id(inner.group)] = inner.group.branches.index(inner)
            inner = inner.group.parent
        if all(forced.get(group, index) == index for group, index in wanted.items()):
            forced.update(wanted)
    return Configuration({}, forced)


def _path(branch: Branch) -> list[tuple[Expr, bool]]:
    """The tests that must hold or fail for a branch to be live, outermost first."""
    wanted: list[tuple[Expr, bool]] = []
    inner: Branch | None = branch
    while inner is not None and inner.group is not None:
        group: Group = inner.group
        tests = []
        for other in group.branches:
            if other is inner:
                tests.append((other.test, True))
                break
            tests.append((other.test, False))
        wanted = tests + wanted
        inner = group.parent
    return wanted


def _satisfy(
    path: list[tuple[Expr, bool]], given: Mapping[str, Value], found: dict[str, Value]
) -> dict[str, Value] | None:
    """Values, beyond the given ones, under which the whole path holds; None when not found."""
    if not path:
        return found
    test, wanted = path[0]
    for more in islice(_ways(test, wanted, {**given, **found}), _TRIES):
        result = _satisfy(path[1:], given, {**found, **more})
        if result is not None:
            return result
    return None


def _holds(test: Expr, wanted: bool, values: Mapping[str, Value]) -> bool:
    configuration = Configuration(values)

    def lookup(name: str, defined: bool) -> Interval:
        value = configuration.value(name)
        if defined:
            return (0, 0) if value is None else (1, 1)
        return (value or 0, value or 0)

    return truth(evaluate(test, lookup)) is wanted


def _ways(test: Expr, wanted: bool, values: Mapping[str, Value]) -> Iterator[dict[str, Value]]:
    """Assignments that make a test come out as wanted; those closest to the defaults first."""
    names = list(dict.fromkeys(test.names()))
    if _holds(test, wanted, values):
        configuration = Configuration(values)
        yield {name: configuration.value(name) for name in names}
    free = [name for name in names if name not in values]
    constants = sorted({n + d for n in test.numbers() for d in (-1, 0, 1)})
    choices: list[Value] = [None, 1, 0, *constants]
    for count in (1, 2):
        for picked in _assignments(free, choices, count):
            if _holds(test, wanted, {**values, **picked}):
                configuration = Configuration({**values, **picked})
                yield {name: configuration.value(name) for name in names}
    if len(free) > 2:
        for value in (None, 1, 0):
            picked = dict.fromkeys(free, value)
            if _holds(test, wanted, {**values, **picked}):
                yield picked


def _assignments(names: list[str], choices: list[Value], count: int) -> Iterator[dict[str, Value]]:
    if count == 1:
        for name in names:
            for value in choices:
                yield {name: value}
        return
    for index, name in enumerate(names[:6]):
        for other in names[index + 1 : 6]:
            for value in choices[:8]:
                for second in choices[:8]:
                    yield {name: value, other: second}
