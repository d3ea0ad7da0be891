"""Guesses about names that no visible file defines, tried only where a piece does not parse.

Each guess changes one sheet within a span. They go from the surest to the boldest.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from isolate_ext.capi.macros import Shape
from isolate_ext.syntax.arguments import make_expressions
from isolate_ext.syntax.invocations import invocation, names_in
from isolate_ext.syntax.sheet import Sheet
from isolate_ext.syntax.standins import Neutraliser
from isolate_ext.syntax.structure import Braces, closing
from isolate_ext.syntax.tidying import join_capitals

Guess = Callable[[Neutraliser, int, int], None]

_NO_CALL = frozenset(b"if for while switch return sizeof case defined else do".split())
_CAPITAL = rb"(?:[A-Z_][A-Z0-9_]{2,}|__\w+)"
_BUILTIN = rb"(?:char|int|void|unsigned|struct|long|double|float|static|extern|signed|short)\b"
_SPECIFIERS = (
    re.compile(rb"\b(?P<word>\w+)(?:\s+|\s*\*+\s*)(?P<name>" + _CAPITAL + rb")\s+\w+\s*\("),
    re.compile(rb"[\w*]\s*\(\s*(?P<name>" + _CAPITAL + rb")\s*\*\s*\w+\s*(?:\[\w*\]\s*)?\)\s*\("),
    re.compile(
        rb"(?:[;}]|\A|\bstatic|\bextern|\binline)\s*\b(?P<name>"
        + _CAPITAL
        + rb")\s+[A-Za-z_]\w*(?:\s*\*+\s*|\s+)\w+\s*[(;=\[]"
    ),
    re.compile(rb"(?:[(,;{}]|\A)\s*(?P<name>" + _CAPITAL + rb")\s+(?=" + _BUILTIN + rb")"),
    re.compile(rb"(?:[;}]|\A)\s*(?P<name>" + _CAPITAL + rb")\s+(?=const\b)"),
    re.compile(rb"\)\s*(?P<name>" + _CAPITAL + rb")\s*(?=[;{])"),
)
"""Names in capitals where only a qualifier or an attribute can stand."""
_IN_BLOCKS = _SPECIFIERS[3]
_CALLED_SPECIFIER = re.compile(rb"([)*\w])\s*\b(" + _CAPITAL + rb")\s*\(")
_ATTRIBUTE = re.compile(rb"\b__attribute__\s*\(")
_CALL = re.compile(rb"\b([A-Za-z_]\w*)\s*\(")
_SIDE_BY_SIDE = re.compile(rb"\)([ \t]+)(?=[A-Z_]\w*\s*\()")
_WORDS = re.compile(rb"[A-Za-z_]\w*(?:\s+[\w.]+)+")
_KEYWORD = frozenset(
    b"return else case goto sizeof typedef struct union enum static const extern inline register "
    b"volatile".split()
)


def join_names(neutraliser: Neutraliser, start: int, end: int) -> None:
    """String macros side by side show as a sum."""
    join_capitals(neutraliser.sheet, start, end)


def drop_specifiers(neutraliser: Neutraliser, start: int, end: int) -> None:
    """Names in capitals where only a qualifier or an attribute can stand are blanked."""
    sheet = neutraliser.sheet
    for pattern in _SPECIFIERS:
        for match in pattern.finditer(bytes(sheet.skeleton[start:end])):
            at = start + match.start("name")
            if "word" in match.groupdict() and match.group("word") in _KEYWORD:
                continue
            if sheet.structure.at(at) is not Braces.BLOCK or pattern is _IN_BLOCKS:
                neutraliser.drop(at, start + match.end("name"), Shape.SPECIFIER)
    for match in _CALLED_SPECIFIER.finditer(bytes(sheet.skeleton[start:end])):
        at = start + match.start(2)
        close = closing(sheet.skeleton, start + match.end() - 1)
        if sheet.structure.at(at) is not Braces.FILE or not 0 < close < end:
            continue
        after = bytes(sheet.skeleton[close + 1 : close + 200]).lstrip()[:1]
        ends = after in (b"{", b";")
        if ends if match.group(1) == b")" else (after.isalpha() or after in (b"*", b"_")):
            neutraliser.drop(at, close + 1, Shape.SPECIFIER)


def end_calls(neutraliser: Neutraliser, start: int, end: int) -> None:
    """Names and calls that start a line, with no semicolon, and a statement after them."""
    sheet = neutraliser.sheet
    for offset, name in names_in(sheet.skeleton, start, end):
        if name in _NO_CALL or not sheet.skeleton.startswith(name, offset):
            continue
        line = bytes(sheet.skeleton[max(0, offset - 200) : offset]).rpartition(b"\n")[2]
        if line.strip():
            continue
        call = invocation(sheet, neutraliser.macros, offset, name.decode())
        between = sheet.code[call.end : call.next]
        if call.next > call.end and b"\n" in between and call.starts:
            if call.braces is Braces.BLOCK and (call.opening >= 0 or call.before_word):
                neutraliser.treat(call)


def fix_arguments(neutraliser: Neutraliser, start: int, end: int) -> None:
    """Arguments of any call that are types, operators, statements or mere words."""
    sheet = neutraliser.sheet
    for match in _CALL.finditer(bytes(sheet.skeleton[start:end])):
        at = start + match.start()
        braces = sheet.structure.at(at)
        if match.group(1) in _NO_CALL or braces not in (Braces.BLOCK, Braces.INITIALISER):
            continue
        opening = start + match.end() - 1
        close = closing(sheet.skeleton, opening)
        if 0 < close < end:
            _blank_words(sheet, opening, close)
            make_expressions(sheet, opening, close)


def _blank_words(sheet: Sheet, opening: int, close: int) -> None:
    from isolate_ext.syntax.structure import arguments

    for low, high in arguments(sheet.skeleton, opening, close):
        text = bytes(sheet.skeleton[low:high])
        words = text.split()
        if text == b"*" or (_WORDS.fullmatch(text) and words[0] not in _KEYWORD):
            sheet.put(low, (b"0" if text == b"*" else words[0]).ljust(len(text)))


def join_calls(neutraliser: Neutraliser, start: int, end: int) -> None:
    """Calls side by side, as of macros that make strings, show as a sum."""
    sheet = neutraliser.sheet
    for match in _SIDE_BY_SIDE.finditer(bytes(sheet.skeleton[start:end])):
        sheet.put(start + match.start(1), b"+")


def drop_attributes(neutraliser: Neutraliser, start: int, end: int) -> None:
    """Attributes where the grammar does not expect one."""
    sheet = neutraliser.sheet
    for match in _ATTRIBUTE.finditer(bytes(sheet.skeleton[start:end])):
        close = closing(sheet.skeleton, start + match.end() - 1)
        if 0 < close < end:
            neutraliser.drop(start + match.start(), close + 1, Shape.SPECIFIER)


GUESSES: tuple[Guess, ...] = (
    join_names,
    drop_specifiers,
    drop_attributes,
    fix_arguments,
    join_calls,
    end_calls,
)
