"""Binary and comparison operators on values of the domain."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import libcst as cst

from isolate_ext.project.script import access
from isolate_ext.project.script.frame import Frame
from isolate_ext.project.script.values import (
    Choice,
    Dotted,
    Maybe,
    StaticRaise,
    Unknown,
    Value,
    is_known,
    plain,
    text_of,
    why_of,
)

MAX_TEXT = 1_000_000

BINARY: dict[type, Callable[[Any, Any], Any]] = {
    cst.Add: operator.add,
    cst.Subtract: operator.sub,
    cst.Multiply: operator.mul,
    cst.Divide: operator.truediv,
    cst.FloorDivide: operator.floordiv,
    cst.Modulo: operator.mod,
    cst.BitOr: operator.or_,
    cst.BitAnd: operator.and_,
    cst.BitXor: operator.xor,
    cst.LeftShift: operator.lshift,
    cst.RightShift: operator.rshift,
}


def operate(kind: type, left: Value, right: Value, frame: Frame, node: cst.CSTNode) -> Value:
    """`left <kind> right`, choices lifted. Lists join even where items are unknown."""
    if isinstance(left, Choice) or isinstance(right, Choice):
        return access.lift(lambda a, b: operate(kind, a, b, frame, node), left, right)
    if kind is cst.Add and isinstance(left, list) and isinstance(right, (list, Unknown)):
        return frame.run.new_list([*left, *(right if isinstance(right, list) else [right])])
    if kind is cst.Add and isinstance(right, list) and isinstance(left, Unknown):
        return frame.run.new_list([left, *right])
    if kind is cst.Add and isinstance(left, tuple) and isinstance(right, tuple):
        return (*left, *right)
    if kind is cst.Multiply and isinstance(left, int) and isinstance(right, list):
        left, right = right, left
    if kind is cst.Multiply and isinstance(left, list) and isinstance(right, int):
        return frame.run.new_list(list(left) * min(int(right), 1000))
    if not (is_known(left) and is_known(right)):
        return why_of(left, right) if not isinstance(left, Dotted) else frame.unknown(node)
    if kind not in BINARY or too_big(kind, left, right):
        return frame.unknown(node)
    try:
        return access.domain(BINARY[kind](plain(left), plain(right)), frame.run)
    except Exception as error:
        raise StaticRaise(type(error).__name__, str(error)) from error


def too_big(kind: type, left: Value, right: Value) -> bool:
    if kind is cst.Multiply:
        sizes = [
            len(v) if isinstance(v, (str, bytes, tuple)) else abs(v)
            for v in (left, right)
            if isinstance(v, (str, bytes, tuple, int))
        ]
        return len(sizes) == 2 and sizes[0] * sizes[1] > MAX_TEXT and not isinstance(left, float)
    return kind is cst.LeftShift and isinstance(right, int) and right > 128


COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    cst.Equal: operator.eq,
    cst.NotEqual: operator.ne,
    cst.LessThan: operator.lt,
    cst.GreaterThan: operator.gt,
    cst.LessThanEqual: operator.le,
    cst.GreaterThanEqual: operator.ge,
    cst.In: lambda a, b: a in b,
    cst.NotIn: lambda a, b: a not in b,
    cst.Is: lambda a, b: a is b or (type(a) is type(b) and isinstance(a, (int, str)) and a == b),
    cst.IsNot: lambda a, b: not COMPARE[cst.Is](a, b),
}


def compare(
    op: cst.BaseCompOp, left: Value, right: Value, frame: Frame, node: cst.CSTNode
) -> Value:
    if isinstance(left, Choice) or isinstance(right, Choice):
        return access.lift(lambda a, b: compare(op, a, b, frame, node), left, right)
    if isinstance(op, (cst.In, cst.NotIn)) and isinstance(right, (list, dict)) and is_known(left):
        if any(not isinstance(k, Maybe) and k == left for k in right):
            return isinstance(op, cst.In)
    if (
        isinstance(op, (cst.Is, cst.IsNot))
        and right is None
        and not isinstance(left, (Unknown, Maybe))
    ):
        return (left is None) is isinstance(op, cst.Is)
    if isinstance(op, (cst.Is, cst.IsNot)) and not isinstance(left, Unknown):
        if access.identifiable(left) and access.identifiable(right):
            return (left is right) is isinstance(op, cst.Is)
    if not (is_known(left) and is_known(right)) or type(op) not in COMPARE:
        return why_of(left, right)
    try:
        if isinstance(op, (cst.Is, cst.IsNot)):
            return COMPARE[type(op)](left, right)
        return COMPARE[type(op)](text_of(plain(left)), text_of(plain(right)))
    except Exception as error:
        raise StaticRaise(type(error).__name__, str(error)) from error
