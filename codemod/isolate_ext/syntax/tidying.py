"""Small repairs that need no macro: labels before a brace, names among strings."""

from __future__ import annotations

import re

from isolate_ext.syntax.sheet import Sheet

_COLON = re.compile(rb":(\s+)\}")
_LABEL = re.compile(rb"[A-Za-z_]\w*[ \t]*$")
_NAMES = re.compile(rb"[({,=]\s*(?:\(\s*)?[A-Za-z_]\w*((?:\s+[A-Za-z_]\w*)+)\s*$")
_CAPITALS = re.compile(rb"[(,]\s*[A-Z_][A-Z0-9_]*((?:\s+[A-Z_][A-Z0-9_]+)+)\s*(?=[,)])")
_GAP = re.compile(rb"\s+(?=\w)")
_WINDOW = 240
"""How far before a string the names beside it are looked for, in bytes."""


def tidy(sheet: Sheet, start: int, end: int) -> None:
    """Repair a span of a view in which the macros have their stand-ins."""
    skeleton = sheet.skeleton
    labels = [
        match.start(1)
        for match in _COLON.finditer(skeleton, start, end)
        if _LABEL.search(skeleton[max(start, match.start() - 80) : match.start()])
    ]
    strings = _strings_after_names(skeleton, start, end)
    for offset in labels:
        sheet.put(offset, b";")
    for offset in strings:
        window = skeleton[max(start, offset - _WINDOW) : offset]
        match = _NAMES.search(window)
        if match:
            base = offset - len(window)
            _join(sheet, base + match.start(1), base + match.end(1))


def _strings_after_names(skeleton: bytearray, start: int, end: int) -> list[int]:
    """Where string literals begin that follow a name; their insides are masked."""
    found: list[int] = []
    at = skeleton.find(b'"', start, end)
    while at >= 0:
        last = skeleton[max(start, at - 60) : at].rstrip()[-1:]
        if last.isalnum() or last == b"_":
            found.append(at)
        close = skeleton.find(b'"', at + 1, end)
        at = skeleton.find(b'"', close + 1, end) if close >= 0 else -1
    return found


def join_capitals(sheet: Sheet, start: int, end: int) -> None:
    """``f(PREFIX SUFFIX)``: string macros side by side show as a sum."""
    for match in _CAPITALS.finditer(bytes(sheet.skeleton[start:end])):
        _join(sheet, start + match.start(1), start + match.end(1))


def _join(sheet: Sheet, start: int, end: int) -> None:
    for gap in _GAP.finditer(bytes(sheet.skeleton[start:end])):
        sheet.put(start + gap.start(), b"+")
