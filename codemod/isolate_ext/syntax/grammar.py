"""The C grammar: one parser, and what the library's node kinds mean."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import tree_sitter
import tree_sitter_c

LANGUAGE = tree_sitter.Language(tree_sitter_c.language())
_PARSER = tree_sitter.Parser(LANGUAGE)

_ERROR = 0xFFFF
_PUNCTUATION = ("(", ")", "{", "}", "[", "]", ",", ";")

KINDS: Mapping[int, tuple[str, bool]] = {
    index: (kind, LANGUAGE.node_kind_is_named(index))
    for index in range(LANGUAGE.node_kind_count)
    if (kind := LANGUAGE.node_kind_for_id(index) or "") not in _PUNCTUATION
} | {_ERROR: ("ERROR", True)}
"""What the ids of nodes mean, and whether they are more than a token; brackets are left out."""
FIELDS: Mapping[int | None, str | None] = {
    index: LANGUAGE.field_name_for_id(index) for index in range(1, LANGUAGE.field_count + 1)
} | {None: None}


def parse_bytes(text: bytes) -> tree_sitter.Tree:
    """The tree of a view or a snippet; broken input gives ERROR and MISSING nodes."""
    return _PARSER.parse(text)


@lru_cache(maxsize=4096)
def parse_snippet(text: bytes) -> tree_sitter.Tree:
    """The tree of a short text, which is shared by all who ask for the same."""
    return _PARSER.parse(text)


def parses(text: bytes) -> bool:
    """Whether a snippet is free of ERROR and MISSING nodes."""
    return not parse_snippet(text).root_node.has_error
