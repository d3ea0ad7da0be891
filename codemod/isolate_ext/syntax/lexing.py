"""One pass over the bytes: comments, strings and directives, at equal length.

The lexer makes two texts as long as the source. In ``code`` comments and directives
are blanked; in ``skeleton`` the insides of strings are masked too, so that every bracket and
every identifier found there is code.
"""

from __future__ import annotations

import re

import msgspec

_DIRECTIVE_BODY = (
    rb"(?:[^\n\\/\"']|\\(?:\r?\n|.)|/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\(?:\r?\n|.))*"
    rb"|\"(?:[^\"\\\n]|\\(?:\r?\n|.))*\"?|'(?:[^'\\\n]|\\(?:\r?\n|.))*'?|[/\\])*"
)
_PATTERN = re.compile(
    rb"/\*.*?(?:\*/|\Z)"
    rb"|//(?:[^\n\\]|\\(?:\r?\n|.))*"
    rb"|\"(?:[^\"\\\n]|\\(?:\r?\n|.))*\"?"
    rb"|'(?:[^'\\\n]|\\(?:\r?\n|.))*'?"
    rb"|\n[ \t\f\v]*(?:/\*[^\n]*?\*/[ \t]*)?#" + _DIRECTIVE_BODY + rb"|\\[ \t]*\r?\n",
    re.DOTALL,
)
"""Comment, string, character, directive or continuation; the first byte tells which.

Without groups the engine of ``re`` looks only where one of these bytes stands.
"""
_FIRST_DIRECTIVE = re.compile(
    rb"(?:\xef\xbb\xbf)?[ \t\f\v]*(?:/\*[^\n]*?\*/[ \t]*)?#" + _DIRECTIVE_BODY, re.DOTALL
)
_INNER = re.compile(
    rb"/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\(?:\r?\n|.))*|\\[ \t]*\r?\n"
    rb"|(?P<string>\"(?:[^\"\\\n]|\\(?:\r?\n|.))*\"?|'(?:[^'\\\n]|\\(?:\r?\n|.))*'?)",
    re.DOTALL,
)
IDENTIFIER = re.compile(rb"\b[A-Za-z_]\w*")
BRACE_OR_IDENTIFIER = re.compile(rb"[{}]|\b[A-Za-z_]\w*")

_QUOTES = frozenset(b"\"'")
_LINE_END = 0x0A
BLANK = bytes(c if c in b"\n\r" else 0x20 for c in range(256))
"""Translation table: everything but line ends becomes a space."""
_MASK = bytes(c if c in b"\n\r" else 0x2E for c in range(256))


def blank(text: bytes) -> bytes:
    """The text with everything but its line ends turned into spaces."""
    return text.translate(BLANK)


class Lexed(msgspec.Struct, frozen=True):
    """What one pass finds. All offsets are byte offsets into the source."""

    code: bytes
    skeleton: bytes
    directives: tuple[tuple[int, int], ...]


def _masked(text: bytes) -> bytes:
    if len(text) < 2 or text[-1:] != text[:1]:
        return text[:1] + text[1:].translate(_MASK)
    return text[:1] + text[1:-1].translate(_MASK) + text[-1:]


def lex(data: bytes) -> Lexed:
    """Split a source into code, strings, comments and directives; never fails."""
    code: list[bytes] = []
    skeleton: list[bytes] = []
    directives: list[tuple[int, int]] = []
    at = 0
    opening = _FIRST_DIRECTIVE.match(data)
    if opening:
        at = opening.end()
        directives.append((data.index(b"#"), at))
        code.append(blank(opening.group()))
        skeleton.append(code[-1])
    elif data.startswith(b"\xef\xbb\xbf"):
        at = 3
        code.append(b"   ")
        skeleton.append(b"   ")
    for match in _PATTERN.finditer(data, at):
        start, end = match.span()
        between = data[at:start]
        text = match.group()
        first = text[0]
        code.append(between)
        skeleton.append(between)
        if first in _QUOTES:
            code.append(text.replace(b"\\\n", b"  ") if b"\\\n" in text else text)
            skeleton.append(_masked(text))
        else:
            blanked = text.translate(BLANK)
            code.append(blanked)
            skeleton.append(blanked)
            if first == _LINE_END:
                directives.append((start + text.index(b"#"), end))
        at = end
    code.append(data[at:])
    skeleton.append(data[at:])
    return Lexed(b"".join(code), b"".join(skeleton), tuple(directives))


def clean(text: bytes) -> tuple[bytes, bytes]:
    """A directive's text with comments and continuations blanked, and the same with strings masked.

    Line ends are blanked too: the text of a directive is one logical line.
    """
    code: list[bytes] = []
    skeleton: list[bytes] = []
    at = 0
    for match in _INNER.finditer(text):
        between = text[at : match.start()]
        code.append(between)
        skeleton.append(between)
        if match.lastgroup:
            code.append(match.group())
            skeleton.append(_masked(match.group()))
        else:
            code.append(b" " * (match.end() - match.start()))
            skeleton.append(code[-1])
        at = match.end()
    code.append(text[at:])
    skeleton.append(text[at:])
    return b"".join(code).replace(b"\r", b" ").replace(b"\n", b" "), b"".join(skeleton).replace(
        b"\r", b" "
    ).replace(b"\n", b" ")
