"""Mending a piece of a view that does not parse, and fencing what cannot be mended."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from isolate_ext.syntax.fences import Fence
from isolate_ext.syntax.grammar import parse_bytes
from isolate_ext.syntax.guessing import GUESSES
from isolate_ext.syntax.standins import Neutraliser

Span = tuple[int, int]
_FRAGMENTS: tuple[tuple[bytes, bytes], ...] = (
    (b"int x[]={", b"};"),
    (b"void f(){", b"}"),
    (b"void f(){switch(x){", b"}}"),
    (b"enum e{", b"};"),
    (b"struct s{", b"};"),
)
"""What a file may be a fragment of that others include in the middle of something."""
_BOUNDARY = re.compile(rb"[;{}]")


class Mended(msgspec.Struct, frozen=True):
    """The best tree of a piece, with the fences around what is still wrong.

    ``base`` is what to add to an offset of the tree to get one of the source.
    """

    root: Any
    base: int
    fences: tuple[Fence, ...]


def repaired(neutraliser: Neutraliser, window: Span) -> Mended:
    """Mend a window of a view, by guesses about unknown names first."""
    start, end = window
    sheet = neutraliser.sheet
    first = _state(neutraliser, window)
    for guess in GUESSES:
        guess(neutraliser, start, end)
        root = parse_bytes(bytes(sheet.code[start:end])).root_node
        if not root.has_error:
            return Mended(root, start, ())
    _restore(neutraliser, window, first)
    root = parse_bytes(bytes(sheet.code[start:end])).root_node
    badness = _badness(root)
    for guess in GUESSES:
        before = _state(neutraliser, window)
        guess(neutraliser, start, end)
        guessed = parse_bytes(bytes(sheet.code[start:end])).root_node
        if not guessed.has_error:
            return Mended(guessed, start, ())
        if (less := _badness(guessed)) < badness:
            root, badness = guessed, less
        else:
            _restore(neutraliser, window, before)
    text = bytes(sheet.code[start:end])
    for prefix, suffix in _FRAGMENTS:
        fragment = parse_bytes(prefix + text + b"\n" + suffix).root_node
        if not fragment.has_error:
            return Mended(fragment, start - len(prefix), ())
    return Mended(root, start, _fences(bytes(sheet.skeleton), root, window))


_State = tuple[bytes, bytes, int]


def _state(neutraliser: Neutraliser, window: Span) -> _State:
    sheet = neutraliser.sheet
    piece = slice(*window)
    return bytes(sheet.code[piece]), bytes(sheet.skeleton[piece]), len(neutraliser.stand_ins)


def _restore(neutraliser: Neutraliser, window: Span, state: _State) -> None:
    sheet = neutraliser.sheet
    piece = slice(*window)
    sheet.code[piece], sheet.skeleton[piece] = state[:2]
    del neutraliser.stand_ins[state[2] :]


def errors(root: Any) -> list[Any]:
    """The outermost ERROR nodes and the MISSING ones."""
    found = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            found.append(node)
        elif node.has_error:
            stack.extend(node.children)
    return found


def _badness(root: Any) -> int:
    """How much of a tree is wrong."""
    return sum(1 + node.end_byte - node.start_byte for node in errors(root))


def _fences(skeleton: bytes, root: Any, window: Span) -> tuple[Fence, ...]:
    """Fences around single statements where the rest of the item is sound, else around it all."""
    start, end = window
    text = skeleton[start:end]
    left = start + len(text) - len(text.lstrip())
    right = start + len(text.rstrip())
    whole = (Fence(left, right, _cause(root)),)
    items = [node for node in root.children if node.is_named]
    if len(items) != 1 or items[0].type != "function_definition":
        return whole
    body = items[0].child_by_field_name("body")
    if body is None or start + body.end_byte != right or skeleton[right - 1 : right] != b"}":
        return whole
    inner = (start + body.start_byte + 1, right - 1)
    fences = []
    for node in errors(root):
        span = _statement(skeleton, start + node.start_byte, start + node.end_byte, inner)
        if span is None:
            return whole
        fences.append(Fence(*span, _cause_of(node), whole=False))
    lines = sum(fence.end - fence.start for fence in fences)
    return tuple(fences) if lines < (right - left) // 2 else whole


def _statement(skeleton: bytes, start: int, end: int, body: Span) -> Span | None:
    """The statement around an error, by its brackets alone; None where they do not match."""
    if start <= body[0] or end >= body[1]:
        return None
    low = body[0]
    for match in _BOUNDARY.finditer(skeleton, body[0], start):
        low = match.end()
    depth = 0
    for match in _BOUNDARY.finditer(skeleton, low, body[1]):
        char = match.group()
        depth += (char == b"{") - (char == b"}")
        if depth < 0:
            return None
        if depth == 0 and match.start() + 1 >= end and char != b"{":
            piece = skeleton[low : match.end()]
            balanced = piece.count(b"(") == piece.count(b")")
            return (low, match.end()) if balanced else None
    return None


def _cause_of(node: Any) -> str:
    return f"missing {node.type}" if node.is_missing else "not C as the grammar knows it"


def _cause(root: Any) -> str:
    found = errors(root)
    return _cause_of(found[0]) if found else "not C as the grammar knows it"
