"""Macro bodies as code: each parsed as a snippet of its shape, at its place in the source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from isolate_ext.syntax.directives import Define
from isolate_ext.syntax.environment import MacroEnvironment
from isolate_ext.syntax.grammar import parse_bytes
from isolate_ext.syntax.sheet import Sheet
from isolate_ext.syntax.sheet import Sheet
from isolate_ext.syntax.standins import Neutraliser, StandIn

_PASTE = re.compile(rb"\s*##\s*")
_STRINGISE = re.compile(rb"(?<!#)#(?!#)\s*[A-Za-z_]\w*")
_WRAPPERS: tuple[tuple[bytes, bytes], ...] = (
    (b"int x=(", b");"),
    (b"void f(){", b";}"),
    (b"", b"\n;"),
    (b"int x[]={", b"};"),
    (b"int x[]={", b" 0};"),
    (b"", b" x;"),
    (b"", b"{}"),
    (b"struct{", b";};"),
    (b"void f(){", b"{}}"),
    (b"void f(){", b" x;}"),
    (b"void f(){", b"}}"),
    (b"void f(){{", b"}"),
    (b"void f(){if(x){", b"}}"),
    (b"void f(){if(x){", b"}"),
    (b"void f(){do{", b";}"),
    (b"void f(){do{", b"}"),
    (b"void f(){switch(x){", b";}}"),
    (b"void f(){x(", b");}"),
    (b"void f(", b"){}"),
    (b"void f(){x ", b" y;}"),
    (b'void f(){""', b'"";}'),
    (b"void f()", b";"),
    (b"", b"}"),
)


@dataclass(frozen=True)
class Body:
    """The tree of a body; ``base`` turns its offsets into source offsets."""

    define: Define
    root: Any
    base: int
    stand_ins: tuple[StandIn, ...]
    failed: bool = False


def _masked(define: Define) -> tuple[bytearray, bytearray]:
    """The body without ``#`` and ``##``: pasted pieces joined by underscores, strings masked."""
    code = bytearray(define.code)
    skeleton = bytearray(define.skeleton)
    if b"#" in define.skeleton:
        for match in _PASTE.finditer(define.skeleton):
            code[match.start() : match.end()] = b"_" * len(match.group())
            skeleton[match.start() : match.end()] = b"_" * len(match.group())
        for match in _STRINGISE.finditer(bytes(skeleton)):
            text = b'""'.ljust(len(match.group()))
            code[match.start() : match.end()] = text
            skeleton[match.start() : match.end()] = text
    return code, skeleton


def parse_body(define: Define, macros: MacroEnvironment) -> Body:
    """Parse one body, trying the shapes in turn."""
    best = None
    for prefix, suffix in _WRAPPERS:
        code, skeleton = _masked(define)
        text = prefix + bytes(code) + suffix
        root = parse_bytes(text).root_node
        if not root.has_error:
            return Body(define, root, define.body_span[0] - len(prefix), ())
        sheet = Sheet(text, prefix + bytes(skeleton) + suffix)
        neutraliser = Neutraliser(sheet, macros)
        neutraliser.run(_names(sheet.skeleton, len(prefix), len(prefix) + len(code), macros))
        if neutraliser.stand_ins:
            root = parse_bytes(bytes(sheet.code)).root_node
            if not root.has_error:
                shift = define.body_span[0] - len(prefix)
                moved = tuple(
                    StandIn(
                        (s.span[0] + shift, s.span[1] + shift), s.name, s.category,
                        tuple((a + shift, b + shift) for a, b in s.arguments),
                    )
                    for s in neutraliser.stand_ins
                )  # fmt: skip
                return Body(define, root, shift, moved)
        if best is None:
            best = Body(define, root, define.body_span[0] - len(prefix), (), failed=True)
    assert best is not None
    return best


def _names(
    skeleton: bytearray, start: int, end: int, macros: MacroEnvironment
) -> list[tuple[int, bytes]]:
    from isolate_ext.syntax.lexing import IDENTIFIER

    return [
        (match.start(), match.group())
        for match in IDENTIFIER.finditer(skeleton, start, end)
        if macros.is_macro(match.group().decode()) or macros.takes_types(match.group().decode())
    ]
