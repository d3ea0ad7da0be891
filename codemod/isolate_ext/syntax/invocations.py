"""Macro names in a view, with their arguments and what stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from isolate_ext.capi.macros import TYPE_ARGUMENTS, Shape
from isolate_ext.syntax.environment import MacroEnvironment
from isolate_ext.syntax.lexing import IDENTIFIER
from isolate_ext.syntax.sheet import Sheet
from isolate_ext.syntax.structure import Braces, closing, word_after, word_before

STARTS = frozenset((b";", b"{", b"}", b"", b"else", b"do"))
"""What stands before the beginning of a statement, a field or a declaration."""
CONTINUES = frozenset(
    (b"=", b"-", b".", b"[", b"?", b"+", b"<", b">", b"|", b"&", b"/", b"%", b"^", b"!")
)
"""What continues an expression."""
_LONE = re.compile(rb"\n[ \t]*+([A-Za-z_]\w{2,}+)[ \t]*+(?=\r?\n|\()")
_AFTER_STRING = re.compile(rb"\"\s*([A-Za-z_]\w*)\s*\(")
_BEFORE_STRING = re.compile(rb"\)\s*\"")
_CALLEE = re.compile(rb"\b([A-Za-z_]\w*)\s*\([^()\"]*\Z")
_LONE_LOWER_SKIPPED = frozenset(
    b"if for while switch return sizeof else do break continue default static extern void int char "
    b"long unsigned struct union enum const double float short".split()
)


_BARE = re.compile(rb"\s+([A-Za-z_]\w*)\s*\(")


class Invocation(msgspec.Struct):
    """A macro name in a view; ``opening`` is -1 without arguments, ``next`` where ``after`` is."""

    name: str
    start: int
    opening: int
    end: int
    before: bytes
    after: bytes
    next: int
    braces: Braces

    @property
    def starts(self) -> bool:
        """Whether it stands where a statement, a field or a declaration begins."""
        return self.before in STARTS or (
            self.before in (b")", b":") and self.braces is Braces.BLOCK
        )

    @property
    def before_word(self) -> bool:
        """Whether an identifier or a keyword follows."""
        return bool(self.after) and (self.after[:1].isalpha() or self.after[:1] == b"_")


def invocation(sheet: Sheet, macros: MacroEnvironment, start: int, name: str) -> Invocation:
    """Look at a name and its surroundings."""
    skeleton = sheet.skeleton
    end = start + len(name)
    after, at = word_after(skeleton, end)
    opening = -1
    if after == b"(" and macros.takes_arguments(name):
        close = closing(skeleton, at)
        if close > 0:
            opening = at
            end = close + 1
            after, at = word_after(skeleton, end)
    before = word_before(skeleton, start)
    return Invocation(name, start, opening, end, before, after, at, sheet.structure.at(start))


def is_call(macros: MacroEnvironment, name: bytes) -> bool:
    """Whether a macro with arguments is an expression or a statement, and no special word."""
    text = name.decode()
    return macros.shape(text) in _CALLS and name not in _SPECIAL and macros.takes_arguments(text)


_NATIVE = frozenset(
    b"__attribute__ __attribute __declspec if for while do switch return sizeof else case default "
    b"struct union enum typedef goto break continue void".split()
)
"""Words that the grammar knows, even where a file redefines them."""
_CALLS = frozenset((Shape.EXPRESSION, Shape.STATEMENT, Shape.DECLARATION))
_SPECIAL = frozenset(b"complex offsetof not and or __asm _asm".split())
_NO_MACROS = _SPECIAL.union(map(str.encode, TYPE_ARGUMENTS))
"""Words that may need a stand-in where they are no macros."""


def candidates(
    identifiers: dict[bytes, list[int]], skeleton: bytes, macros: MacroEnvironment
) -> list[tuple[int, bytes]]:
    """The names of a file that may need a stand-in, with their offsets, ascending."""
    found: set[tuple[int, bytes]] = set()
    for name in _among(identifiers, (macros.names | _NO_MACROS) - _NATIVE):
        text = name.decode()
        shape = macros.shape(text)
        if shape is None:
            if name not in _NO_MACROS:
                continue
        elif shape is Shape.EXPRESSION and not macros.is_function_like(text):
            continue
        found.update((offset, name) for offset in identifiers[name])
    found.update(_suspects(identifiers, skeleton))
    return sorted(found)


def braces_of(
    identifiers: dict[bytes, list[int]], macros: MacroEnvironment
) -> list[tuple[int, bytes]]:
    """Where macros close and open blocks, and the braces that they stand for."""
    found: list[tuple[int, bytes]] = []
    for name in _among(identifiers, macros.names):
        closes, opens = macros.balance(name.decode())
        if (closes or opens) and closes + opens <= len(name):
            text = b"}" * closes + b"{" * opens
            found.extend((offset, text) for offset in identifiers[name])
    return found


def _among(identifiers: dict[bytes, list[int]], names: frozenset[bytes]) -> list[bytes]:
    return [name for name in identifiers if name in names]


def _suspects(identifiers: dict[bytes, list[int]], skeleton: bytes) -> Iterator[tuple[int, bytes]]:
    """Names, known or not, in places where only a macro makes sense."""
    for match in _LONE.finditer(skeleton):
        name = match.group(1)
        called = skeleton[match.end() : match.end() + 1] == b"("
        if name.isupper() or not (called or name in _LONE_LOWER_SKIPPED):
            if name not in _NATIVE:
                yield match.start(1), name
    for match in _AFTER_STRING.finditer(skeleton):
        if match.group(1) not in _NATIVE:
            yield match.start(1), match.group(1)
    for match in _BEFORE_STRING.finditer(skeleton):
        start = max(0, match.start() - 120)
        callee = _CALLEE.search(skeleton[start : match.start()])
        if callee and callee.group(1) not in _NATIVE:
            yield start + callee.start(1), callee.group(1)
    for keyword in (b"if", b"while", b"switch"):
        for offset in identifiers.get(keyword, ()):
            end = offset + len(keyword)
            bare = None if b"(" in skeleton[end : end + 2] else _BARE.match(skeleton, end)
            if bare:
                yield bare.start(1), bare.group(1)


def names_in(skeleton: bytes | bytearray, start: int, end: int) -> list[tuple[int, bytes]]:
    """Every identifier of a span with its offset."""
    return [(m.start(), m.group()) for m in IDENTIFIER.finditer(skeleton, start, end)]
