"""What is known of a macro body before it is tried."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isolate_ext.syntax.grammar import parses
from isolate_ext.syntax.inference import is_sequence

TOKENS = (
    "a", ";", ";", "(", ")", "{", "}", "[", "]", ",", "=", "for", "if", "do", "while", "int", "0",
    "struct", "return", "else", "?", ":", "*", "#", "'", "';'", "\"", "\"s;\"",
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(TOKENS), max_size=9))
def test_a_sequence_fits_into_no_parentheses(tokens: list[str]) -> None:
    body = " ".join(tokens).encode()
    for prefix, suffix in ((b"", b");"), (b"", b" y);"), (b"1 ", b");"), (b"", b":0);")):
        if is_sequence(body):
            assert not parses(b"int x=(" + prefix + body + suffix)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(TOKENS), max_size=9))
def test_no_parenthesis_follows_a_comma(tokens: list[str]) -> None:
    assert not parses(f"int x=({' '.join(tokens)},);".encode())


@pytest.mark.parametrize("body", ["a; b", "f(a); return b;", "{ a; } b;", "f(';', \"(\");"])
def test_a_sequence(body: str) -> None:
    assert is_sequence(body.encode())


@pytest.mark.parametrize(
    "body", ["", "a", "f(a)", "{ a; b; }", "for (;;) a", '"a;"', "f); g(", "'\";", "if (a) { b; }"]
)
def test_no_sequence(body: str) -> None:
    assert not is_sequence(body.encode())
