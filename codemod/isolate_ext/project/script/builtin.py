"""Python's builtin functions on values of the domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isolate_ext.project.script import access, files, known, methods
from isolate_ext.project.script.frame import Run
from isolate_ext.project.script.values import (
    Builtin,
    Choice,
    Class,
    Dotted,
    Instance,
    Maybe,
    Module,
    PyDict,
    Unknown,
    Value,
    is_known,
    same,
    why_of,
)


def is_instance(run: Run, args: list[Value], keywords: PyDict) -> Value:
    if len(args) != 2 or not isinstance(args[1], (tuple, Class, Builtin, Dotted)):
        return why_of(args)
    names = {
        getattr(t, "name", None) or getattr(t, "path", "").rpartition(".")[2]
        for t in (args[1] if isinstance(args[1], tuple) else (args[1],))
    }
    value = args[0]
    if isinstance(value, (Unknown, Choice, Maybe, Dotted)):
        return why_of(value)
    if isinstance(value, Instance):
        wanted = args[1] if isinstance(args[1], tuple) else (args[1],)
        return any(isinstance(t, Class) and value.cls.derives(t) for t in wanted)
    return bool(
        {c.__name__.removeprefix("Py").lower() for c in type(value).__mro__}
        & {n.lower() for n in names if n} - {"object"}
    )


def kind_of(run: Run, args: list[Value], keywords: PyDict) -> Value:
    if len(args) == 1 and isinstance(args[0], Instance):
        return args[0].cls
    if len(args) == 1 and is_known(args[0]):
        name = type(args[0]).__name__.removeprefix("Py").lower()
        return Dotted(f"builtins.{name}") if name not in BUILTINS else Builtin(name, BUILTINS[name])
    return why_of(args)


def has_attribute(run: Run, args: list[Value], keywords: PyDict) -> Value:
    if len(args) == 2 and isinstance(args[0], Instance) and isinstance(args[1], str):
        if args[1] in args[0].attrs or args[0].cls.find(args[1]) is not None:
            return True
        return False if args[0].cls.bases == () else Unknown(f"hasattr(..., {args[1]!r})")
    if len(args) == 2 and isinstance(args[0], Dotted) and f"{args[0].path}.{args[1]}" in ABSENT:
        return False
    if len(args) == 2 and isinstance(args[0], Module):
        return args[1] in args[0].scope.names
    return Unknown("hasattr of a module that is not read")


# attributes that exist on other platforms, implementations and versions only
ABSENT = frozenset(
    {
        "sys.getwindowsversion",
        "sys.winver",
        "sys.dllhandle",
        "sys.pypy_version_info",
        "os.startfile",
        "sys.setdefaultencoding",
        "sys.maxint",
        "os.getcwdu",
        "sys.gettotalrefcount",
        "sys.real_prefix",
    }
)


def get_attribute(run: Run, args: list[Value], keywords: PyDict) -> Value:
    if len(args) == 3 and isinstance(args[0], Dotted) and f"{args[0].path}.{args[1]}" in ABSENT:
        return args[2]
    if len(args) >= 2 and isinstance(args[1], str):
        if isinstance(args[0], Instance) and args[1] in args[0].attrs:
            return args[0].attrs[args[1]]
        if isinstance(args[0], Class) and args[0].find(args[1]) is not None:
            return args[0].find(args[1])
        if isinstance(args[0], Dotted) and f"{args[0].path}.{args[1]}" in known.CONSTANTS:
            return known.CONSTANTS[f"{args[0].path}.{args[1]}"]
    return Unknown("getattr(...)")


def set_attribute(run: Run, args: list[Value], keywords: PyDict) -> Value:
    if len(args) == 3 and isinstance(args[1], str) and isinstance(args[0], (Instance, Class)):
        args[0].attrs[args[1]] = args[2]
    return None


def sort(run: Run, args: list[Value], keywords: PyDict) -> Value:
    found = access.items(args[0], keep=True) if args else []
    if is_known(found) and not keywords:
        return methods.host(sorted, run, [found], keywords)
    return run.new_list(found)


def unique(run: Run, args: list[Value], keywords: PyDict) -> Value:
    made: list[Value] = []
    for item in access.items(args[0], keep=True) if args else ():
        if not any(same(item, other) for other in made):
            made.append(item)
    return run.new_list(made)


def as_dict(run: Run, args: list[Value], keywords: PyDict) -> Value:
    made = run.new_dict()
    for value in (*args, keywords):
        access.update(made, value)
    return made


def mapped(run: Run, args: list[Value], keywords: PyDict) -> Value:
    if len(args) != 2:
        return why_of(args)
    return run.new_list(
        Maybe(run.call(args[0], [i.value]), i.condition)
        if isinstance(i, Maybe)
        else run.call(args[0], [i])
        for i in access.items(args[1], keep=True)
    )


def filtered(run: Run, args: list[Value], keywords: PyDict) -> Value:
    kept = run.new_list()
    for item in access.items(args[1], keep=True) if len(args) == 2 else ():
        value = item.value if isinstance(item, Maybe) else item
        verdict = access.truth(value if args[0] is None else run.call(args[0], [value]))
        if verdict is not False:
            kept.append(item if verdict else Maybe(value, "an undecided filter"))
    return kept


def pure(function: Callable[..., Any]) -> Callable[..., Value]:
    return lambda run, args, keywords: methods.host(function, run, args, keywords)


BUILTINS: dict[str, Callable[..., Value]] = {
    "list": lambda run, args, k: run.new_list(access.items(args[0], keep=True) if args else ()),
    "tuple": lambda run, args, k: tuple(access.items(args[0])) if args else (),
    "set": unique,
    "frozenset": unique,
    "dict": as_dict,
    "sorted": sort,
    "map": mapped,
    "filter": filtered,
    "isinstance": is_instance,
    "type": kind_of,
    "hasattr": has_attribute,
    "getattr": get_attribute,
    "setattr": set_attribute,
    "open": files.read_text,
    "exit": known.leave,
    "quit": known.leave,
    "print": lambda run, args, k: None,
    "len": lambda run, args, k: (
        len(args[0]) if args and is_known(args[0]) and hasattr(args[0], "__len__") else why_of(args)
    ),
    "reversed": lambda run, args, k: run.new_list(reversed(access.items(args[0], keep=True))),
    "enumerate": lambda run, args, k: run.new_list(enumerate(access.items(args[0]))),
    "zip": lambda run, args, k: run.new_list(zip(*(access.items(a) for a in args), strict=False)),
    "range": lambda run, args, k: (
        run.new_list(range(*args)[:5000]) if is_known(args) else why_of(args)
    ),
    "any": pure(any),
    "all": pure(all),
    "str": pure(str),
    "int": pure(int),
    "float": pure(float),
    "bool": lambda run, args, k: verdict_of(args),
    "repr": pure(repr),
    "min": pure(min),
    "max": pure(max),
    "sum": pure(sum),
    "abs": pure(abs),
    "ord": pure(ord),
    "chr": pure(chr),
    "hex": pure(hex),
    "bytes": pure(bytes),
}


def verdict_of(args: list[Value]) -> Value:
    verdict = access.truth(args[0]) if args else False
    return why_of(args) if verdict is None else verdict
