"""The C grammar: one parser, and what the library's node kinds mean."""

from __future__ import annotations

import tree_sitter
import tree_sitter_c

LANGUAGE = tree_sitter.Language(tree_sitter_c.language())
_PARSER = tree_sitter.Parser(LANGUAGE)

KINDS: tuple[str, ...] = tuple(
    LANGUAGE.node_kind_for_id(index) or "" for index in range(LANGUAGE.node_kind_count)
)
NAMED: tuple[bool, ...] = tuple(
    LANGUAGE.node_kind_is_named(index) for index in range(LANGUAGE.node_kind_count)
)
FIELDS: tuple[str | None, ...] = (
    None,
    *(LANGUAGE.field_name_for_id(index) for index in range(1, LANGUAGE.field_count + 1)),
)
PUNCTUATION = frozenset(
    index for index, kind in enumerate(KINDS) if kind in ("(", ")", "{", "}", "[", "]", ",", ";")
)


def parse_bytes(text: bytes) -> tree_sitter.Tree:
    """The tree of a view or a snippet; broken input gives ERROR and MISSING nodes."""
    return _PARSER.parse(text)


def parses(text: bytes) -> bool:
    """Whether a snippet is free of ERROR and MISSING nodes."""
    return not _PARSER.parse(text).root_node.has_error
