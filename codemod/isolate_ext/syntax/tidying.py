"""Small repairs that need no macro: labels before a brace, names among strings."""

from __future__ import annotations

import re

from isolate_ext.syntax.sheet import Sheet

_LABEL = re.compile(rb"[A-Za-z_]\w*[ \t]*:(\s+)\}")
_NAMES_AND_STRING = re.compile(rb"[({,=]\s*(?:\(\s*)?[A-Za-z_]\w*((?:\s+[A-Za-z_]\w*)+)\s*\"")
_CAPITALS = re.compile(rb"[(,]\s*[A-Z_][A-Z0-9_]*((?:\s+[A-Z_][A-Z0-9_]+)+)\s*(?=[,)])")
_GAP = re.compile(rb"\s+(?=\w)")


def tidy(sheet: Sheet, start: int, end: int) -> None:
    """Repair a span of a view in which the macros have their stand-ins."""
    skeleton = bytes(sheet.skeleton)
    for match in _LABEL.finditer(skeleton, start, end):
        sheet.put(match.start(1), b";")
    for match in _NAMES_AND_STRING.finditer(skeleton, start, end):
        _join(sheet, match.start(1), match.end(1))


def join_capitals(sheet: Sheet, start: int, end: int) -> None:
    """``f(PREFIX SUFFIX)``: string macros side by side show as a sum."""
    for match in _CAPITALS.finditer(bytes(sheet.skeleton), start, end):
        _join(sheet, match.start(1), match.end(1))


def _join(sheet: Sheet, start: int, end: int) -> None:
    for gap in _GAP.finditer(bytes(sheet.skeleton[start:end])):
        sheet.put(start + gap.start(), b"+")
