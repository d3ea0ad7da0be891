"""Translation validation: functions with unchanged text have unchanged machine code."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from elftools.common.exceptions import ELFError

from isolate_ext.verify.binary.object_code import Code, functions
from isolate_ext.verify.binary.recompile import NO_LINES, compiled
from isolate_ext.verify.compile_commands import CompileCommand


@dataclass(frozen=True, slots=True)
class Side:
    """A built tree and how its units were compiled."""

    root: Path
    commands: Sequence[CompileCommand]

    def by_source(self) -> dict[str, CompileCommand]:
        """The last command for each source that lies in the tree, by its path there."""
        found = {}
        for command in self.commands:
            for root in (self.root.absolute(), self.root.resolve()):
                if command.source.is_relative_to(root) and command.source.exists():
                    found[command.source.relative_to(root).as_posix()] = command
        return found


class Sameness(StrEnum):
    """What became of the code of a function; a line number is one that an assertion prints."""

    IDENTICAL = "identical"
    LINE_NUMBER = "identical but for line numbers"
    DIFFERS = "differs"
    ONLY_BEFORE = "only before"
    ONLY_AFTER = "only after"


@dataclass(frozen=True, slots=True)
class Compared:
    """One function of one unit; ``cause`` is why it differs, as far as that is known."""

    source: str
    name: str
    sameness: Sameness
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Validation:
    """The functions of all units, in order; ``problems`` are units that could not be compared."""

    functions: tuple[Compared, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def exceptions(self) -> tuple[Compared, ...]:
        """Functions that are not the same, those with other line numbers among them."""
        return tuple(each for each in self.functions if each.sameness is not Sameness.IDENTICAL)

    @property
    def differing(self) -> tuple[Compared, ...]:
        return tuple(each for each in self.functions if each.sameness is Sameness.DIFFERS)


_Codes = Mapping[str, Code]


@dataclass(frozen=True, slots=True)
class _Unit:
    """One source on both sides; objects are made in ``folder``."""

    source: str
    commands: tuple[CompileCommand, CompileCommand]
    roots: tuple[Path, Path]
    folder: Path

    def codes(self, *extra: str) -> tuple[_Codes, _Codes] | str:
        """The functions before and after, or why there are none."""
        found = []
        for number, (command, root) in enumerate(zip(self.commands, self.roots, strict=True)):
            made = compiled(command, root, self.folder / f"{number}.o", *extra)
            if made.problem:
                return f"{self.source}: not compiled again: {made.problem}"
            try:
                found.append(functions(made.path))
            except ELFError:
                return f"{self.source}: the compiler does not write ELF files"
        return found[0], found[1]


def validate(before: Side, after: Side, untouched: Mapping[str, Collection[str]]) -> Validation:
    """Compare the named functions of each unit, which is a path in both trees.

    Both sides are compiled again with -O1, without inlining and with a section for each function.
    A unit that only one side compiles, or that does not compile again, is a problem, no exception.
    """
    old, new = before.by_source(), after.by_source()
    results: list[Compared] = []
    problems: list[str] = []
    for source in sorted(untouched):
        if source not in old or source not in new:
            side = "before" if source not in old else "after"
            problems.append(f"{source}: no compile command is known for it {side}")
            continue
        with tempfile.TemporaryDirectory(prefix="isolate-ext-") as folder:
            commands, roots = (old[source], new[source]), (before.root, after.root)
            unit = _Unit(source, commands, roots, Path(os.path.realpath(folder)))
            pair = unit.codes()
            if isinstance(pair, str):
                problems.append(pair)
            else:
                results += _compared(unit, *pair, untouched[source])
    return Validation(tuple(results), tuple(problems))


def _compared(
    unit: _Unit, before: _Codes, after: _Codes, names: Collection[str]
) -> Iterator[Compared]:
    wanted = sorted(name for name in names if name in before or name in after)
    differ = [name for name in wanted if before.get(name) != after.get(name)]
    lines = _same_but_for_lines(unit, differ) if differ else frozenset()
    for name in wanted:
        yield Compared(unit.source, name, *_verdict(before, after, name, name in lines))


def _same_but_for_lines(unit: _Unit, names: Sequence[str]) -> frozenset[str]:
    """Functions that are the same when every line has the same number."""
    pair = unit.codes(*NO_LINES)
    if isinstance(pair, str):
        return frozenset()
    before, after = pair
    return frozenset(name for name in names if name in before and before[name] == after.get(name))


def _verdict(before: _Codes, after: _Codes, name: str, lines: bool) -> tuple[Sameness, str]:
    if name not in after:
        return Sameness.ONLY_BEFORE, "nothing uses it any more"
    if name not in before:
        return Sameness.ONLY_AFTER, "nothing used it before"
    if before[name] == after[name]:
        return Sameness.IDENTICAL, ""
    if lines:
        return Sameness.LINE_NUMBER, "a line number, as in an assertion"
    return Sameness.DIFFERS, _cause(before[name], after[name])


def _cause(before: Code, after: Code) -> str:
    gone, come = before.named - after.named, after.named - before.named
    if gone or come:
        words = [f"refers to {', '.join(sorted(gone))} no more"] if gone else []
        return "; ".join([*words, *([f"refers to {', '.join(sorted(come))}"] if come else [])])
    if before.content != after.content:
        return "another literal"
    if len(before.data) == len(after.data):
        return "another offset or constant, as of a member of a struct"
    return "other instructions"
