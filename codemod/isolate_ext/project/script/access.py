"""Reading and writing parts of values: attributes, items, iteration, truth, assignment targets."""

from __future__ import annotations

import builtins
import itertools
import types
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import libcst as cst

from isolate_ext.project.script import builtin as builtin_functions
from isolate_ext.project.script import files, known, methods
from isolate_ext.project.script.frame import Frame, Run
from isolate_ext.project.script.values import (
    MAX_OPTIONS,
    Bound,
    Builtin,
    Choice,
    Class,
    Dotted,
    Function,
    Instance,
    Maybe,
    Module,
    PyDict,
    PyList,
    StaticRaise,
    Super,
    Unknown,
    Value,
    choice,
    is_known,
    lifted,
    options,
    why_of,
)

MAX_ITEMS = 5000


def builtin(name: str, frame: Frame, node: cst.CSTNode) -> Value:
    """The builtin of that name. Raises StaticRaise NameError for none."""
    if name in builtin_functions.BUILTINS:
        return Builtin(name, builtin_functions.BUILTINS[name])
    constants = {"True": True, "False": False, "None": None, "__debug__": True}
    if name in constants:
        return constants[name]
    if hasattr(builtins, name):
        return Dotted(f"builtins.{name}")
    raise StaticRaise("NameError", name)


def domain(value: Any, run: Run) -> Value:
    """A host result as a value of the domain."""
    if isinstance(value, (types.GeneratorType, map, filter, itertools.chain, set, frozenset)):
        value = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else list(value)
    made = lifted(value)
    if isinstance(made, (PyList, PyDict)):
        made.depth = len(run.under)
    return made


def lift(operation: Callable[..., Value], *values: Value) -> Value:
    """`operation` over every combination of the options of the values."""
    combinations = list(itertools.islice(itertools.product(*map(options, values)), MAX_OPTIONS + 1))
    if len(combinations) > MAX_OPTIONS:
        return why_of(*values)
    results = []
    for combination in combinations:
        try:
            results.append(operation(*combination))
        except StaticRaise:
            continue
    return choice(results) if results else why_of(*values)


def truth(value: Value) -> bool | None:
    """Whether the value is true; None when that is undecided."""
    if isinstance(value, Choice):
        verdicts = {truth(option) for option in value.options}
        return verdicts.pop() if len(verdicts) == 1 else None
    if isinstance(value, (Unknown, Maybe)):
        return None
    if isinstance(value, Dotted):
        return None if "." in value.path else True
    if isinstance(value, list):
        if any(not isinstance(item, (Maybe, Unknown)) for item in value):
            return True
        return None if value else False
    if isinstance(value, PyDict):
        if any(not isinstance(item, Maybe) for item in value.values()):
            return True
        return None if value or value.open else False
    if identifiable(value):
        return True
    return bool(value)


def identifiable(value: Value) -> bool:
    """Whether the value is an object with an identity of its own in the script."""
    return isinstance(value, (Function, Builtin, Bound, Class, Instance, Module, PyList, PyDict))


def items(value: Value, *, keep: bool = False) -> list[Value]:
    """What iterating gives; an undecided part is one Unknown. `keep` leaves Maybe around items."""
    found: list[Value]
    if isinstance(value, Choice):
        found = []
        for option in value.options:
            found += [
                i if isinstance(i, (Maybe, Unknown)) else Maybe(i, "an undecided condition")
                for i in items(option, keep=True)
            ]
    elif isinstance(value, Maybe):
        found = [Maybe(i, value.condition) for i in items(value.value)]
    elif isinstance(value, (list, tuple, dict, str)):
        found = list(value)[:MAX_ITEMS]
    elif isinstance(value, known.ITERABLE_HOSTS):
        found = [lifted(item) for item in list(value)[:MAX_ITEMS]]
    elif value is None or isinstance(value, (int, float)):
        raise StaticRaise("TypeError", "not iterable")
    else:
        found = [
            value if isinstance(value, Unknown) else Unknown("an iteration that cannot be decided")
        ]
    return found if keep else [i.value if isinstance(i, Maybe) else i for i in found]


def update(target: PyDict, value: Value) -> None:
    """dict.update, also with undecided operands."""
    if isinstance(value, Choice):
        for option in value.options:
            if isinstance(option, PyDict):
                for key, item in option.items():
                    held = (
                        item if isinstance(item, Maybe) else Maybe(item, "an undecided condition")
                    )
                    target.setdefault(key, held)
                target.open = target.open or option.open
            elif isinstance(option, Unknown):
                target.open = option
    elif isinstance(value, PyDict):
        dict.update(target, value)
        target.open = target.open or value.open
    elif isinstance(value, Maybe):
        update(target, Choice((value.value,)))
    elif not isinstance(value, (dict, tuple, list)):
        target.open = value if isinstance(value, Unknown) else why_of(value)
    else:
        for pair in items(value):
            if isinstance(pair, tuple) and len(pair) == 2:
                store(target, pair[0], pair[1])


