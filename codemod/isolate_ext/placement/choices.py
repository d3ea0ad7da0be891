"""What people decide for placement: the level of a variable, and whether a type stays static.

A choice names a symbol by its name alone, or with the function or the file before it:
``count``, ``step:count``, ``spam.c:count``, ``src/spam.c:step:count``.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import msgspec

from isolate_ext.model.entities import Kind
from isolate_ext.model.extension import Extension

HEAP, STATIC = "heap", "static"


class Choice(msgspec.Struct, frozen=True):
    """One decision: ``value`` for what ``name`` means, why, and where it is written down.

    ``line`` and ``column`` are 1-based; columns count characters.
    """

    name: str
    value: str
    reason: str
    path: str
    line: int
    column: int

    @property
    def told(self) -> str:
        """The decision as evidence."""
        return f"{self.path}:{self.line} decides: {self.reason}"

    def problem(self, message: str) -> str:
        """An error with its position."""
        return f"{self.path}:{self.line}:{self.column}: {message}"


class Choices(msgspec.Struct, frozen=True):
    """``levels`` are for variables, ``types`` say ``heap`` or ``static``."""

    levels: tuple[Choice, ...] = ()
    types: tuple[Choice, ...] = ()

    def joined(self, other: Choices) -> Choices:
        return Choices((*self.levels, *other.levels), (*self.types, *other.types))

    def of_variables(self, extension: Extension) -> dict[str, Choice]:
        """The level chosen for each variable, by key."""
        return _by_key(self.levels, plain_variables(extension))

    def of_types(self, extension: Extension) -> dict[str, Choice]:
        """The policy chosen for each static type, by key."""
        return _by_key(self.types, types_of(extension))


NONE = Choices()


def plain_variables(extension: Extension) -> list[str]:
    return [key for key, each in extension.variables.items() if each.kind is not Kind.TYPE]


def types_of(extension: Extension) -> list[str]:
    return [key for key, each in extension.variables.items() if each.kind is Kind.TYPE]


def _by_key(choices: Iterable[Choice], keys: Iterable[str]) -> dict[str, Choice]:
    known = list(keys)
    return {key: each for each in choices for key in meant(each.name, known)}


def meant(name: str, keys: Iterable[str]) -> list[str]:
    """The keys that a name means: the one that it is, else all that end with it."""
    known = list(keys)
    if name in known:
        return [name]
    return [key for key in known if key.endswith((f":{name}", f"/{name}"))]


def closest(name: str, names: Iterable[str]) -> str:
    """A suggestion for a name that means nothing; empty where nothing is like it."""
    found = get_close_matches(name, list(names), 1)
    return f"; did you mean {found[0]!r}?" if found else ""
