"""Calls: of the script's functions and classes, of known functions, and of what is not known."""

from __future__ import annotations

from typing import Any

import libcst as cst

from isolate_ext.project.script import access, extension
from isolate_ext.project.script.expressions import evaluate
from isolate_ext.project.script.frame import DEPTH, Frame, Run, SetupCall
from isolate_ext.project.script.statements import Signal, execute
from isolate_ext.project.script.values import (
    Bound,
    Builtin,
    Choice,
    Class,
    Dotted,
    Function,
    Instance,
    Maybe,
    PyDict,
    Scope,
    StaticRaise,
    Super,
    Unknown,
    Value,
    choice,
    is_known,
)

CONFIG_TOOLS = ("pkg-config", "pkgconf")


def call(
    run: Run,
    target: Value,
    args: list[Value],
    keywords: PyDict,
    frame: Frame | None,
    node: cst.Call | None,
) -> Value:
    """The value of target(*args, **keywords); no frame for a call of ours. Raises StaticRaise."""
    if isinstance(target, Choice):
        return access.lift(lambda option: call(run, option, args, keywords, frame, node), target)
    if isinstance(target, Bound):
        return call(run, target.function, [target.receiver, *args], keywords, frame, node)
    if isinstance(target, Function):
        return call_function(target, args, keywords)
    if isinstance(target, Builtin):
        return call_builtin(target, run, args, keywords, frame, node)
    if isinstance(target, Class):
        return instantiate(target, run, args, keywords, frame, node)
    if isinstance(target, Dotted) and frame is not None and node is not None:
        return call_external(target, args, keywords, frame, node)
    if isinstance(target, Unknown):
        return target
    return frame.unknown(node) if frame is not None and node is not None else Unknown("a call")


def call_builtin(
    target: Builtin,
    run: Run,
    args: list[Value],
    keywords: PyDict,
    frame: Frame | None,
    node: cst.Call | None,
) -> Value:
    result = target.call(run, args, keywords)
    vague = isinstance(result, Unknown) and not result.why.partition(":")[2]
    return frame.unknown(node) if vague and frame and node else result


def call_function(target: Function, args: list[Value], keywords: PyDict) -> Value:
    run: Run = target.frame.run
    if run.depth >= DEPTH:
        return Unknown(f"{target.name}() calls itself too deeply")
    scope = Scope(parameters(target, args, keywords, run), target.frame.scope)
    frame = Frame(
        run,
        target.frame.source,
        scope,
        class_=target.frame.class_,
        receiver=args[0] if args else None,
    )
    if isinstance(target.node, cst.Lambda):
        return evaluate(target.node.body, frame)
    if target.generator:
        scope.names["<yielded>"] = run.new_list()
    run.depth += 1
    try:
        signal = execute(target.node.body.body, frame)
    finally:
        run.depth -= 1
    if target.generator:
        return scope.names["<yielded>"]
    value = signal.value if isinstance(signal, Signal) and signal.kind == "return" else None
    return choice([*frame.maybe_returns, value]) if frame.maybe_returns else value


def parameters(target: Function, args: list[Value], keywords: PyDict, run: Run) -> dict[str, Value]:
    """The names bound on entry. Raises StaticRaise TypeError when an argument is missing."""
    declared: cst.Parameters = target.node.params
    names = [p.name.value for p in (*declared.posonly_params, *declared.params)]
    bound = dict(target.defaults)
    bound.update(zip(names, args, strict=False))
    rest = PyDict()
    rest.open = keywords.open
    allowed = {*names, *(p.name.value for p in declared.kwonly_params)}
    for key, value in keywords.items():
        if key in allowed:
            bound[key] = value.value if isinstance(value, Maybe) else value
        else:
            rest[key] = value
    if isinstance(declared.star_arg, cst.Param):
        bound[declared.star_arg.name.value] = tuple(args[len(names) :])
    if declared.star_kwarg is not None:
        kwargs = run.new_dict(rest)
        kwargs.open = rest.open
        bound[declared.star_kwarg.name.value] = kwargs
    missing = [n for n in names if n not in bound]
    if missing and not keywords.open and not any(isinstance(a, Unknown) for a in args):
        raise StaticRaise("TypeError", f"{target.name}() misses {missing[0]}")
    for name in missing:
        bound[name] = Unknown(f"the argument {name} of {target.name}()")
    return bound


