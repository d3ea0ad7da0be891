"""The user's decisions about one project: what its entries mean, and whether they are right."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from isolate_ext.app.modelling import Library
from isolate_ext.app.planning import Planned
from isolate_ext.app.targets import Target
from isolate_ext.model.extension import Extension
from isolate_ext.model.hidden_statics import hidden_statics
from isolate_ext.model.init import module_inits
from isolate_ext.placement.choices import (
    NONE,
    Choice,
    Choices,
    closest,
    meant,
    plain_variables,
    types_of,
)
from isolate_ext.placement.chosen import contradictions
from isolate_ext.placement.suppressions import suppressions
from isolate_ext.project import DiscoveredExtension
from isolate_ext.project.configuration import SYMBOLS, TYPES, configuration
from isolate_ext.project.errors import Mistakes
from isolate_ext.report.results import OPTED_OUT, ExtensionResult, Finding

_OPTED_OUT = b"Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED"


class UserDecisions:
    """The configuration of one project.  Raises Mistakes where it is not well-formed.

    Each extension is asked for with ``of``; ``check`` tells afterwards what was wrong with entries.
    """

    def __init__(self, target: Target, base: Path) -> None:
        root = target.discovery.root
        self._prefix = os.path.relpath(root / "_", base).replace(os.sep, "/")[:-1]
        self._found = configuration(root)
        self._names = [each.name for each in target.discovery.extensions]
        self._short = [each.short_name for each in target.discovery.extensions]
        self._problems: list[str] = list(self._found.problems)
        self._inline = Choices()
        self._keys: dict[str, dict[str, None]] = {SYMBOLS: {}, TYPES: {}}
        if self._problems:
            self._raise()

    def policy(self, found: DiscoveredExtension) -> Choice | None:
        """The entry for an extension, by its name or the last part of it."""
        for each in self._found.extensions:
            if each.name in (found.name, found.short_name):
                return each
        return None

    def of(self, extension: Extension) -> Choices:
        """The choices for the variables and types of an extension."""
        inline = suppressions(extension)
        self._problems += inline.problems
        self._inline = self._inline.joined(inline.choices)
        choices = self._found.choices.joined(inline.choices)
        if choices == NONE:
            return choices
        hidden = [each.name for each in hidden_statics(extension.files)]
        self._keys[SYMBOLS] |= dict.fromkeys([*plain_variables(extension), *hidden])
        self._keys[TYPES] |= dict.fromkeys([*types_of(extension), *hidden])
        self._problems += contradictions(extension, choices)
        return choices

    def check(self, whole: bool) -> None:
        """Raises Mistakes.  Unknown names count if the ``whole`` project was looked at."""
        self._problems += self._extensions()
        choices = self._found.choices.joined(self._inline)
        for table, entries in ((SYMBOLS, choices.levels), (TYPES, choices.types)):
            self._problems += self._meanings(table, dict.fromkeys(entries), whole)
        if self._problems:
            self._raise()

    def _raise(self) -> None:
        raise Mistakes([f"{self._prefix}{each}" for each in dict.fromkeys(self._problems)])

    def _extensions(self) -> Iterator[str]:
        names = [*self._names, *self._short]
        for each in self._found.extensions:
            if each.name not in names:
                known = ", ".join(self._names)
                suggestion = closest(each.name, names) or f"; there are {known}"
                yield each.problem(f"no extension is called {each.name!r}{suggestion}")
        yield from _twice(
            {
                name: [it for it in self._found.extensions if it.name in (name, short)]
                for name, short in zip(self._names, self._short, strict=True)
            }
        )

    def _meanings(self, table: str, entries: Iterable[Choice], whole: bool) -> Iterator[str]:
        keys = self._keys[table]
        by_key: dict[str, list[Choice]] = defaultdict(list)
        for each in entries:
            found = meant(each.name, keys)
            for key in found:
                by_key[key].append(each)
            if len(found) > 1:
                several = ", ".join(map(repr, found))
                yield each.problem(f"{each.name!r} means several: {several}; write one of them")
            elif not found and whole:
                yield each.problem(self._unknown(table, each.name))
        yield from _twice(by_key)

    def _unknown(self, table: str, name: str) -> str:
        other = TYPES if table == SYMBOLS else SYMBOLS
        if meant(name, self._keys[other]):
            what = "a type" if other == TYPES else "no type"
            return f"{name!r} is {what}: write it in {other!r}"
        keys = self._keys[table]
        names = [*keys, *(key.rpartition(":")[2] for key in keys)]
        what = "variable with static storage" if table == SYMBOLS else "static type"
        return f"no {what} is called {name!r}{closest(name, names)}"


def _twice(by_key: Mapping[str, list[Choice]]) -> Iterator[str]:
    for key, entries in by_key.items():
        for each in entries[1:]:
            where = f"{entries[0].path}:{entries[0].line}"
            yield each.problem(f"{key!r} is decided at {where} too; keep one of them")


def left_out(library: Library, found: DiscoveredExtension, policy: Choice) -> Planned:
    """An extension that stays as it is, as the user decides; refused where it would tell nobody.

    Raises ProjectError where a file cannot be read.
    """
    extension = library.model(found)
    told = ExtensionResult(found.name, found.sources, OPTED_OUT, notes=[note_of(policy)])
    planned = Planned(found, told, None, {}, frozenset(found.files))
    if silent(extension):
        planned.refuse(
            "placed", policy.path, f"{found.name} has slots that do not say that it opts out",
            "add Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED to its slots, as policy 'guard' does",
        )  # fmt: skip
    extension.forget()
    return planned


def note_of(policy: Choice) -> Finding:
    """The decision, at its place."""
    return Finding("configuration", policy.path, policy.line, policy.column, policy.told)


def silent(extension: Extension) -> bool:
    """Whether interpreters would load the module as it is: it has slots, and none opts out."""
    multi_phase = any(init.multi_phase for init in module_inits(extension))
    says = any(_OPTED_OUT in parsed.scan.code for parsed in extension.files.values())
    return multi_phase and not says
