"""Where the keys of a TOML text stand, which parsers of it do not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

Path = tuple[str, ...]

_TOKEN = re.compile(
    r"#[^\n]*|[ \t\r]+"
    r'|"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}'
    r'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
    r"|[\[\]{}=,.\n]|[^\s\[\]{}=,.\"'#]+",
    re.DOTALL,
)


def places(text: str) -> Mapping[Path, tuple[int, int]]:
    """The 1-based line and column of each key and table, by path; the text must be valid.

    An element of an array of tables goes by the path of the array.
    """
    return _Reader(text).read()


class _Reader:
    """One pass over the tokens."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [
            (each.start(), each[0])
            for each in _TOKEN.finditer(text)
            if not each[0].startswith(("#", " ", "\t", "\r"))
        ]
        self.at = 0
        self.found: dict[Path, tuple[int, int]] = {}

    @property
    def token(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def read(self) -> dict[Path, tuple[int, int]]:
        table: Path = ()
        while self.token:
            if self.token == "\n":
                self.at += 1
            elif self.token == "[":
                while self.token == "[":
                    self.at += 1
                table = self.key(())
                while self.token == "]":
                    self.at += 1
            else:
                self.entry(table)
        return self.found

    def entry(self, table: Path) -> None:
        """``key = value``."""
        path = self.key(table)
        self.at += 1
        self.value(path)

    def key(self, table: Path) -> Path:
        """A dotted key; each of its parts is a place."""
        path = table
        while self.token and self.token not in "=]":
            start, word = self.tokens[self.at]
            if word != ".":
                path = (*path, _plain(word))
                self.found.setdefault(path, self.place(start))
            self.at += 1
        return path

    def value(self, path: Path) -> None:
        """Up to the comma, bracket or line end that follows it."""
        if self.token == "{":
            self.at += 1
            while self.token and self.token != "}":
                if self.token in ",\n":
                    self.at += 1
                else:
                    self.entry(path)
            self.at += 1
        elif self.token == "[":
            self.at += 1
            while self.token and self.token != "]":
                if self.token in ",\n":
                    self.at += 1
                else:
                    self.value(path)
            self.at += 1
        else:
            while self.token and self.token not in ",]}\n":
                self.at += 1

    def place(self, start: int) -> tuple[int, int]:
        line = self.text.count("\n", 0, start)
        return line + 1, start - (self.text.rfind("\n", 0, start) + 1) + 1


def _plain(word: str) -> str:
    """A key without its quotes."""
    if word[0] not in "\"'":
        return word
    return str(tomllib.loads(f"key = {word}")["key"])
