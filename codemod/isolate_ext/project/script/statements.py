"""Statements: executing a body, with both arms of a condition that cannot be decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst
import msgspec

from isolate_ext.project.script import access, imports, merge
from isolate_ext.project.script.expressions import defaults, evaluate
from isolate_ext.project.script.frame import Frame
from isolate_ext.project.script.operators import BINARY, operate
from isolate_ext.project.script.values import (
    Class,
    Function,
    Maybe,
    PyList,
    Scope,
    StaticRaise,
    Unknown,
    Value,
)

MAX_LOOPS = 2000


class Signal(msgspec.Struct, frozen=True):
    """Why a body ended early: "return", "break" or "continue"."""

    kind: str
    value: Value = None


def execute(body: Sequence[cst.CSTNode], frame: Frame) -> Signal | None:
    """Run the statements in order. Raises StaticRaise and TooLong."""
    for statement in body:
        frame.run.tick()
        if isinstance(statement, cst.SimpleStatementLine):
            signal = execute(statement.body, frame)
        else:
            handler = HANDLERS.get(type(statement))
            signal = handler(statement, frame) if handler else None
        if signal is not None:
            return signal
    return None


def suite(node: Any) -> Sequence[cst.CSTNode]:
    return node.body  # type: ignore[no-any-return]


def expression(node: cst.Expr, frame: Frame) -> None:
    if isinstance(node.value, cst.Yield):
        given = node.value.value
        yielded = frame.scope.names.get("<yielded>")
        if yielded is not None and isinstance(given, cst.BaseExpression):
            yielded.append(frame.run.added(yielded, evaluate(given, frame)))
        elif yielded is not None and isinstance(given, cst.From):
            yielded.extend(access.items(evaluate(given.item, frame), keep=True))
        return
    evaluate(node.value, frame)


def assign(node: cst.Assign, frame: Frame) -> None:
    value = evaluate(node.value, frame)
    for target in node.targets:
        access.bind(target.target, value, frame, evaluate)


def annotated(node: cst.AnnAssign, frame: Frame) -> None:
    if node.value is not None:
        access.bind(node.target, evaluate(node.value, frame), frame, evaluate)


def augmented(node: cst.AugAssign, frame: Frame) -> None:
    kind = AUGMENTED.get(type(node.operator))
    left = evaluate(node.target, frame)
    right = evaluate(node.value, frame)
    if kind is cst.Add and isinstance(left, PyList):
        for item in access.items(right, keep=True):
            left.append(frame.run.added(left, item))
        if not isinstance(node.target, cst.Name):
            access.bind(node.target, left, frame, evaluate)
        return
    result = operate(kind, left, right, frame, node) if kind else frame.unknown(node)
    access.bind(node.target, result, frame, evaluate)


AUGMENTED: dict[type, type] = {getattr(cst, f"{kind.__name__}Assign"): kind for kind in BINARY}


def conditional(node: cst.If, frame: Frame) -> Signal | None:
    truth = access.truth(evaluate(node.test, frame))
    orelse = node.orelse
    otherwise: Sequence[cst.CSTNode] = ()
    if orelse is not None:
        otherwise = [orelse] if isinstance(orelse, cst.If) else orelse.body.body
    if truth is not None:
        return execute(node.body.body if truth else otherwise, frame)
    test, line = frame.source.text(node.test), frame.source.line(node)
    arms: list[Arm] = [
        (f"{test} (line {line})", lambda f: execute(node.body.body, f)),
        (f"not ({test}) (line {line})", lambda f: execute(otherwise, f)),
    ]
    return fork(frame, arms)


Arm = tuple[str, Callable[[Frame], Signal | None]]  # its condition, and what it does


def fork(frame: Frame, arms: Sequence[Arm]) -> Signal | None:
    """Run every arm from the same state under its undecided condition; merge what they leave."""
    before = merge.copied(frame.scope.names)
    outcomes: list[tuple[dict[str, Value], Signal | None]] = []
    raised: StaticRaise | None = None
    for condition, arm in arms:
        frame.scope.names = merge.copied(before)
        frame.run.under.append(condition)
        try:
            signal = arm(frame)
            outcomes.append((frame.scope.names, signal))
        except StaticRaise as error:
            raised = error
        finally:
            frame.run.under.pop()
    if not outcomes:
        frame.scope.names = before
        raise raised or StaticRaise("RuntimeError")
    going = [(names, signal) for names, signal in outcomes if signal is None]
    returned = [signal for _, signal in outcomes if signal is not None and signal.kind == "return"]
    if not going:
        frame.scope.names = outcomes[0][0]
        if len(returned) == len(outcomes):
            frame.maybe_returns += [signal.value for signal in returned[:-1]]
            return returned[-1]
        return outcomes[0][1]
    frame.maybe_returns += [signal.value for signal in returned]
    frame.scope.names = merge.names(before, [names for names, _ in going], arms[0][0], frame.run)
    return None


def loop(node: cst.For, frame: Frame) -> Signal | None:
    for item in access.items(evaluate(node.iter, frame), keep=True):
        reason = None
        if isinstance(item, Maybe):
            item, reason = item.value, item.condition
        elif isinstance(item, Unknown):
            reason = f"an item of {frame.source.text(node.iter)}"
        if reason:
            frame.run.under.append(reason)
        try:
            access.bind(node.target, item, frame, evaluate)
            signal = execute(node.body.body, frame)
        except StaticRaise:
            if not reason:
                raise
            signal = None
        finally:
            if reason:
                frame.run.under.pop()
        if signal is not None and signal.kind == "return":
            if not reason:
                return signal
            frame.maybe_returns.append(signal.value)
        if signal is not None and signal.kind == "break" and not reason:
            return None
    return execute(node.orelse.body.body, frame) if node.orelse is not None else None


def repeat(node: cst.While, frame: Frame) -> Signal | None:
    for _ in range(MAX_LOOPS):
        truth = access.truth(evaluate(node.test, frame))
        if truth is False:
            return execute(node.orelse.body.body, frame) if node.orelse is not None else None
        if truth is None:
            test = frame.source.text(node.test)
            once: Arm = (test, lambda f: drop(execute(node.body.body, f)))
            return fork(frame, [once, (f"not ({test})", lambda f: None)])
        signal = execute(node.body.body, frame)
        if signal is not None and signal.kind == "return":
            return signal
        if signal is not None and signal.kind == "break":
            return None
    return None


def drop(signal: Signal | None) -> Signal | None:
    return signal if signal is not None and signal.kind == "return" else None


def guarded(node: cst.Try, frame: Frame) -> Signal | None:
    """try: the body is taken to succeed, unless it raises for certain."""
    try:
        signal = execute(node.body.body, frame)
        if signal is None and node.orelse is not None:
            signal = execute(node.orelse.body.body, frame)
    except StaticRaise as error:
        handler = next((h for h in node.handlers if catches(h, error, frame)), None)
        if handler is None:
            if node.finalbody is not None:
                execute(node.finalbody.body.body, frame)
            raise
        if handler.name is not None and isinstance(handler.name.name, cst.Name):
            frame.scope.names[handler.name.name.value] = Unknown(str(error))
        signal = execute(handler.body.body, frame)
    if node.finalbody is not None:
        signal = execute(node.finalbody.body.body, frame) or signal
    return signal


FAMILY = {
    "ModuleNotFoundError": {"ImportError"},
    "FileNotFoundError": {"OSError", "IOError", "EnvironmentError"},
    "OSError": {"IOError", "EnvironmentError"},
    "KeyError": {"LookupError"},
    "IndexError": {"LookupError"},
    "UnicodeDecodeError": {"ValueError"},
}


def catches(handler: cst.ExceptHandler, error: StaticRaise, frame: Frame) -> bool:
    if handler.type is None:
        return True
    text = frame.source.module.code_for_node(handler.type)
    names = {part.strip(" ()").rpartition(".")[2] for part in text.split(",")}
    wanted = {error.kind, *FAMILY.get(error.kind, ()), "BaseException"}
    return bool(names & (wanted | ({"Exception"} if error.kind != "SystemExit" else set())))


def raising(node: cst.Raise, frame: Frame) -> None:
    kind = "Exception"
    if node.exc is not None:
        called = node.exc.func if isinstance(node.exc, cst.Call) else node.exc
        kind = frame.source.module.code_for_node(called).rpartition(".")[2]
    raise StaticRaise(kind, frame.source.text(node))


def managed(node: cst.With, frame: Frame) -> Signal | None:
    for item in node.items:
        value = evaluate(item.item, frame)
        if item.asname is not None:
            access.bind(item.asname.name, value, frame, evaluate)
    return execute(node.body.body, frame)


def define(node: cst.FunctionDef, frame: Frame) -> None:
    made = Function(node.name.value, node, frame, defaults(node.params, frame))
    made.decorators = tuple(frame.source.text(d.decorator) for d in node.decorators)
    made.generator = merge.has_yield(node)
    frame.scope.names[node.name.value] = made


def define_class(node: cst.ClassDef, frame: Frame) -> None:
    bases = tuple(evaluate(arg.value, frame) for arg in node.bases)
    made = Class(node.name.value, bases, {})
    inner = Frame(frame.run, frame.source, Scope({}, frame.scope), class_=made)
    execute(node.body.body, inner)
    made.attrs.update(inner.scope.names)
    for value in made.attrs.values():  # methods see the enclosing scope, not the class body
        if isinstance(value, Function) and value.frame is inner:
            value.frame = Frame(frame.run, frame.source, frame.scope, class_=made)
    frame.scope.names[node.name.value] = made


def finish(node: cst.Return, frame: Frame) -> Signal:
    return Signal("return", evaluate(node.value, frame) if node.value is not None else None)


def delete(node: cst.Del, frame: Frame) -> None:
    if isinstance(node.target, cst.Name):
        frame.scope.names.pop(node.target.value, None)


def outer(node: cst.Global, frame: Frame) -> None:
    """global x: from here on the name is read from and written to the module as well."""
    scope = frame.scope
    while scope.parent is not None:
        scope = scope.parent
    frame.scope.names = merge.shared(
        frame.scope.names, scope.names, {n.name.value for n in node.names}
    )


HANDLERS: dict[type, Callable[[Any, Frame], Signal | None]] = {
    cst.Expr: expression,
    cst.Assign: assign,
    cst.AnnAssign: annotated,
    cst.AugAssign: augmented,
    cst.If: conditional,
    cst.For: loop,
    cst.While: repeat,
    cst.Try: guarded,
    cst.Raise: raising,
    cst.With: managed,
    cst.FunctionDef: define,
    cst.ClassDef: define_class,
    cst.Return: finish,
    cst.Break: lambda node, frame: Signal("break"),
    cst.Continue: lambda node, frame: Signal("continue"),
    cst.Del: delete,
    cst.Global: outer,
    cst.Import: imports.plain,
    cst.ImportFrom: imports.members,
}
