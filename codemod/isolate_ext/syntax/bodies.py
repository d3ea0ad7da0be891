"""Macro bodies as code: each parsed as a snippet of its shape, at its place in the source."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Any

import msgspec
from msgspec.structs import replace

from isolate_ext.syntax.directives import Define
from isolate_ext.syntax.environment import MacroEnvironment
from isolate_ext.syntax.grammar import parse_snippet
from isolate_ext.syntax.guessing import GUESSES
from isolate_ext.syntax.invocations import braces_of, candidates, invocation, names_in
from isolate_ext.syntax.scanning import Scan
from isolate_ext.syntax.sheet import Sheet
from isolate_ext.syntax.standins import Neutraliser
from isolate_ext.syntax.structure import Braces
from isolate_ext.syntax.tidying import tidy
from isolate_ext.syntax.writing import StandIn

_PASTE = re.compile(rb"\s*##\s*")
_COMMA_PASTE = re.compile(rb",\s*##\s*(?=__VA_ARGS__)")
_STRINGISE = re.compile(rb"(?<!#)#(?!#)\s*[A-Za-z_]\w*")

_CALLEE = re.compile(rb"(?:[=(,]|\breturn)\s*[A-Za-z_]\w*\s+$")
_WRAPPERS: tuple[tuple[bytes, bytes], ...] = (
    (b"int x=(", b");"),
    (b"void f(){", b";}"),
    (b"", b"\n;"),
    (b"int x[]={", b"};"),
    (b"int x[]={", b" 0};"),
    (b"", b" x;"),
    (b"", b"{}"),
    (b"struct{", b";};"),
    (b"struct{", b"};"),
    (b"int x=(", b" y);"),
    (b"int x=(1 ", b");"),
    (b"int x=(", b":0);"),
    (b"void f(){", b"{}}"),
    (b"void f(){", b" x;}"),
    (b"void f(){", b"}}"),
    (b"void f(){", b";}}"),
    (b"void f(){{", b"}"),
    (b"void f(){{", b";}"),
    (b"void f(){{{", b";}"),
    (b"void f(){", b";}}}"),
    (b"void f(){if(x){", b"}}"),
    (b"void f(){if(x){", b"}"),
    (b"void f(){if(x);", b"}"),
    (b"void f(){if(x);", b";}"),
    (b"void f(){do{", b";}"),
    (b"void f(){do{", b"}"),
    (b"void f(){switch(x){", b";}}"),
    (b"void f(){switch(x){", b":;}}"),
    (b"void f(){x(", b");}"),
    (b"void f(", b"){}"),
    (b"void f(){x ", b" y;}"),
    (b'void f(){f(""', b'"");}'),
    (b"void f()", b";"),
    (b"void f()", b"{}"),
    (b"int x[]={{", b"};"),
    (b"int x[]={{0", b"};"),
    (b"int x[]={{0", b"0}};"),
    (b"", b"}"),
    (b"", b"0};"),
    (b"enum e{", b"};"),
    (b"void f(){ if ", b";}"),
    (b"int x=f(", b";"),
    (b"int x=(f(", b");"),
    (b"int x=f", b";"),
    (b"int x[]={", b"};void f(){;}"),
    (b"void f(){", b" 0;}"),
    (b"int x[]={", b"\n;"),
    (b"", b"{;}"),
)
"""What to put around a body so that it parses; the most telling first.

