"""Preprocessor directives as values: ``#define``, ``#undef``, ``#include`` and the conditionals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from isolate_ext.syntax.expressions import Expr, parse_expression

if TYPE_CHECKING:
    from isolate_ext.syntax.conditionals import Branch, Condition

Span = tuple[int, int]


class Include(msgspec.Struct, frozen=True):
    """``#include``; ``system`` tells angle brackets from quotes."""

    span: Span
    name: str
    system: bool


class Undef(msgspec.Struct, frozen=True):
    """``#undef NAME``."""

    span: Span
    name: str


class Define(msgspec.Struct, frozen=True, eq=False):
    """``#define``. ``params`` is None for an object-like macro and holds "..." as written.

    ``code`` is the body with comments and continuations blanked, as long as ``body_span``;
    in ``skeleton`` the insides of strings are masked too.
    """

    name: str
    params: tuple[str, ...] | None
    span: Span
    name_span: Span
    params_span: Span | None
    body_span: Span
    code: bytes
    skeleton: bytes
    branch: Branch | None = None

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The enclosing ``#if`` branches, outermost first (see ``conditionals.Condition``)."""
        from isolate_ext.syntax.conditionals import condition_of

        found = []
        branch = self.branch
        while branch is not None and branch.group is not None:
            found.append(condition_of(branch))
            branch = branch.group.parent
        return tuple(reversed(found))

    @property
    def value(self) -> Expr | None:
        """The body as an ``#if`` expression; None for a function-like or an empty macro."""
        text = self.code.decode("latin-1").strip()
        return parse_expression(text) if self.params is None and text else None


_HEAD = re.compile(rb"#[ \t\f\v]*([A-Za-z_]\w*)?")
_NAME = re.compile(rb"[ \t\f\v\r\n]*([A-Za-z_$][\w$]*)")
_INCLUDE = re.compile(rb"[ \t]*(?:<([^>]*)>|\"([^\"]*)\")")


def keyword_of(code: bytes) -> tuple[str, int]:
    """The directive's keyword and where its rest begins, in the directive's cleaned text."""
    match = _HEAD.match(code)
    assert match is not None
    return (match.group(1) or b"").decode(), match.end()


def read_include(code: bytes, rest: int, span: Span) -> Include | None:
    """An ``#include``; None for a computed one."""
    match = _INCLUDE.match(code, rest)
    if match is None:
        return None
    name = match.group(1) if match.group(1) is not None else match.group(2)
    return Include(span, name.decode("utf-8", "surrogateescape"), match.group(1) is not None)


def read_name(code: bytes, rest: int) -> str:
    """The macro name after ``#undef``, ``#ifdef`` or ``#ifndef``."""
    match = _NAME.match(code, rest)
    return match.group(1).decode() if match else ""


def read_define(
    code: bytes, skeleton: bytes, rest: int, span: Span, branch: Branch
) -> Define | None:
    """A ``#define`` from the cleaned text of its directive."""
    match = _NAME.match(code, rest)
    if match is None:
        return None
    start = span[0]
    params: tuple[str, ...] | None = None
    params_span: Span | None = None
    body = match.end()
    if code[body : body + 1] == b"(":
        close = code.find(b")", body)
        close = close if close >= 0 else len(code) - 1
        inside = code[body + 1 : close].decode("latin-1")
        params = tuple(name for part in inside.split(",") if (name := part.strip()))
        params_span = (start + body, start + close + 1)
        body = close + 1
    text = code[body:]
    body += len(text) - len(text.lstrip())
    end = len(code.rstrip())
    end = max(end, body) if text.strip() else body
    return Define(
        match.group(1).decode(),
        params,
        span,
        (start + match.start(1), start + match.end(1)),
        params_span,
        (start + body, start + end),
        code[body:end],
        skeleton[body:end],
        branch,
    )
