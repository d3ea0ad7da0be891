"""Macro arguments that are no expressions: types, operators, statements, parameter lists."""

from __future__ import annotations

import re

from isolate_ext.syntax.grammar import parses
from isolate_ext.syntax.sheet import Sheet
from isolate_ext.syntax.structure import arguments

_WORD = re.compile(rb"[A-Za-z_]\w*")
_KEYWORD_TYPE = re.compile(
    rb"(?:const|volatile|struct|union|enum|unsigned|signed|int|char|long|short|float|double|void"
    rb"|static|register|_Bool|PyObject(?=\s*\*))\b"
)
_TYPE_LIKE = re.compile(
    rb"(?:const\s+|volatile\s+)*(?:(?:struct|union|enum)\s+\w+|(?:(?:unsigned|signed|int|char|long|"
    rb"short|float|double|void)\b\s*)+|\w+)\s*(?:const\b\s*)?[\s*]*(?:const\b\s*)?"
    rb"(?:\(\s*\*\s*\)\s*\([^()]*\))?"
)
_PIECE = re.compile(rb"[A-Za-z_]\w*|[(),]")
_COMPLEX = re.compile(rb"\b_?[Cc]omplex\b")
_OPERATOR = re.compile(rb"[-+*/%&|^<>=!~]+|->|\.")
_STATEMENT_WORD = re.compile(rb"(?:return|goto|break|continue|case|else|do)\b")
_EASY = re.compile(rb"&?[A-Za-z_]\w*(?:(?:->|\.)\w+)*|-?\d\w*|\"\.*\"")
_EASY_ARGUMENT = rb"\s*+(?!%s)(?:%s)\s*+" % (_KEYWORD_TYPE.pattern, _EASY.pattern)
EASY_ARGUMENTS = rb"\((?:%s(?:,%s)*+)?\)" % (_EASY_ARGUMENT, _EASY_ARGUMENT)
"""A pattern of arguments that are expressions as they stand, with their parentheses."""


def make_expressions(sheet: Sheet, opening: int, close: int) -> None:
    """Make every argument between two parentheses an expression, at equal length."""
    for start, end in arguments(sheet.skeleton, opening, close):
        text = bytes(sheet.skeleton[start:end])
        if text and (not _EASY.fullmatch(text) or _KEYWORD_TYPE.fullmatch(text)):
            _make_expression(sheet, start, text)


def _make_expression(sheet: Sheet, start: int, text: bytes) -> None:
    room = len(text)
    if _OPERATOR.fullmatch(text):
        sheet.put(start, b"0".ljust(room))
    elif text.endswith(b"*") or _KEYWORD_TYPE.match(text):
        if _TYPE_LIKE.fullmatch(text):
            sheet.put(start, _shown_type(text))
        elif not _is_expression(sheet, start, text):
            _words_only(sheet, start, text)
    elif text.startswith(b"{"):
        _brace_to_parenthesis(sheet, start, text)
    elif _STATEMENT_WORD.match(text) or b";" in text:
        _statement_to_expression(sheet, start, text)
    elif text.startswith(b"(") and _KEYWORD_TYPE.search(text):
        if not _is_expression(sheet, start, text):
            _words_only(sheet, start, text)


def _words_only(sheet: Sheet, start: int, text: bytes) -> None:
    """``(void *p, const T *q)`` shows as ``(p, T+q)``, what has no such form as ``0``."""
    shown = bytearray(b" " * len(text))
    follows = False
    for match in _PIECE.finditer(text):
        piece = match.group()
        word = _WORD.match(piece) is not None
        if word and _KEYWORD_TYPE.fullmatch(piece):
            continue
        if word and follows:
            shown[match.start() - 1] = 0x2B
        shown[match.start() : match.end()] = piece
        follows = word or piece == b")"
    if parses(b"int x=f(" + bytes(shown) + b");"):
        sheet.put(start, bytes(shown))
    else:
        sheet.put(start, b"0".ljust(len(text)))


def _is_expression(sheet: Sheet, start: int, text: bytes) -> bool:
    code = _COMPLEX.sub(b"", bytes(sheet.code[start : start + len(text)]))
    return parses(b"int x=f(" + code + b");")


def _shown_type(text: bytes) -> bytes:
    """``struct foo *`` shows as ``foo``, ``unsigned char *`` as ``0``."""
    shown = bytearray(b" " * len(text))
    for match in _WORD.finditer(text):
        if not _KEYWORD_TYPE.fullmatch(match.group()):
            shown[match.start() : match.end()] = match.group()
            return bytes(shown)
    shown[0:1] = b"0"
    return bytes(shown)


def _brace_to_parenthesis(sheet: Sheet, start: int, text: bytes) -> None:
    """``{a, b,}`` shows as ``(a, b )``; a block of statements stays a block."""
    if b";" in text or not text.endswith(b"}"):
        return
    shown = bytearray(text)
    for index, char in enumerate(text):
        if char == 0x7B:
            shown[index] = 0x28
        elif char == 0x7D:
            shown[index] = 0x29
            before = bytes(shown[:index]).rstrip()
            if before.endswith(b","):
                shown[len(before) - 1] = 0x20
    for index, char in enumerate(shown):
        if text[index] != char:
            sheet.put(start + index, bytes((char,)))


def _statement_to_expression(sheet: Sheet, start: int, text: bytes) -> None:
    """``return x;`` shows as ``x``; what is no single expression then shows as ``0``."""
    word = _STATEMENT_WORD.match(text)
    code = bytearray(sheet.code[start : start + len(text)])
    if word:
        code[: word.end()] = b" " * word.end()
    inner = bytes(code).rstrip()
    if inner.endswith(b";"):
        code[len(inner) - 1] = 0x20
    if code.strip() and parses(b"int x=f(" + bytes(code) + b");"):
        for index, char in enumerate(code):
            if char != sheet.code[start + index]:
                sheet.put(start + index, bytes((char,)))
    else:
        sheet.put(start, b"0".ljust(len(text)))