After a comma neither ``)`` nor ``;`` ever does.
"""


class Body(msgspec.Struct, frozen=True):
    """The tree of a body; ``base`` turns its offsets into source offsets."""

    define: Define
    root: Any
    base: int
    stand_ins: tuple[StandIn, ...]
    failed: bool = False


class Bodies:
    """Parses the macro bodies of one file, each when it is asked for."""

    def __init__(self, scan: Scan, macros: MacroEnvironment) -> None:
        self._macros = macros
        self._braces = sorted(braces_of(scan.body_identifiers, macros))
        self._names = candidates(scan.body_identifiers, scan.body_skeleton, macros)

    def _braces_in(self, define: Define) -> list[tuple[int, bytes]]:
        start, end = define.body_span
        low = bisect_left(self._braces, (start, b""))
        return self._braces[low : bisect_left(self._braces, (end, b""))]

    def parse(self, define: Define) -> Body:
        """The tree of one body, by the first wrapper in which it parses."""
        start, end = define.body_span
        low = bisect_left(self._names, (start, b""))
        high = bisect_left(self._names, (end, b""))
        names = self._names[low:high]
        inner = self._braces_in(define)
        code, skeleton = _joined(define)
        listed = skeleton.endswith(b",")
        for guesses, wrappers in (((), _WRAPPERS), (GUESSES, _WRAPPERS[:5])):
            for prefix, suffix in wrappers:
                if listed and suffix.lstrip().startswith((b")", b";")):
                    continue
                base = start - len(prefix)
                shown = prefix + skeleton + suffix
                braces = [(offset - base, text) for offset, text in inner]
                sheet = Sheet(prefix + code + suffix, shown, bare=True, braces=braces)
                neutraliser = Neutraliser(sheet, self._macros)
                neutraliser.run([(offset - base, name) for offset, name in names])
                tidy(sheet, len(prefix), len(prefix) + len(code))
                if guesses:
                    _show_parameters(neutraliser, define, len(prefix), len(prefix) + len(code))
                for guess in guesses:
                    guess(neutraliser, len(prefix), len(prefix) + len(code))
                root = parse_snippet(bytes(sheet.code)).root_node
                if not root.has_error:
                    return Body(define, root, base, _moved(neutraliser.stand_ins, base))
        return Body(define, root, start, (), failed=True)


def _show_parameters(neutraliser: Neutraliser, define: Define, start: int, end: int) -> None:
    """Parameters that stand for statements, or for a list of parameters or arguments."""
    sheet = neutraliser.sheet
    params = {name.encode() for name in define.params or ()}
    for offset, name in names_in(sheet.skeleton, start, end):
        if name not in params:
            continue
        call = invocation(sheet, neutraliser.macros, offset, name.decode())
        if call.opening >= 0:
            continue
        if call.starts and call.braces is Braces.BLOCK:
            if call.after == b"}" or (call.before_word and call.next > call.end):
                neutraliser.end(call)
        elif call.after == b"{" and call.braces is Braces.FILE:
            sheet.put(offset - 1, b"()".ljust(len(name) + 1))
        elif call.next > call.end and _CALLEE.search(sheet.skeleton[start:offset]):
            sheet.put(offset - 1, b"(")
            sheet.put(call.end, b")")


def _moved(stand_ins: list[StandIn], base: int) -> tuple[StandIn, ...]:
    return tuple(
        replace(
            stand_in,
            span=(stand_in.span[0] + base, stand_in.span[1] + base),
            arguments=tuple((a + base, b + base) for a, b in stand_in.arguments),
        )
        for stand_in in stand_ins
    )


def _joined(define: Define) -> tuple[bytes, bytes]:
    """The body without ``#`` and ``##``: pasted pieces joined by underscores."""
    if b"#" not in define.skeleton:
        return define.code, define.skeleton
    code = bytearray(define.code)
    skeleton = bytearray(define.skeleton)

    def put(start: int, text: bytes) -> None:
        code[start : start + len(text)] = text
        skeleton[start : start + len(text)] = text

    for match in _COMMA_PASTE.finditer(define.skeleton):
        put(match.start() + 1, b" " * (len(match.group()) - 1))
    for match in _PASTE.finditer(bytes(skeleton)):
        put(match.start(), b"_" * len(match.group()))
    for match in _STRINGISE.finditer(bytes(skeleton)):
        put(match.start(), b'""'.ljust(len(match.group())))
    return bytes(code), bytes(skeleton)