def store(target: PyDict, key: Value, value: Value) -> None:
    if is_known(key):
        try:
            target[key] = value
        except TypeError as error:
            raise StaticRaise("TypeError", str(error)) from error
    else:
        target.open = why_of(key)


def attribute(value: Value, name: str, frame: Frame, node: cst.CSTNode) -> Value:
    """value.name. Raises StaticRaise AttributeError."""
    if isinstance(value, Choice):
        return lift(lambda option: attribute(option, name, frame, node), value)
    if isinstance(value, Maybe):
        return attribute(value.value, name, frame, node)
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Dotted):
        return known.member(f"{value.path}.{name}", frame.run)
    if isinstance(value, Module):
        return module_member(value, name)
    if isinstance(value, Instance):
        return instance_member(value, name, frame, node)
    if isinstance(value, Super):
        for base in value.cls.bases:
            found = base.find(name) if isinstance(base, Class) else None
            if found is not None:
                return (
                    Bound(found, value.receiver)
                    if isinstance(found, (Function, Builtin))
                    else found
                )
        return frame.unknown(node)
    if isinstance(value, Class):
        found = value.find(name)
        if name == "__name__":
            return value.name
        return found if found is not None else frame.unknown(node)
    return methods.member(value, name, frame, node)


def module_member(module: Module, name: str) -> Value:
    if name in module.scope.names:
        return module.scope.names[name]
    if name == "__dict__":
        return PyDict(module.scope.names)
    raise StaticRaise("AttributeError", name)


def instance_member(value: Instance, name: str, frame: Frame, node: cst.CSTNode) -> Value:
    if name in value.attrs:
        return value.attrs[name]
    if name == "__class__":
        return value.cls
    found = value.cls.find(name)
    if isinstance(found, (Function, Builtin)):
        if isinstance(found, Function) and "property" in getattr(found, "decorators", ()):
            return frame.run.call(Bound(found, value), [], PyDict(), frame)
        return Bound(found, value)
    if found is not None:
        return found
    return frame.unknown(node)


def item(value: Value, key: Value, frame: Frame, node: cst.CSTNode) -> Value:
    """value[key]. Raises StaticRaise KeyError, IndexError, TypeError."""
    if isinstance(value, Choice) or isinstance(key, Choice):
        return lift(lambda v, k: item(v, k, frame, node), value, key)
    if isinstance(value, Unknown) or not is_known(key):
        return why_of(value, key)
    if isinstance(value, PyDict):
        if key in value:
            found = value[key]
            return found.value if isinstance(found, Maybe) else found
        if value.open:
            return value.open
        raise StaticRaise("KeyError", str(key))
    if isinstance(value, files.Environment):
        return value.item(key)
    if isinstance(value, (list, tuple, str, bytes)) or hasattr(type(value), "__getitem__"):
        if isinstance(value, list) and any(isinstance(v, (Maybe, Unknown)) for v in value):
            return (
                frame.unknown(node)
                if key != 0 or isinstance(value[0], (Maybe, Unknown))
                else value[0]
            )
        try:
            return domain(value[key], frame.run)
        except Exception as error:
            raise StaticRaise(type(error).__name__, str(error)) from error
    return frame.unknown(node)


def bind(
    target: Any, value: Value, frame: Frame, evaluate: Callable[[cst.BaseExpression, Frame], Value]
) -> None:
    """Assign to a name, attribute, subscript, or a tuple of them."""
    if isinstance(target, cst.Name):
        frame.scope.names[target.value] = value
    elif isinstance(target, (cst.Tuple, cst.List)):
        parts = items(value) if not isinstance(value, PurePath) else []
        decided = len(parts) == len(target.elements) and not isinstance(value, (Unknown, Choice))
        for index, element in enumerate(target.elements):
            part = parts[index] if decided else why_of(value)
            bind(element.value, part, frame, evaluate)
    elif isinstance(target, cst.Attribute):
        bind_attribute(evaluate(target.value, frame), target.attr.value, value, frame)
    elif isinstance(target, cst.Subscript) and len(target.slice) == 1:
        part = target.slice[0].slice
        owner = evaluate(target.value, frame)
        if isinstance(part, cst.Index):
            bind_item(owner, evaluate(part.value, frame), value, frame)
        elif isinstance(part, cst.Slice) and isinstance(owner, PyList):
            bounds = [evaluate(b, frame) if b else None for b in (part.lower, part.upper)]
            if is_known(bounds):
                owner[slice(*bounds)] = items(value, keep=True)


def bind_attribute(owner: Value, name: str, value: Value, frame: Frame) -> None:
    if isinstance(owner, (Instance, Class)):
        owner.attrs[name] = value
    elif isinstance(owner, Module):
        owner.scope.names[name] = value


def bind_item(owner: Value, key: Value, value: Value, frame: Frame) -> None:
    if isinstance(owner, PyDict):
        if len(frame.run.under) > owner.depth:
            old = owner.get(key) if is_known(key) else None
            value = frame.run.added(owner, value) if old is None else choice([old, value])
        store(owner, key, value)
    elif isinstance(owner, PyList) and isinstance(key, int):
        if -len(owner) <= key < len(owner):
            owner[key] = value
