"""The model of one extension: everything that placement and rules may ask, read-only."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from isolate_ext.model.entities import Definition, Identifier, Kind, Routine, Use, Variable
from isolate_ext.model.fragments import Fragment
from isolate_ext.model.remembered import remembered
from isolate_ext.model.structs import Structs
from isolate_ext.syntax import Parsed


class Pasted(msgspec.Struct, frozen=True):
    """A name that `##` makes inside a macro body: a regular expression over identifiers."""

    pattern: str
    path: str
    start: int


class Extension(msgspec.Struct, eq=False):
    """One PyInit and the files behind it.

    ``generated`` files are written by a generator, so nothing is edited in them; ``fragments`` are
    included inside of a function; ``macros`` are the names of those that the build defines.
    ``sources`` are translation units, ``files`` all owned files by path, ``units`` the files that
    each translation unit reads, itself included, in order of first inclusion.
    """

    name: str
    sources: tuple[str, ...]
    files: Mapping[str, Parsed]
    units: Mapping[str, tuple[str, ...]]
    structs: Structs
    routines: dict[str, Routine] = msgspec.field(default_factory=dict)
    variables: dict[str, Variable] = msgspec.field(default_factory=dict)
    identifiers: dict[str, Identifier] = msgspec.field(default_factory=dict)
    uses: dict[str, list[Use]] = msgspec.field(default_factory=dict)
    fenced: dict[str, list[tuple[str, int]]] = msgspec.field(default_factory=dict)
    pasted: list[Pasted] = msgspec.field(default_factory=list)
    generated: frozenset[str] = frozenset()
    macros: frozenset[str] = frozenset()
    fragments: dict[str, Fragment] = msgspec.field(default_factory=dict)
    _definitions: dict[str, tuple[list[int], list[Definition]]] = msgspec.field(
        default_factory=dict
    )
    _uses_inside: dict[int, list[Use]] | None = None
    _routine_names: frozenset[str] | None = None
    remembered: dict[Any, Any] = msgspec.field(default_factory=dict)

    def forget(self, other: Extension | None = None) -> None:
        """Let go of the trees that are not those of ``other`` too; positions and texts stay."""
        self.remembered.clear()
        for path, parsed in self.files.items():
            if other is None or other.files.get(path) is not parsed:
                parsed.forget()

    def uses_of(self, key: str) -> list[Use]:
        return self.uses.get(key, [])

    def uses_inside(self, definition: Definition) -> list[Use]:
        """Uses of any symbol in the body of a function or macro, in source order."""
        if self._uses_inside is None:
            self._uses_inside = {}
            for uses in self.uses.values():
                for use in uses:
                    if use.inside is not None:
                        self._uses_inside.setdefault(id(use.inside), []).append(use)
            for each in self._uses_inside.values():
                each.sort(key=lambda use: use.start)
        return self._uses_inside.get(id(definition), [])

    def index_definitions(self) -> None:
        by_path: dict[str, list[Definition]] = {}
        for routine in self.routines.values():
            for definition in routine.definitions:
                if not definition.is_macro:
                    by_path.setdefault(definition.path, []).append(definition)
        for path, definitions in by_path.items():
            definitions.sort(key=lambda each: each.start)
            self._definitions[path] = ([each.start for each in definitions], definitions)

    def function_at(self, path: str, offset: int) -> Definition | None:
        """The function definition that holds the byte at ``offset``, by inclusion too."""
        if path in self.fragments:
            return self.fragments[path].function
        starts, definitions = self._definitions.get(path, ([], []))
        index = bisect_right(starts, offset) - 1
        if index >= 0 and offset < definitions[index].end:
            return definitions[index]
        return None

    def functions(self, path: str) -> list[Definition]:
        """Function definitions of a file in source order."""
        return self._definitions.get(path, ([], []))[1]

    def of_kind(self, *kinds: Kind) -> list[Variable]:
        return [each for each in self.variables.values() if each.kind in kinds]

    def routine_named(self, name: str, path: str) -> Routine | None:
        """The function (``name``) or macro (``#name``) that a name means in a file."""
        if self._routine_names is None:
            self._routine_names = frozenset(key.rpartition(":")[2] for key in self.routines)
        if name not in self._routine_names:
            return None
        for each in (path, *_beside(self, path)):
            found = self.routines.get(f"{each}:{name}")
            if found is not None:
                return found
        return self.routines.get(name)

    def variable_named(self, name: str, path: str) -> Variable | None:
        """The file-scope or external variable that ``name`` means in a file."""
        for each in (path, *_beside(self, path)):
            found = self.variables.get(f"{each}:{name}")
            if found is not None:
                return found
        return self.variables.get(name)

    def units_of(self, paths: Iterable[str]) -> list[str]:
        """The translation units that read any of these files."""
        wanted = set(paths)
        return [unit for unit, files in self.units.items() if wanted & set(files)]


@remembered
def _beside(extension: Extension, path: str) -> tuple[str, ...]:
    """The other files of the units that a file is part of."""
    units = [unit for unit in extension.units.values() if path in unit]
    return tuple(dict.fromkeys(each for unit in units for each in unit if each != path))
