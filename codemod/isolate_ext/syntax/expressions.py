"""The expressions of ``#if``: parsing, and evaluation with intervals for what is not known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

import msgspec

Interval = tuple[float, float]
"""Least and greatest value that an expression can have."""
UNKNOWN: Interval = (float("-inf"), float("inf"))
_BOOL: Interval = (0, 1)


class Expr(msgspec.Struct, frozen=True):
    """A node: ``op`` with operands, or a leaf ("number", "name", "defined", "opaque").

    A call, as of ``__has_include(<x.h>)``, is a name with its arguments.
    """

    op: str
    operands: tuple[Expr, ...] = ()
    value: int = 0
    name: str = ""

    def names(self) -> Iterator[str]:
        """Every macro name that the expression asks about."""
        if self.name:
            yield self.name
        for operand in self.operands:
            yield from operand.names()

    def numbers(self) -> Iterator[int]:
        """Every constant in the expression."""
        if self.op == "number":
            yield self.value
        for operand in self.operands:
            yield from operand.numbers()


_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d[\w.]*)|(?P<name>[A-Za-z_]\w*)|(?P<char>'(?:\\.|[^'\\])*')"
    r"|(?P<string>\"(?:\\.|[^\"\\])*\"|<[\w./+-]+>(?=\s*\)))"
    r"|(?P<op>\|\||&&|<<|>>|[<>=!]=|[-+*/%&|^~!<>?:(),])|(?P<junk>\S))"
)
_PRECEDENCE = {
    "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7,
    "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}  # fmt: skip
OPAQUE = Expr("opaque")


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = [
            (m.lastgroup or "junk", m.group(m.lastgroup or 0)) for m in _TOKEN.finditer(text)
        ]
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self) -> tuple[str, str]:
        token = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")
        self.at += 1
        return token

    def ternary(self) -> Expr:
        condition = self.binary(1)
        if self.peek() != "?":
            return condition
        self.take()
        yes = self.ternary()
        if self.peek() == ":":
            self.take()
        return Expr("?", (condition, yes, self.ternary()))

    def binary(self, least: int) -> Expr:
        left = self.unary()
        while (level := _PRECEDENCE.get(self.peek(), 0)) >= least:
            operator = self.take()[1]
            left = Expr(operator, (left, self.binary(level + 1)))
        return left

    def unary(self) -> Expr:
        kind, text = self.take()
        if kind == "number":
            return _number(text)
        if kind == "char":
            return Expr("number", value=ord(text[1])) if len(text) == 3 else OPAQUE
        if kind == "op" and text in "!-+~":
            return Expr("u" + text, (self.unary(),))
        if text == "(":
            inner = self.ternary()
            if self.peek() == ")":
                self.take()
            return inner
        if text == "defined":
            parenthesised = self.peek() == "("
            if parenthesised:
                self.take()
            name = self.take()[1]
            if parenthesised and self.peek() == ")":
                self.take()
            return Expr("defined", name=name)
        if kind == "name":
            if self.peek() == "(":
                return Expr("name", name=text + self._call())
            return Expr("name", name=text)
        return OPAQUE

    def _call(self) -> str:
        """The text of a call, which stands for a value of its own."""
        depth = 0
        texts = []
        while self.at < len(self.tokens):
            text = self.take()[1]
            texts.append(text)
            depth += (text == "(") - (text == ")")
            if depth == 0:
                break
        return "".join(texts)


def _number(text: str) -> Expr:
    digits = text.rstrip("uUlL")
    try:
        value = int(digits, 8 if re.fullmatch(r"0[0-7]+", digits) else 0)
    except ValueError:
        return OPAQUE
    return Expr("number", value=value)


@lru_cache(maxsize=8192)
def parse_expression(text: str) -> Expr:
    """Parse what stands after ``#if``; anything not understood becomes an opaque leaf."""
    parser = _Parser(text)
    return parser.ternary() if parser.tokens else OPAQUE


def negated(expression: Expr) -> Expr:
    """The expression that holds where the given one does not."""
    return Expr("u!", (expression,))


def both(left: Expr, right: Expr) -> Expr:
    """The conjunction."""
    return Expr("&&", (left, right))


Lookup = Callable[[str, bool], Interval]
"""``lookup(name, defined)``: the value of a macro, or (``defined``) whether it is defined."""


def evaluate(expression: Expr, lookup: Lookup) -> Interval:
    """The least and the greatest value the expression can take under ``lookup``."""
    op = expression.op
    if op == "number":
        return (expression.value, expression.value)
    if op == "name":
        return lookup(expression.name, False)
    if op == "defined":
        return lookup(expression.name, True)
    if op == "opaque":
        return UNKNOWN
    values = [evaluate(operand, lookup) for operand in expression.operands]
    if op == "&&" or op == "||" or op == "?":
        return _logical(op, values)
    if op.startswith("u"):
        return _unary(op, values[0])
    return _binary(op, values[0], values[1])


def truth(interval: Interval) -> bool | None:
    """Whether a value counts as true in ``#if``; None when it can be either."""
    low, high = interval
    if low == high == 0:
        return False
    if low > 0 or high < 0:
        return True
    return None


def _as_interval(value: bool | None) -> Interval:
    return _BOOL if value is None else (int(value), int(value))


def _logical(op: str, values: list[Interval]) -> Interval:
    first, second = truth(values[0]), truth(values[1])
    if op == "?":
        if first is None:
            return (min(values[1][0], values[2][0]), max(values[1][1], values[2][1]))
        return values[1] if first else values[2]
    decisive = op == "||"
    if first is decisive or second is decisive:
        return _as_interval(decisive)
    return _BOOL if first is None or second is None else _as_interval(not decisive)


def _unary(op: str, value: Interval) -> Interval:
    low, high = value
    if op == "u!":
        known = truth(value)
        return _as_interval(None if known is None else not known)
    if op == "u-":
        return (-high, -low)
    if op == "u+":
        return value
    return (~int(low), ~int(low)) if low == high else UNKNOWN


def _binary(op: str, left: Interval, right: Interval) -> Interval:
    if op in ("<", ">", "<=", ">=", "==", "!="):
        return _as_interval(_compare(op, left, right))
    if left[0] != left[1] or right[0] != right[1]:
        return UNKNOWN
    try:
        value = _ARITHMETIC[op](int(left[0]), int(right[0]))
    except (ZeroDivisionError, ValueError, OverflowError, KeyError):
        return UNKNOWN
    return (value, value)


_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b if 0 <= b < 64 else 0,
    ">>": lambda a, b: a >> b if b >= 0 else 0,
}


def _compare(op: str, left: Interval, right: Interval) -> bool | None:
    if op == ">":
        return _compare("<", right, left)
    if op == ">=":
        return _compare("<=", right, left)
    if op == "<":
        if left[1] < right[0]:
            return True
        return False if left[0] >= right[1] else None
    if op == "<=":
        if left[1] <= right[0]:
            return True
        return False if left[0] > right[1] else None
    equal: bool | None = None
    if left[0] == left[1] == right[0] == right[1]:
        equal = True
    elif left[1] < right[0] or right[1] < left[0]:
        equal = False
    return equal if op == "==" or equal is None else not equal
