"""The value domain of the static evaluation of a Python script.

Known values are plain Python objects (str, int, tuple, ...), or `PyList` and `PyDict`, which
remember under how many undecided conditions they were made. What is not known says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, TypeAlias

import msgspec

Value: TypeAlias = Any
MAX_OPTIONS = 12


class Unknown(msgspec.Struct, frozen=True):
    """A value that reading alone cannot decide. `packages` are pkg-config names it asks for."""

    why: str
    packages: tuple[str, ...] = ()


class Choice(msgspec.Struct, frozen=True):
    """One of several values, because a condition was undecided."""

    options: tuple[Value, ...]


class Maybe(msgspec.Struct, frozen=True):
    """A list item or dict entry that is there only under an undecided condition."""

    value: Value
    condition: str


class Dotted(msgspec.Struct, frozen=True):
    """A name of a module that is not read: 'os.path.join', 'setuptools.setup'."""

    path: str


class PyList(list[Value]):
    depth: int = 0


class PyDict(dict[Value, Value]):
    depth: int = 0
    open: Unknown | None = None  # some key could not be decided


class Scope(msgspec.Struct):
    names: dict[str, Value] = msgspec.field(default_factory=dict)
    parent: Scope | None = None

    def lookup(self, name: str) -> Value:
        """The value bound to the name. Raises KeyError."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        raise KeyError(name)


class Function(msgspec.Struct, eq=False):
    """A def or lambda of the script; `frame` is where it was defined."""

    name: str
    node: Any
    frame: Any
    defaults: dict[str, Value]
    decorators: tuple[str, ...] = ()
    generator: bool = False


class Builtin(msgspec.Struct, eq=False):
    """A callable of ours: call(run, args, kwargs) -> value."""

    name: str
    call: Callable[..., Value]


class Bound(msgspec.Struct, eq=False):
    function: Function | Builtin
    receiver: Value


class Class(msgspec.Struct, eq=False):
    name: str
    bases: tuple[Value, ...]
    attrs: dict[str, Value]

    def find(self, name: str) -> Value | None:
        """The attribute in this class or a base, depth first; None when there is none."""
        if name in self.attrs:
            return self.attrs[name]
        for base in self.bases:
            if isinstance(base, Class):
                found = base.find(name)
                if found is not None:
                    return found
        return None

    def derives(self, other: Class) -> bool:
        return self is other or any(isinstance(b, Class) and b.derives(other) for b in self.bases)


class Instance(msgspec.Struct, eq=False):
    cls: Class
    attrs: dict[str, Value]
    path: str = ""
    line: int = 0
    conditions: tuple[str, ...] = ()


class Super(msgspec.Struct, eq=False):
    cls: Class
    receiver: Instance


class Module(msgspec.Struct, eq=False):
    name: str
    scope: Scope


class StaticRaise(Exception):
    """The script raises here for certain. `kind` is the name of the exception."""

    def __init__(self, kind: str, text: str = "") -> None:
        super().__init__(f"{kind}: {text}" if text else kind)
        self.kind = kind


class TooLong(Exception):
    """The script needs more steps than the evaluation allows."""


NOT_PLAIN = (
    Unknown,
    Choice,
    Maybe,
    Dotted,
    Function,
    Builtin,
    Bound,
    Class,
    Instance,
    Super,
    Module,
)


def is_known(value: Value) -> bool:
    """Whether the value holds nothing undecided, at any depth."""
    if isinstance(value, NOT_PLAIN):
        return False
    if isinstance(value, PyDict):
        return value.open is None and all(is_known(v) for v in value.values())
    if isinstance(value, (list, tuple)):
        return all(is_known(item) for item in value)
    return True


def options(value: Value) -> tuple[Value, ...]:
    return value.options if isinstance(value, Choice) else (value,)


def choice(values: Iterable[Value]) -> Value:
    """One value that stands for all of them; the value itself when they are the same."""
    found: list[Value] = []
    for value in values:
        for option in options(value):
            if not any(same(option, other) for other in found):
                found.append(option)
    return found[0] if len(found) == 1 else Choice(tuple(found))


def same(one: Value, other: Value) -> bool:
    if one is other:
        return True
    if type(one) is not type(other) or isinstance(one, (PyList, PyDict)):
        return False
    try:
        return bool(one == other)
    except Exception:
        return False


def why_of(*values: Value) -> Unknown:
    """The first reason found among the values, at any depth."""
    for value in values:
        for found in unknowns(value):
            return found
    return Unknown("a value that cannot be decided by reading")


def unknowns(value: Value) -> Iterator[Unknown]:
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, Choice):
        for option in value.options:
            yield from unknowns(option)
    elif isinstance(value, Maybe):
        yield from unknowns(value.value)
    elif isinstance(value, PyDict):
        if value.open:
            yield value.open
        for item in value.values():
            yield from unknowns(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from unknowns(item)


def plain(value: Value) -> Value:
    """A fully known value as ordinary Python objects."""
    if isinstance(value, PyList):
        return [plain(item) for item in value]
    if isinstance(value, PyDict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(plain(item) for item in value)
    return value


def lifted(value: Value) -> Value:
    """Ordinary Python objects as values of this domain."""
    if isinstance(value, (list, PyList)):
        return PyList(lifted(item) for item in value)
    if isinstance(value, dict):
        return PyDict((key, lifted(item)) for key, item in value.items())
    if type(value) is tuple:
        return tuple(lifted(item) for item in value)
    return value


def text_of(value: Value) -> Value:
    """A path object as its string, anything else as it is."""
    return str(value) if isinstance(value, PurePosixPath) else value
