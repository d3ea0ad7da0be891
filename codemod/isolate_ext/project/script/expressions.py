"""Expressions: what a libcst expression evaluates to, as far as reading can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from isolate_ext.project.script import access
from isolate_ext.project.script.frame import Frame
from isolate_ext.project.script.operators import compare, operate
from isolate_ext.project.script.values import (
    Choice,
    Function,
    Maybe,
    PyDict,
    PyList,
    Scope,
    StaticRaise,
    Unknown,
    Value,
    choice,
    is_known,
    plain,
    why_of,
)


def evaluate(node: cst.BaseExpression, frame: Frame) -> Value:
    """The value of the expression. Raises StaticRaise where the script would raise for certain."""
    frame.run.tick()
    handler = HANDLERS.get(type(node))
    return handler(node, frame) if handler else frame.unknown(node)


def name(node: cst.Name, frame: Frame) -> Value:
    try:
        return frame.scope.lookup(node.value)
    except KeyError:
        return access.builtin(node.value, frame, node)


def literal(node: Any, frame: Frame) -> Value:
    return node.evaluated_value


def sequence(node: cst.List | cst.Tuple | cst.Set, frame: Frame) -> Value:
    items: list[Value] = []
    for element in node.elements:
        if isinstance(element, cst.StarredElement):
            items.extend(access.items(evaluate(element.value, frame), keep=True))
        else:
            items.append(evaluate(element.value, frame))
    if isinstance(node, cst.List):
        return frame.run.new_list(items)
    if isinstance(node, cst.Tuple):
        return tuple(items)
    return (
        frame.run.new_list(dict.fromkeys(items)) if is_known(items) else frame.run.new_list(items)
    )


def dictionary(node: cst.Dict, frame: Frame) -> Value:
    made = frame.run.new_dict()
    for element in node.elements:
        if isinstance(element, cst.StarredDictElement):
            access.update(made, evaluate(element.value, frame))
        elif isinstance(element, cst.DictElement):
            access.store(made, evaluate(element.key, frame), evaluate(element.value, frame))
    return made


def attribute(node: cst.Attribute, frame: Frame) -> Value:
    return access.attribute(evaluate(node.value, frame), node.attr.value, frame, node)


def subscript(node: cst.Subscript, frame: Frame) -> Value:
    value = evaluate(node.value, frame)
    if len(node.slice) != 1:
        return frame.unknown(node)
    part = node.slice[0].slice
    if isinstance(part, cst.Index):
        return access.item(value, evaluate(part.value, frame), frame, node)
    if not isinstance(part, cst.Slice):
        return frame.unknown(node)
    bounds = [evaluate(b, frame) if b else None for b in (part.lower, part.upper, part.step)]
    if isinstance(value, (str, bytes, tuple, PyList)) and is_known(bounds):
        if isinstance(value, PyList):
            return frame.run.new_list(list(value)[slice(*bounds)])
        return value[slice(*bounds)]
    return why_of(value, bounds) if not is_known([value, bounds]) else frame.unknown(node)


def binary(node: cst.BinaryOperation, frame: Frame) -> Value:
    left, right = evaluate(node.left, frame), evaluate(node.right, frame)
    return operate(type(node.operator), left, right, frame, node)


def unary(node: cst.UnaryOperation, frame: Frame) -> Value:
    value = evaluate(node.expression, frame)
    if isinstance(node.operator, cst.Not):
        truth = access.truth(value)
        return why_of(value) if truth is None else not truth
    if isinstance(value, (int, float)):
        if isinstance(node.operator, cst.Minus):
            return -value
        if isinstance(node.operator, cst.BitInvert) and isinstance(value, int):
            return ~value
        return value
    return why_of(value)


def boolean(node: cst.BooleanOperation, frame: Frame) -> Value:
    left = evaluate(node.left, frame)
    truth = access.truth(left)
    stops = isinstance(node.operator, cst.Or)
    if truth is not None:
        return left if truth is stops else evaluate(node.right, frame)
    right = evaluate(node.right, frame)
    if access.truth(right) is stops and isinstance(right, bool):
        return right
    return choice([left, right])


def comparison(node: cst.Comparison, frame: Frame) -> Value:
    left = evaluate(node.left, frame)
    for target in node.comparisons:
        right = evaluate(target.comparator, frame)
        result = compare(target.operator, left, right, frame, node)
        truth = access.truth(result)
        if truth is not True:
            return result
        left = right
    return True


def conditional(node: cst.IfExp, frame: Frame) -> Value:
    condition = evaluate(node.test, frame)
    truth = access.truth(condition)
    if truth is not None:
        return evaluate(node.body if truth else node.orelse, frame)
    both = [attempt(node.body, frame), attempt(node.orelse, frame)]
    known = [value for value in both if not isinstance(value, StaticRaise)]
    return choice(known) if known else frame.unknown(node)


def attempt(node: cst.BaseExpression, frame: Frame) -> Value:
    try:
        return evaluate(node, frame)
    except StaticRaise as error:
        return error


def formatted(node: cst.FormattedString, frame: Frame) -> Value:
    parts: list[str] = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            parts.append(
                str(cst.SimpleString(f"'''{part.value}'''").evaluated_value)
                if "\\" in part.value
                else part.value.replace("{{", "{").replace("}}", "}")
            )
        elif isinstance(part, cst.FormattedStringExpression):
            value = evaluate(part.expression, frame)
            if isinstance(value, Choice):
                value = Unknown("a text that depends on an undecided condition")
            if not is_known(value) or part.format_spec:
                return why_of(value) if not is_known(value) else frame.unknown(node)
            parts.append(repr(plain(value)) if part.conversion == "r" else str(plain(value)))
    return "".join(parts)


def concatenated(node: cst.ConcatenatedString, frame: Frame) -> Value:
    left, right = evaluate(node.left, frame), evaluate(node.right, frame)
    return operate(cst.Add, left, right, frame, node)


def function(node: cst.Lambda, frame: Frame) -> Value:
    return Function("<lambda>", node, frame, defaults(node.params, frame))


def defaults(params: cst.Parameters, frame: Frame) -> dict[str, Value]:
    every = [*params.posonly_params, *params.params, *params.kwonly_params]
    return {p.name.value: evaluate(p.default, frame) for p in every if p.default is not None}


def comprehension(node: Any, frame: Frame) -> Value:
    inner = Frame(frame.run, frame.source, Scope({}, frame.scope), frame.maybe_returns)
    found: list[Value] = []
    mapped = frame.run.new_dict()

    def collect(maybe: str | None) -> None:
        if isinstance(node, cst.DictComp):
            value = evaluate(node.value, inner)
            access.store(mapped, evaluate(node.key, inner), Maybe(value, maybe) if maybe else value)
            return
        value = evaluate(node.elt, inner)
        found.append(Maybe(value, maybe) if maybe else value)

    unroll(node.for_in, inner, collect, None)
    if isinstance(node, cst.DictComp):
        return mapped
    if isinstance(node, cst.SetComp) and is_known(found):
        return frame.run.new_list(dict.fromkeys(found))
    return frame.run.new_list(found)


def unroll(
    loop: cst.CompFor, frame: Frame, collect: Callable[[str | None], None], maybe: str | None
) -> None:
    for item in access.items(evaluate(loop.iter, frame), keep=True):
        reason = item.condition if isinstance(item, Maybe) else maybe
        access.bind(loop.target, item.value if isinstance(item, Maybe) else item, frame, evaluate)
        verdicts = [access.truth(evaluate(test.test, frame)) for test in loop.ifs]
        if False in verdicts:
            continue
        if None in verdicts:
            reason = frame.source.text(loop)
        if loop.inner_for_in is not None:
            unroll(loop.inner_for_in, frame, collect, reason)
        else:
            collect(reason)


def call(node: cst.Call, frame: Frame) -> Value:
    target = evaluate(node.func, frame)
    args: list[Value] = []
    keywords = PyDict()
    for arg in node.args:
        value = evaluate(arg.value, frame)
        if arg.star == "*":
            args.extend(access.items(value, keep=True))
        elif arg.star == "**":
            access.update(keywords, value)
        elif arg.keyword is not None:
            keywords[arg.keyword.value] = value
        else:
            args.append(value)
    return frame.run.call(target, args, keywords, frame, node)


def walrus(node: cst.NamedExpr, frame: Frame) -> Value:
    value = evaluate(node.value, frame)
    access.bind(node.target, value, frame, evaluate)
    return value


HANDLERS: dict[type, Callable[[Any, Frame], Value]] = {
    cst.Name: name,
    cst.Integer: literal,
    cst.Float: literal,
    cst.SimpleString: literal,
    cst.ConcatenatedString: concatenated,
    cst.FormattedString: formatted,
    cst.List: sequence,
    cst.Tuple: sequence,
    cst.Set: sequence,
    cst.Dict: dictionary,
    cst.Attribute: attribute,
    cst.Subscript: subscript,
    cst.BinaryOperation: binary,
    cst.UnaryOperation: unary,
    cst.BooleanOperation: boolean,
    cst.Comparison: comparison,
    cst.IfExp: conditional,
    cst.Lambda: function,
    cst.ListComp: comprehension,
    cst.SetComp: comprehension,
    cst.DictComp: comprehension,
    cst.GeneratorExp: comprehension,
    cst.Call: call,
    cst.NamedExpr: walrus,
}
