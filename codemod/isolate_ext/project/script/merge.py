"""Merging what the arms of an undecided condition leave behind."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst
import libcst.matchers as m

from isolate_ext.project.script.frame import Run
from isolate_ext.project.script.values import Maybe, PyList, Value, choice, same


def names(
    before: dict[str, Value], arms: list[dict[str, Value]], condition: str, run: Run
) -> dict[str, Value]:
    """One set of names for all arms; a name with different values becomes a choice of them."""
    merged: dict[str, Value] = {}
    for name in dict.fromkeys(n for arm in arms for n in arm):
        values = [arm[name] for arm in arms if name in arm]
        if all(same(value, values[0]) for value in values):
            merged[name] = values[0]
        elif all(isinstance(value, PyList) for value in values):
            merged[name] = lists(values, condition, run)
        else:
            merged[name] = choice(values)
    if not isinstance(before, Shared):
        return merged
    made = before.copy()
    for name, value in merged.items():
        made[name] = value
    return made


def copied(names: dict[str, Value]) -> dict[str, Value]:
    """A copy to assign in, which for shared names stays shared."""
    return names.copy()


def lists(arms: list[PyList], condition: str, run: Run) -> PyList:
    """The items common to all arms as they are, in order, the others as Maybe."""
    made = run.new_list()
    for arm in arms:
        for item in arm:
            if any(same(bare(item), bare(other)) for other in made):
                continue
            everywhere = all(any(same(item, other) for other in a) for a in arms)
            made.append(item if everywhere or isinstance(item, Maybe) else Maybe(item, condition))
    return made


def bare(item: Value) -> Value:
    return item.value if isinstance(item, Maybe) else item


class Shared(dict[str, Value]):
    """Local names of which some belong to the module."""

    def __init__(self, local: dict[str, Value], module: dict[str, Value], owned: set[str]) -> None:
        super().__init__(local)
        self.module, self.owned = module, owned
        for name in owned & module.keys():
            super().__setitem__(name, module[name])

    def copy(self) -> Shared:
        return Shared(dict(self), self.module, self.owned)

    def __setitem__(self, name: str, value: Value) -> None:
        super().__setitem__(name, value)
        if name in self.owned:
            self.module[name] = value


def shared(
    local: dict[str, Value], module: dict[str, Value], owned: Iterable[str]
) -> dict[str, Value]:
    return Shared(local, module, set(owned))


def has_yield(node: cst.FunctionDef) -> bool:
    return bool(m.findall(node.body, m.Yield()))