def instantiate(
    target: Class,
    run: Run,
    args: list[Value],
    keywords: PyDict,
    frame: Frame | None,
    node: cst.Call | None,
) -> Value:
    where = (
        (run.relative(frame.source.path), frame.source.line(node)) if frame and node else ("", 0)
    )
    made = Instance(target, {}, where[0], where[1], tuple(run.under))
    if target.derives(extension.EXTENSION):
        run.made.append(made)
    init = target.find("__init__")
    if isinstance(init, (Function, Builtin)):
        call(run, init, [made, *args], keywords, frame, node)
    return made


def call_external(
    target: Dotted, args: list[Value], keywords: PyDict, frame: Frame, node: cst.Call
) -> Value:
    run = frame.run
    if extension.is_setup(target.path):
        line = frame.source.line(node)
        run.setup_calls.append(
            SetupCall(keywords, run.relative(frame.source.path), line, tuple(run.under))
        )
        return Unknown("the result of setup()")
    if target.path == "builtins.super":
        return super_of(args, frame, node)
    if target.path in ("builtins.globals", "builtins.locals", "builtins.vars"):
        return globals_of(frame)
    if target.path in ("builtins.exec", "builtins.compile"):
        return execute_text(target.path, args, frame, node)
    if target.path == "runpy.run_path" and args and is_known(args[0]):
        loaded = run.load(run, "<run>", run.root / str(args[0]))
        return PyDict(loaded.scope.names)
    return frame.unknown(node, config_packages(target.path, args))


def super_of(args: list[Value], frame: Frame, node: cst.Call) -> Value:
    cls, receiver = (args[0], args[1]) if len(args) == 2 else (frame.class_, frame.receiver)
    if isinstance(cls, Class) and isinstance(receiver, Instance):
        return Super(cls, receiver)
    return frame.unknown(node)


def globals_of(frame: Frame) -> PyDict:
    scope = frame.scope
    while scope.parent is not None:
        scope = scope.parent
    made = PyDict()
    dict.update(made, scope.names)
    return made


def execute_text(path: str, args: list[Value], frame: Frame, node: cst.Call) -> Value:
    """exec(compile(open(...).read(), ...), namespace)."""
    if not args or not isinstance(args[0], str):
        return frame.unknown(node)
    if path.endswith("compile"):
        return args[0]
    from isolate_ext.project.script.frame import Source

    try:
        source = Source.parse(frame.source.path, args[0].encode())
    except cst.ParserSyntaxError:
        return frame.unknown(node)
    namespace = args[1] if len(args) > 1 and isinstance(args[1], PyDict) else None
    scope = Scope({}) if namespace is not None else frame.scope
    execute(source.module.body, Frame(frame.run, source, scope))
    if namespace is not None:
        namespace.update(scope.names)
    return None


def config_packages(path: str, args: list[Value]) -> tuple[str, ...]:
    """The pkg-config packages that a call asks for: check_output(["pkg-config", ..., "x"])."""
    words: list[Any] = []
    for arg in args[:1]:
        words = (
            arg.split()
            if isinstance(arg, str)
            else access.items(arg)
            if isinstance(arg, (list, tuple))
            else []
        )
    texts = [w for w in words if isinstance(w, str)]
    if path.startswith("pkgconfig.") or path.endswith("pkgconfig"):
        return tuple(t for t in texts if not t.startswith("-"))
    if texts and texts[0].rpartition("/")[2] in CONFIG_TOOLS:
        return tuple(t for t in texts[1:] if not t.startswith("-") and t[0].isalpha())
    return ()
