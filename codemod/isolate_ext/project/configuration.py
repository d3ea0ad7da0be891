"""What the user decided: `[tool.isolate-ext]` of pyproject.toml, or isolate-ext.toml.

The tables are ``symbols`` (``level``), ``types`` and ``extensions`` (``policy``), and every entry
says why (``reason``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from isolate_ext.placement.choices import HEAP, STATIC, Choice, Choices, closest
from isolate_ext.placement.decisions import Level
from isolate_ext.project.toml_places import places

PYPROJECT, OWN = "pyproject.toml", "isolate-ext.toml"
ISOLATED, GUARD, OPT_OUT = "isolated", "guard", "opt-out"
SYMBOLS, TYPES, EXTENSIONS = "symbols", "types", "extensions"

_VALUES = {
    SYMBOLS: ("level", tuple(each.value for each in Level)),
    TYPES: ("policy", (HEAP, STATIC)),
    EXTENSIONS: ("policy", (ISOLATED, GUARD, OPT_OUT)),
}
"""The key of a table's entries beside ``reason``, and what it may be."""
_AT = re.compile(r" \(at (line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


class Configuration(msgspec.Struct, frozen=True):
    """The entries by table, and a line for each mistake, with its position."""

    symbols: tuple[Choice, ...] = ()
    types: tuple[Choice, ...] = ()
    extensions: tuple[Choice, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def choices(self) -> Choices:
        return Choices(self.symbols, self.types)


def configuration(root: Path) -> Configuration:
    """The configuration of the project at ``root``."""
    pyproject, own = (_Reader(root / name) for name in (PYPROJECT, OWN))
    pyproject.read(("tool", "isolate-ext"))
    own.read(())
    first, second = (own, pyproject) if own.table is not None else (pyproject, own)
    if own.table is not None and pyproject.table is not None:
        line, column = pyproject.places[pyproject.at]
        first.problems.append(
            f"{pyproject.shown}:{line}:{column}: [tool.isolate-ext] stands beside {own.shown}; "
            "keep one of them"
        )
    problems = (*first.problems, *second.problems)
    return Configuration(
        tuple(first.choices[SYMBOLS]),
        tuple(first.choices[TYPES]),
        tuple(first.choices[EXTENSIONS]),
        tuple(dict.fromkeys(problems)),
    )


class _Reader:
    """One file; ``at`` is the path of the tool's table in it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.shown = file.name
        self.at: tuple[str, ...] = ()
        self.table: Mapping[str, Any] | None = None
        self.places: Mapping[tuple[str, ...], tuple[int, int]] = {}
        self.problems: list[str] = []
        self.choices: dict[str, list[Choice]] = {name: [] for name in _VALUES}

    def read(self, at: tuple[str, ...]) -> None:
        if not self.file.is_file():
            return
        try:
            text = self.file.read_text(encoding="utf-8")
            found: Any = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self._unreadable(error)
            return
        self.at, self.places = at, places(text)
        for key in at:
            found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            return
        if not isinstance(found, dict):
            self._problem((), "is no table")
            return
        self.table = found
        self._tables(found)

    def _unreadable(self, error: Exception) -> None:
        """A mistake of a pyproject.toml counts if the tool's table may be in it."""
        if self.file.name == PYPROJECT and b"isolate-ext" not in self.file.read_bytes():
            return
        match = _AT.search(str(error))
        last = max(len(self.file.read_bytes().splitlines()), 1) if match else 1
        line, column = (match["line"] or last, match["column"] or 1) if match else (1, 1)
        self.problems.append(f"{self.shown}:{line}:{column}: {_AT.sub('', str(error))}")

    def _problem(self, path: tuple[str, ...], message: str) -> None:
        line, column = self._place(path)
        name = path[-1] if path else "tool.isolate-ext"
        self.problems.append(f"{self.shown}:{line}:{column}: {name!r} {message}")

    def _place(self, path: tuple[str, ...]) -> tuple[int, int]:
        return self.places.get((*self.at, *path), (1, 1))

    def _tables(self, found: Mapping[str, Any]) -> None:
        for name, entries in found.items():
            if name not in _VALUES:
                self._unknown((name,), _VALUES)
            elif not isinstance(entries, dict):
                self._problem((name,), "is no table")
            else:
                for key, entry in entries.items():
                    self._entry(name, key, entry)

    def _unknown(
        self, path: tuple[str, ...], known: Mapping[str, object] | tuple[str, ...]
    ) -> None:
        names = ", ".join(map(repr, known))
        suggestion = closest(path[-1], known) or f"; there are {names}"
        self._problem(path, f"is no key here{suggestion}")

    def _entry(self, table: str, name: str, entry: object) -> None:
        word, allowed = _VALUES[table]
        path = (table, name)
        if not isinstance(entry, dict):
            self._problem(path, f"is no table; write {{ {word} = '...', reason = '...' }}")
            return
        for key in entry:
            if key not in (word, "reason"):
                self._unknown((*path, key), (word, "reason"))
        value, reason = entry.get(word), entry.get("reason")
        if value is None:
            self._problem(path, f"has no {word}; there are {', '.join(map(repr, allowed))}")
        elif value not in allowed:
            suggestion = closest(str(value), allowed)
            names = ", ".join(map(repr, allowed))
            self._problem((*path, word), f"cannot be {value!r}{suggestion or f'; it is {names}'}")
        elif not isinstance(reason, str) or not reason.strip():
            self._problem(path, "does not say why; give it a reason")
        else:
            line, column = self._place(path)
            text = " ".join(reason.split())
            self.choices[table].append(Choice(name, value, text, self.shown, line, column))
