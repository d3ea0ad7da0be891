"""The C grammar: one parser, and what the library's node kinds mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

import tree_sitter
import tree_sitter_c

LANGUAGE = tree_sitter.Language(tree_sitter_c.language())
_PARSER = tree_sitter.Parser(LANGUAGE)

_GAP = b" " * 1024
"""Blanks, as long tables of numbers leave them, that the parser need not walk through."""
_ERROR = 0xFFFF
_PUNCTUATION = ("(", ")", "{", "}", "[", "]", ",", ";")

KINDS: Mapping[int, tuple[str, bool] | None] = {
    index: None if kind in _PUNCTUATION else (kind, LANGUAGE.node_kind_is_named(index))
    for index in range(LANGUAGE.node_kind_count)
    for kind in [LANGUAGE.node_kind_for_id(index) or ""]
} | {_ERROR: ("ERROR", True)}
"""What the ids of nodes mean, and whether they are more than a token; None for brackets."""
FIELDS: Mapping[int | None, str | None] = {
    index: LANGUAGE.field_name_for_id(index) for index in range(1, LANGUAGE.field_count + 1)
} | {None: None}


def parse_bytes(text: bytes) -> tree_sitter.Tree:
    """The tree of a view or a snippet; broken input gives ERROR and MISSING nodes."""
    if _GAP not in text:
        return _PARSER.parse(text)
    shown = [_range(start, end) for start, end in _between_gaps(text)]
    return tree_sitter.Parser(LANGUAGE, included_ranges=shown).parse(text)


def _between_gaps(text: bytes) -> Iterator[tuple[int, int]]:
    start = 0
    while (gap := text.find(_GAP, start)) >= 0:
        yield start, gap + 1
        start = gap + len(text[gap:]) - len(text[gap:].lstrip(b" "))
    yield start, len(text)


def _range(start: int, end: int) -> tree_sitter.Range:
    """The points are of no use to anyone: offsets are what trees are read by."""
    return tree_sitter.Range((0, start), (0, end), start, end)


@lru_cache(maxsize=4096)
def parse_snippet(text: bytes) -> tree_sitter.Tree:
    """The tree of a short text, which is shared by all who ask for the same."""
    return _PARSER.parse(text)


def parses(text: bytes) -> bool:
    """Whether a snippet is free of ERROR and MISSING nodes."""
    return not parse_snippet(text).root_node.has_error
