"""Tables that init fills, always with the same values (handbook pattern 78, rule C9).

They stay at process level where one run of statements fills them all: a lock and a flag around it
make whichever import comes first do it, and all others wait until it is done.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from isolate_ext.model.entities import Definition, Kind, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.init import ModuleInit
from isolate_ext.placement.pointer_values import How, Write
from isolate_ext.placement.table_code import Reach, TableCode
from isolate_ext.placement.writes import Writers
from isolate_ext.syntax import Node

_LOCK = re.compile(r"PyMutex_Lock\(\s*&\s*(\w+)\s*\)\s*;")
_UNLOCK = re.compile(r"PyMutex_Unlock\(\s*&\s*(\w+)\s*\)\s*;")
_NOT_YET = re.compile(r"\(\s*(?:!\s*(\w+)|(\w+)\s*==\s*0)\s*\)")


class FilledOnce(msgspec.Struct, frozen=True):
    """Keys of the tables and the statements of the init function that fill them.

    ``guards`` are the flag and the lock where the statements stand between such already.
    """

    tables: tuple[str, ...]
    start: int
    end: int
    guards: tuple[str, ...] = ()


def filled_once(
    extension: Extension, init: ModuleInit, writers: Writers, stays: Collection[str] = ()
) -> FilledOnce | None:
    """The tables that can stay static under a guard; ``stays`` are left out of account."""
    creator = init.creator
    if creator.node is None:
        return None
    filling = _Filling(extension, creator, writers)
    for variant in extension.files[creator.path].variants(creator.node):
        guarded = filling.guarded(variant)
        if guarded is not None:
            return guarded
    tables = {
        variable.key: variable
        for variable in extension.of_kind(Kind.PLAIN)
        if variable.key not in stays and filling.is_table(variable)
    }
    return filling.run(creator.node, tables)


class _Filling:
    """What the init function's statements fill."""

    def __init__(self, extension: Extension, creator: Definition, writers: Writers) -> None:
        self.extension = extension
        self.creator = creator
        self.writers = writers

    def is_table(self, variable: Variable) -> bool:
        """An array or a struct that is written, and to which nobody keeps a pointer."""
        structs = self.extension.structs
        value = variable.ctype.arrays or structs.struct(structs.resolve(variable.ctype))
        found = self.writers.of(variable) if value and not variable.ctype.pointers else []
        return bool(found) and all(
            each.how is not How.ESCAPED and each.inside is not None for each in found
        )

    def guarded(self, creator: Node) -> FilledOnce | None:
        """Statements that stand in a guard already."""
        if b"PyMutex_Lock" not in creator.text:
            return None
        statements = _statements(creator)
        for before, test, after in zip(statements, statements[1:], statements[2:], strict=False):
            lock, unlock = _LOCK.fullmatch(before.str), _UNLOCK.fullmatch(after.str)
            condition = test.child("condition")
            flag = _NOT_YET.fullmatch(condition.str) if condition is not None else None
            if not lock or not unlock or lock[1] != unlock[1] or not flag:
                continue
            names = (flag[1] or flag[2], lock[1])
            guards = [self.extension.variable_named(each, self.creator.path) for each in names]
            if guards[0] is not None and guards[1] is not None and not test.child("alternative"):
                return self._behind(test, guards[0], guards[1])
        return None

    def _behind(self, test: Node, flag: Variable, lock: Variable) -> FilledOnce | None:
        """What is filled behind a flag that nothing else uses."""
        tables = {
            each.key: each for each in self.extension.of_kind(Kind.PLAIN) if self.is_table(each)
        }
        found = self._in_span({**tables, flag.key: flag}, test.start, test.end)
        for use in self.extension.uses_of(flag.key):
            if use.inside is not self.creator or not test.start <= use.start < test.end:
                return None
        if flag.key not in found:
            return None
        kept = tuple(key for key in found if key != flag.key)
        return FilledOnce(kept, test.start, test.end, (flag.key, lock.key))

    def _in_span(self, tables: dict[str, Variable], start: int, end: int) -> list[str]:
        """Those of the tables that a span fills, and nothing else; it does nothing but that."""
        while tables:
            reach = self._code(tables).reach(start, end)
            if reach is None:
                return []
            kept = {
                key: variable
                for key, variable in tables.items()
                if all(self._lies(write, reach, start, end) for write in self.writers.of(variable))
                and not self._early(variable, reach, start, end)
            }
            if kept == tables:
                return [key for key in tables if key in reach.tables]
            tables = kept
        return []

    def run(self, creator: Node, tables: dict[str, Variable]) -> FilledOnce | None:
        """The statements that fill most of the tables."""
        statements = _statements(creator)
        while tables:
            code = self._code(tables)
            reaches = [code.reach(each.start, each.end) for each in statements]
            clusters = self._clusters(statements, reaches, tables)
            if not clusters:
                return None
            first, last, keys = max(clusters, key=lambda each: len(each[2]))
            start, end = statements[first].start, statements[last].end
            end -= len(creator.data[:end]) - len(creator.data[:end].rstrip())
            if not self._whole(start, end):
                return None
            found = self._in_span({key: tables[key] for key in keys}, start, end)
            if len(found) == len(keys):
                return FilledOnce(tuple(keys), start, end)
            tables = {key: each for key, each in tables.items() if key in found or key not in keys}
        return None

    def _code(self, tables: Collection[str]) -> TableCode:
        return TableCode(self.extension, self.writers, self.creator, tables)

    def _clusters(
        self, statements: list[Node], reaches: list[Reach | None], tables: dict[str, Variable]
    ) -> list[tuple[int, int, list[str]]]:
        """Runs of statements that do nothing but fill tables, with the tables filled there."""
        found: list[tuple[int, int, list[str]]] = []
        first = 0
        for index in range(len(statements) + 1):
            if index < len(statements) and reaches[index] is not None:
                continue
            hits = [
                (at, key)
                for at in range(first, index)
                for key, variable in tables.items()
                if any(
                    self._may_lie(write, reaches[at], statements[at].start, statements[at].end)
                    for write in self.writers.of(variable)
                )
            ]
            if hits:
                low, high = min(hits)[0], max(hits)[0]
                found.append((low, high, list(dict.fromkeys(key for _, key in hits))))
            first = index + 1
        return found

    def _may_lie(self, write: Write, reach: Reach | None, start: int, end: int) -> bool:
        """Whether a write happens in the span, or in a routine that it uses."""
        if write.inside is None or write.inside is self.creator:
            return write.inside is not None and start <= write.start < end
        return reach is not None and write.inside.routine in reach.routines

    def _lies(self, write: Write, reach: Reach, start: int, end: int) -> bool:
        """Whether a write happens in the span, or in a routine that nothing else uses."""
        if not self._may_lie(write, reach, start, end) or write.inside is None:
            return False
        return write.inside is self.creator or all(
            self._within(use.inside, use.start, reach, start, end)
            for use in self.extension.uses_of(write.inside.routine)
        )

    def _within(
        self, inside: Definition | None, at: int, reach: Reach, start: int, end: int
    ) -> bool:
        if inside is self.creator:
            return start <= at < end
        return inside is not None and inside.routine in reach.routines

    def _early(self, variable: Variable, reach: Reach, start: int, end: int) -> bool:
        """Whether init uses a table where it may not be filled yet."""
        before = self._named_before(start)
        for use in self.extension.uses_of(variable.key):
            if self._within(use.inside, use.start, reach, start, end):
                continue
            if use.inside is self.creator:
                if use.start < start:
                    return True
            elif use.inside is not None and use.inside.routine in before:
                return True
        return False

    def _named_before(self, start: int) -> set[str]:
        """Routines that the init function may run before an offset."""
        found: set[str] = set()
        pending = [
            use.symbol
            for use in self.extension.uses_inside(self.creator)
            if use.start < start or use.path != self.creator.path
        ]
        while pending:
            key = pending.pop()
            routine = self.extension.routines.get(key)
            if routine is None or key in found:
                continue
            found.add(key)
            for definition in routine.definitions:
                pending += [use.symbol for use in self.extension.uses_inside(definition)]
        return found

    def _whole(self, start: int, end: int) -> bool:
        """Whole lines that the same conditions hold for as for the function."""
        parsed = self.extension.files[self.creator.path]
        data = parsed.source.data
        line = data[data.rfind(b"\n", 0, start) + 1 : start]
        rest = data[end:].split(b"\n", 1)[0]
        conditions = self.creator.conditions
        return (
            not line.strip()
            and not rest.strip()
            and parsed.conditions(start) == conditions == parsed.conditions(end - 1)
        )


def _statements(creator: Node) -> list[Node]:
    body = creator.child("body")
    return [each for each in body.named if each.kind != "comment"] if body is not None else []
