"""Brackets of a view: which kind of braces encloses a position, and what stands next to it."""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import Enum

_BRACE = re.compile(rb"[{}]")
_OPENING = ord("{")
_WORD_BEFORE = re.compile(rb"\b([A-Za-z_]\w*)$")
_AGGREGATE = re.compile(rb"\b(struct|union|enum|class)\b")
_CAST = re.compile(rb"\(\s*(?:const\s+)?(?:struct\s+|union\s+)?\w+[\s*]*(?:\[\w*\]\s*)?\)\s*")
_BEFORE_AGGREGATE = tuple(b";{}()=")
_BEFORE_LITERAL = frozenset((b"=", b"(", b",", b"return", b"&", b"?", b":"))
_PARENS = re.compile(rb"[()]")
_TOKEN = re.compile(rb"\s*([A-Za-z_]\w*|\S)")


class Braces(Enum):
    """What a pair of braces holds."""

    FILE = "file"
    BLOCK = "block"
    AGGREGATE = "struct or union"
    ENUM = "enum"
    INITIALISER = "initialiser"


class Structure:
    """The braces of a view's skeleton. Offsets are those of the source."""

    def __init__(self, skeleton: bytes) -> None:
        self.skeleton = skeleton
        self.offsets: list[int] = [0]
        self.kinds: list[Braces] = [Braces.FILE]
        """The kind of braces in force from the offset with the same index on."""
        self.linkage: list[tuple[int, int]] = []
        """The braces of ``extern "C"``: opening and closing offset, -1 when it is missing."""
        self.stray: list[int] = []
        """Closing braces that close nothing."""
        self.balanced = True
        self._read()

    def _read(self) -> None:
        stack: list[tuple[Braces, int]] = []
        current = Braces.FILE
        skeleton, offsets, kinds = self.skeleton, self.offsets, self.kinds
        for match in _BRACE.finditer(skeleton):
            at = match.start()
            if skeleton[at] == _OPENING:
                stack.append((current, at))
                current = self._kind(at, current)
            elif stack:
                inner = current
                current, opening = stack.pop()
                if inner is Braces.FILE:
                    self.linkage.append((opening, at))
            else:
                self.stray.append(at)
            offsets.append(at + 1)
            kinds.append(current)
        self.balanced = not stack and not self.stray
        for index, (_, opening) in enumerate(stack):
            inner = stack[index + 1][0] if index + 1 < len(stack) else current
            if inner is Braces.FILE:
                self.linkage.append((opening, -1))

    def _kind(self, at: int, outer: Braces) -> Braces:
        skeleton = self.skeleton
        window = skeleton[max(0, at - 200) : at].rstrip()
        if not window:
            window = skeleton[max(0, at - 5000) : at].rstrip()
        last = window[-1:]
        if last in (b"=", b",", b"(") or (last == b"{" and outer is Braces.INITIALISER):
            if last == b"(" and outer is not Braces.INITIALISER:
                return Braces.BLOCK
            return Braces.INITIALISER
        if last in (b"", b";", b"{", b"}", b":"):
            if outer is Braces.INITIALISER:
                return Braces.INITIALISER
            return Braces.BLOCK
        if last == b'"' and outer is Braces.FILE:
            return Braces.FILE
        if last == b"]" and outer is Braces.INITIALISER:
            return Braces.INITIALISER
        if last == b")":
            literal = outer is Braces.BLOCK and self._is_compound_literal(at)
            return Braces.INITIALISER if literal or outer is Braces.INITIALISER else Braces.BLOCK
        words = _AGGREGATE.findall(window, 1 + max(map(window.rfind, _BEFORE_AGGREGATE)))
        if words:
            return Braces.ENUM if words[0] == b"enum" else Braces.AGGREGATE
        return Braces.BLOCK

    def _is_compound_literal(self, at: int) -> bool:
        """Whether ``(type){`` rather than ``if (x) {`` stands before the brace."""
        opening = self.skeleton.rfind(b"(", max(0, at - 120), at)
        if opening < 0 or not _CAST.fullmatch(self.skeleton, opening, at):
            return False
        return word_before(self.skeleton, opening) in _BEFORE_LITERAL

    def at(self, offset: int) -> Braces:
        """The kind of the innermost braces around an offset."""
        return self.kinds[bisect_right(self.offsets, offset) - 1]

    def before(self, offset: int) -> bytes:
        """The word or the character before an offset; empty at the beginning."""
        return word_before(self.skeleton, offset)

    def after(self, offset: int) -> tuple[bytes, int]:
        """The word or character at or after an offset, and where it starts."""
        return word_after(self.skeleton, offset)


def word_before(skeleton: bytes | bytearray, offset: int) -> bytes:
    """The word or the last character before an offset; empty at the beginning."""
    width = 64
    while True:
        start = max(0, offset - width)
        window = bytes(skeleton[start:offset]).rstrip()
        if window:
            last = window[-1:]
            if not (last.isalnum() or last == b"_"):
                return last
            match = _WORD_BEFORE.search(window)
            return match.group(1) if match else last
        if start == 0:
            return b""
        width *= 8


def word_after(skeleton: bytes | bytearray, offset: int) -> tuple[bytes, int]:
    """The word or the character at or after an offset, and its offset."""
    match = _TOKEN.match(skeleton, offset)
    return (bytes(match.group(1)), match.start(1)) if match else (b"", len(skeleton))


def closing(skeleton: bytes | bytearray, opening: int) -> int:
    """The offset of the parenthesis that closes the one at ``opening``; -1 when there is none."""
    depth = 0
    for match in _PARENS.finditer(skeleton, opening):
        depth += 1 if match.group() == b"(" else -1
        if depth == 0:
            return match.start()
    return -1


_SEPARATOR = re.compile(rb"[(){}\[\],]")


def arguments(skeleton: bytes | bytearray, opening: int, close: int) -> list[tuple[int, int]]:
    """The spans of the arguments between two parentheses, without surrounding blanks."""
    spans: list[tuple[int, int]] = []
    depth = 0
    at = opening + 1
    for match in _SEPARATOR.finditer(skeleton, opening + 1, close):
        char = match.group()
        if char in b"([{":
            depth += 1
        elif char in b")]}":
            depth -= 1
        elif depth == 0:
            spans.append(_trim(skeleton, at, match.start()))
            at = match.end()
    last = _trim(skeleton, at, close)
    if spans or last[0] < last[1]:
        spans.append(last)
    return spans


def _trim(text: bytes | bytearray, start: int, end: int) -> tuple[int, int]:
    piece = bytes(text[start:end])
    left = len(piece) - len(piece.lstrip())
    stripped = piece.strip()
    return (start + left, start + left + len(stripped)) if stripped else (start, start)
