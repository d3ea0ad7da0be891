"""Bytes, spans, nested replacements, composition, C templates, diffs.  Knows no language."""

from isolate_ext.text.compose import Composed, Conflict, Piece, compose, pieces
from isolate_ext.text.diff import unified_diff
from isolate_ext.text.matching import changes, matching_blocks
from isolate_ext.text.replacement import Hole, Replacement, Span, deletion, insertion, replacement
from isolate_ext.text.style import Style, style_of
from isolate_ext.text.template import Template

__all__ = [
    "Composed",
    "Conflict",
    "Hole",
    "Piece",
    "Replacement",
    "Span",
    "Style",
    "Template",
    "changes",
    "compose",
    "deletion",
    "insertion",
    "matching_blocks",
    "pieces",
    "replacement",
    "style_of",
    "unified_diff",
]
