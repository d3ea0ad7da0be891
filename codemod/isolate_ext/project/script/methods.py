"""Methods of lists, dicts, strings and of the few host objects that may be used for real."""

from __future__ import annotations

import re
from collections.abc import Callable
from configparser import ConfigParser
from io import StringIO
from pathlib import PurePosixPath
from typing import Any

import libcst as cst
from packaging.version import Version

from isolate_ext.project.script import access, files
from isolate_ext.project.script.frame import Frame, Run
from isolate_ext.project.script.values import (
    Builtin,
    Choice,
    Maybe,
    PyDict,
    PyList,
    StaticRaise,
    Unknown,
    Value,
    choice,
    is_known,
    plain,
    why_of,
)

HOSTS = (
    str,
    bytes,
    int,
    float,
    tuple,
    re.Pattern,
    re.Match,
    PurePosixPath,
    ConfigParser,
    StringIO,
    Version,
)
REFUSED = frozenset({"write", "writelines", "format_map"})


def member(value: Value, name: str, frame: Frame, node: cst.CSTNode) -> Value:
    """A method or property of a known value. Raises StaticRaise AttributeError."""
    if isinstance(value, PyList) and name in LIST:
        return Builtin(name, lambda run, args, keywords: LIST[name](value, run, args, keywords))
    if isinstance(value, PyDict) and name in DICT:
        return Builtin(name, lambda run, args, keywords: DICT[name](value, run, args, keywords))
    if isinstance(value, files.Environment):
        return Builtin(name, lambda run, args, keywords: value.method(name, run, args))
    if isinstance(value, PurePosixPath) and name in files.PATH_METHODS:
        return Builtin(name, lambda run, args, keywords: files.path_method(value, name, run, args))
    if isinstance(value, ConfigParser) and name in ("read", "read_file", "readfp"):
        return Builtin(name, lambda run, args, keywords: files.read_config(value, run, args))
    if value is None or (isinstance(value, HOSTS) and not hasattr(value, name)):
        raise StaticRaise("AttributeError", name)
    if isinstance(value, HOSTS) and not name.startswith("__") and name not in REFUSED:
        found = getattr(value, name)
        if not callable(found):
            return access.domain(found, frame.run)
        return Builtin(name, lambda run, args, keywords: host(found, run, args, keywords))
    return frame.unknown(node)


def host(function: Callable[..., Any], run: Run, args: list[Value], keywords: PyDict) -> Value:
    """Call a real function with fully known arguments."""
    if any(isinstance(a, Choice) for a in args):
        return access.lift(lambda *a: host(function, run, list(a), keywords), *args)
    if not is_known(args) or not is_known(keywords):
        return why_of(args, keywords)
    try:
        return access.domain(function(*plain(args), **plain(keywords)), run)
    except Exception as error:
        raise StaticRaise(type(error).__name__, str(error)) from error


def list_append(owner: PyList, run: Run, args: list[Value], _: PyDict) -> None:
    if args:
        owner.append(run.added(owner, args[0]))


def list_extend(owner: PyList, run: Run, args: list[Value], _: PyDict) -> None:
    for item in access.items(args[0], keep=True) if args else ():
        owner.append(run.added(owner, item))


def list_insert(owner: PyList, run: Run, args: list[Value], _: PyDict) -> None:
    if len(args) == 2:
        owner.insert(args[0] if isinstance(args[0], int) else len(owner), run.added(owner, args[1]))


def list_remove(owner: PyList, run: Run, args: list[Value], _: PyDict) -> None:
    for index, item in enumerate(owner):
        held = item.value if isinstance(item, Maybe) else item
        if (is_known(held) and is_known(args) and held == args[0]) or held is args[0]:
            if len(run.under) > owner.depth:
                owner[index] = Maybe(held, run.under[-1])
            else:
                del owner[index]
            return
    if is_known(owner) and is_known(args):
        raise StaticRaise("ValueError", "not in list")


def list_pop(owner: PyList, run: Run, args: list[Value], _: PyDict) -> Value:
    if not owner:
        raise StaticRaise("IndexError", "pop from empty list")
    index = args[0] if args and isinstance(args[0], int) else -1
    if len(run.under) > owner.depth or not -len(owner) <= index < len(owner):
        return Unknown("an item taken under an undecided condition")
    item = owner.pop(index)
    return item.value if isinstance(item, Maybe) else item


def list_sort(owner: PyList, run: Run, args: list[Value], keywords: PyDict) -> None:
    if is_known(owner) and not keywords:
        owner.sort()


def list_copy(owner: PyList, run: Run, args: list[Value], _: PyDict) -> Value:
    return run.new_list(owner)


def list_find(name: str) -> Callable[..., Value]:
    def find(owner: PyList, run: Run, args: list[Value], _: PyDict) -> Value:
        return (
            host(getattr(list(owner), name), run, args, PyDict())
            if is_known(owner)
            else why_of(owner)
        )

    return find


LIST: dict[str, Callable[..., Value]] = {
    "append": list_append,
    "extend": list_extend,
    "insert": list_insert,
    "remove": list_remove,
    "pop": list_pop,
    "sort": list_sort,
    "copy": list_copy,
    "index": list_find("index"),
    "count": list_find("count"),
    "reverse": lambda owner, run, args, _: owner.reverse(),
    "clear": lambda owner, run, args, _: owner.clear(),
}


def dict_get(owner: PyDict, run: Run, args: list[Value], _: PyDict) -> Value:
    default = args[1] if len(args) > 1 else None
    if not args or not is_known(args[0]):
        return why_of(args)
    if args[0] in owner:
        found = owner[args[0]]
        return choice([found.value, default]) if isinstance(found, Maybe) else found
    return choice([owner.open, default]) if owner.open else default


def dict_setdefault(owner: PyDict, run: Run, args: list[Value], _: PyDict) -> Value:
    value = args[1] if len(args) > 1 else None
    if not args or not is_known(args[0]):
        owner.open = why_of(args)
        return value
    if args[0] not in owner:
        owner[args[0]] = run.added(owner, value)
        return value
    found = owner[args[0]]
    return found.value if isinstance(found, Maybe) else found


def dict_pop(owner: PyDict, run: Run, args: list[Value], _: PyDict) -> Value:
    if not args or not is_known(args[0]):
        return why_of(args)
    if args[0] not in owner and len(args) == 1 and not owner.open:
        raise StaticRaise("KeyError", str(args[0]))
    found = dict_get(owner, run, args, _)
    if args[0] in owner and len(run.under) <= owner.depth:
        del owner[args[0]]
    return found


def dict_update(owner: PyDict, run: Run, args: list[Value], keywords: PyDict) -> None:
    added = PyDict()
    for value in (*args, keywords):
        access.update(added, value)
    owner.open = owner.open or added.open
    for key, value in added.items():
        access.bind_item(owner, key, value, Frame(run, None, None))  # type: ignore[arg-type]


def bare(value: Value) -> Value:
    return value.value if isinstance(value, Maybe) else value


DICT: dict[str, Callable[..., Value]] = {
    "get": dict_get,
    "setdefault": dict_setdefault,
    "pop": dict_pop,
    "update": dict_update,
    "keys": lambda owner, run, args, _: run.new_list(owner),
    "values": lambda owner, run, args, _: run.new_list(owner.values()),
    "items": lambda owner, run, args, _: run.new_list((k, bare(v)) for k, v in owner.items()),
    "copy": lambda owner, run, args, _: copied(owner, run),
}


def copied(owner: PyDict, run: Run) -> PyDict:
    made = run.new_dict(owner)
    made.open = owner.open
    return made
