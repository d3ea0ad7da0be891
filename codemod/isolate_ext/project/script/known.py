"""What is known of Python and its library without running anything: builtins, constants, functions.

Conditions are decided for CPython 3 on Linux with an empty environment.
"""

from __future__ import annotations

import ast
import itertools
import json
import math
import os.path
import posixpath
import re
import shlex
import struct
import textwrap
from collections import namedtuple
from collections.abc import Callable
from configparser import ConfigParser, RawConfigParser
from io import StringIO
from pathlib import PurePosixPath
from typing import Any

from packaging.version import Version

from isolate_ext.project.script import access, files, methods
from isolate_ext.project.script.files import Environment
from isolate_ext.project.script.frame import Run
from isolate_ext.project.script.values import (
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
    Unknown,
    Value,
    is_known,
    same,
    why_of,
)

ITERABLE_HOSTS = (StringIO, range)

VersionInfo = namedtuple("VersionInfo", "major minor micro releaselevel serial")
Implementation = namedtuple("Implementation", "name version cache_tag")
Uname = namedtuple("Uname", "sysname nodename release version machine")
PlatformUname = namedtuple("PlatformUname", "system node release version machine processor")
VERSION = VersionInfo(3, 13, 0, "final", 0)

CONSTANTS: dict[str, Value] = {
    "sys.platform": "linux", "os.name": "posix", "os.sep": "/", "os.path.sep": "/", "os.pathsep": ":",
    "os.linesep": "\n", "os.curdir": ".", "os.pardir": "..", "sys.version_info": VERSION,
    "sys.hexversion": 0x030D00F0, "sys.version": "3.13.0 (main) [GCC]", "sys.maxsize": 2**63 - 1,
    "sys.byteorder": "little", "sys.implementation": Implementation("cpython", VERSION, "cpython-313"),
    "sys.flags": Unknown("sys.flags"), "os.environ": Environment(), "six.PY2": False, "six.PY3": True,
    "sys.builtin_module_names": ("builtins", "sys"), "re.M": re.M, "re.MULTILINE": re.M,
    "re.S": re.S, "re.DOTALL": re.S, "re.I": re.I, "re.X": re.X, "re.VERBOSE": re.X,
    "ssl.HAS_TLSv1_2": True, "typing.TYPE_CHECKING": False, "string.digits": "0123456789",
}
CONFIG_VARS: dict[str, Value] = {
    "Py_GIL_DISABLED": 0, "EXT_SUFFIX": ".cpython-313-x86_64-linux-gnu.so", "Py_DEBUG": 0, "SOABI": "cpython-313",
    "MACOSX_DEPLOYMENT_TARGET": None,
}
PURE: dict[str, Callable[..., Any]] = {
    "ast.literal_eval": ast.literal_eval, "struct.calcsize": struct.calcsize, "json.loads": json.loads,
    "textwrap.dedent": textwrap.dedent, "shlex.split": shlex.split, "shlex.quote": shlex.quote,
    "fnmatch.filter": files.matching, "packaging.version.Version": Version,
    "packaging.version.parse": Version, "pkg_resources.parse_version": Version, "math.log": math.log,
    "platform.system": lambda: "Linux", "platform.machine": lambda: "x86_64",
    "platform.python_implementation": lambda: "CPython", "platform.architecture": lambda: ("64bit", "ELF"),
    "platform.uname": lambda: PlatformUname("Linux", "localhost", "6.1", "1", "x86_64", "x86_64"),
    "platform.libc_ver": lambda: ("glibc", "2.36"),
    "platform.python_version": lambda: "3.13.0", "platform.platform": lambda: "Linux",
    "platform.python_version_tuple": lambda: ("3", "13", "0"), "platform.processor": lambda: "x86_64",
    "os.uname": lambda: Uname("Linux", "localhost", "6.1", "1", "x86_64"),
    "sysconfig.get_platform": lambda: "linux-x86_64", "distutils.util.get_platform": lambda: "linux-x86_64",
    "sys.getwindowsversion": lambda: None, "configparser.ConfigParser": ConfigParser,
    "configparser.RawConfigParser": RawConfigParser, "configparser.SafeConfigParser": ConfigParser,
    "distutils.ccompiler.get_default_compiler": lambda *a: "unix", "os.fspath": str, "os.cpu_count": lambda: 1,
    "itertools.product": lambda *a: list(itertools.islice(itertools.product(*a), 5000)),
    **{f"os.path.{n}": getattr(posixpath, n) for n in
       ("join", "dirname", "basename", "split", "splitext", "normpath", "isabs", "commonprefix", "normcase")},
    **{f"re.{n}": getattr(re, n) for n in
       ("compile", "match", "search", "fullmatch", "sub", "findall", "split", "escape")},
}


def compiler_adds(attribute: str) -> Builtin:
    """A method of the compiler object by which a build adds to every compilation."""
    def add(run: Run, args: list[Value], keywords: PyDict) -> None:
        owner = args[0].attrs[attribute]
        value = (args[1], args[2] if len(args) > 2 else None) if attribute == "define" else args[1]
        owner.append(run.added(owner, value))
    return Builtin(attribute, add)


COMPILER = Class("CCompiler", (Dotted("distutils.ccompiler.CCompiler"),), {
    "define_macro": compiler_adds("define"), "add_include_dir": compiler_adds("include_dirs")})


def compiler(run: Run, args: list[Value], keywords: PyDict) -> Value:
    added = {name: PyList() for name in ("define", "include_dirs")}     # older than any condition
    return Instance(COMPILER, {"compiler_type": "unix", **added})


def config_var(run: Run, args: list[Value], keywords: PyDict) -> Value:
    name = args[0] if args else None
    return CONFIG_VARS.get(name, Unknown(f"sysconfig variable {name}")) if isinstance(name, str) else why_of(args)


def path_query(name: str) -> Callable[..., Value]:
    def query(run: Run, args: list[Value], keywords: PyDict) -> Value:
        if not args or not is_known(args[0]):
            return why_of(args)
        return bool(getattr(os.path, name)(files.host_path(run, args[0])))
    return query


def absolute(run: Run, args: list[Value], keywords: PyDict) -> Value:
    return str(files.host_path(run, args[0])) if args and is_known(args[0]) else why_of(args)


def relative(run: Run, args: list[Value], keywords: PyDict) -> Value:
    if not is_known(args):
        return why_of(args)
    start = args[1] if len(args) > 1 else keywords.get("start", ".")
    return os.path.relpath(files.host_path(run, args[0]), files.host_path(run, start))


def make_path(run: Run, args: list[Value], keywords: PyDict) -> Value:
    return methods.host(PurePosixPath, run, args, keywords)


def chain(run: Run, args: list[Value], keywords: PyDict) -> Value:
    return run.new_list(i for part in args for i in access.items(part, keep=True))


def leave(run: Run, args: list[Value], keywords: PyDict) -> Value:
    raise StaticRaise("SystemExit", str(args[0]) if args and isinstance(args[0], (str, int)) else "")


FUNCTIONS: dict[str, Callable[..., Value]] = {
    **{f"os.path.{n}": path_query(n) for n in ("exists", "isfile", "isdir", "islink", "lexists")},
    "os.path.abspath": absolute, "os.path.realpath": absolute, "os.path.relpath": relative,
    "os.path.expanduser": lambda run, args, k: args[0] if args else None,
    "os.path.expandvars": lambda run, args, k: args[0] if args else None,
    "os.getcwd": lambda run, args, k: str(run.root), "os.listdir": files.listing,
    "os.walk": lambda run, args, k: files.walk(run, args[0] if args else None),
    "os.getenv": lambda run, args, k: CONSTANTS["os.environ"].method("get", run, args),
    "os.chdir": lambda run, args, k: None, "os.putenv": lambda run, args, k: None,
    **{f"{n}.{f}": lambda run, args, k: files.expand(run, args[0] if args else None,
                                                     k.get("recursive") is True)
       for n in ("glob",) for f in ("glob", "iglob")},
    "io.open": files.read_text, "codecs.open": lambda run, args, k: files.read_text(run, args[:1], PyDict()),
    "builtins.open": files.read_text, "pathlib.Path": make_path, "pathlib.PurePath": make_path,
    "itertools.chain": chain,
    "itertools.chain.from_iterable": lambda run, args, k: chain(run, access.items(args[0]), k) if args else None,
    "sys.exit": leave, "os._exit": leave,
    "sysconfig.get_config_var": config_var, "distutils.sysconfig.get_config_var": config_var,
    **{f"{m}.get_config_vars": lambda run, args, k: PyDict(CONFIG_VARS)
       for m in ("sysconfig", "distutils.sysconfig")},
    **{f"{m}.new_compiler": compiler for m in
       ("distutils.ccompiler", "setuptools.command.build_ext", "setuptools._distutils.ccompiler")},
    **{f"{m}.cythonize": lambda run, args, k: args[0] if args else None for m in ("Cython.Build", "cython")},
}


def member(path: str, run: Run) -> Value:
    """The module member of that dotted path."""
    from isolate_ext.project.script import extension
    if path in CONSTANTS:
        return CONSTANTS[path]
    if path == "sys.argv":
        return run.new_list(["setup.py", "build_ext"])
    if path == "sys.path":
        return run.sys_path
    if path in PURE:
        function = PURE[path]
        return Builtin(path, lambda run, args, keywords: methods.host(function, run, args, keywords))
    if path in FUNCTIONS:
        return Builtin(path, FUNCTIONS[path])
    return extension.external(path)


def is_instance(run: Run, args: list[Value], keywords: PyDict) -> Value:
    if len(args) != 2 or not isinstance(args[1], (tuple, Class, Builtin, Dotted)):
        return why_of(args)
    names = {getattr(t, "name", None) or getattr(t, "path", "").rpartition(".")[2]
             for t in (args[1] if isinstance(args[1], tuple) else (args[1],))}
    value = args[0]
    if isinstance(value, (Unknown, Choice, Maybe, Dotted)):
        return why_of(value)
    if isinstance(value, Instance):
        wanted = args[1] if isinstance(args[1], tuple) else (args[1],)
        return any(isinstance(t, Class) and value.cls.derives(t) for t in wanted)
    return bool({c.__name__.removeprefix("Py").lower() for c in type(value).__mro__} & {n.lower() for n in names if n}
                - {"object"})


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
ABSENT = frozenset({"sys.getwindowsversion", "sys.winver", "sys.dllhandle", "sys.pypy_version_info", "os.startfile",
                    "sys.setdefaultencoding", "sys.maxint", "os.getcwdu", "sys.gettotalrefcount", "sys.real_prefix"})


def get_attribute(run: Run, args: list[Value], keywords: PyDict) -> Value:
    if len(args) == 3 and isinstance(args[0], Dotted) and f"{args[0].path}.{args[1]}" in ABSENT:
        return args[2]
    if len(args) >= 2 and isinstance(args[1], str):
        if isinstance(args[0], Instance) and args[1] in args[0].attrs:
            return args[0].attrs[args[1]]
        if isinstance(args[0], Class) and args[0].find(args[1]) is not None:
            return args[0].find(args[1])
        if isinstance(args[0], Dotted) and f"{args[0].path}.{args[1]}" in CONSTANTS:
            return CONSTANTS[f"{args[0].path}.{args[1]}"]
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
        Maybe(run.call(args[0], [i.value]), i.condition) if isinstance(i, Maybe)
        else run.call(args[0], [i]) for i in access.items(args[1], keep=True))


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
    "set": unique, "frozenset": unique, "dict": as_dict, "sorted": sort, "map": mapped, "filter": filtered,
    "isinstance": is_instance, "type": kind_of, "hasattr": has_attribute, "getattr": get_attribute,
    "setattr": set_attribute, "open": files.read_text, "exit": leave, "quit": leave,
    "print": lambda run, args, k: None,
    "len": lambda run, args, k: len(args[0]) if args and is_known(args[0]) and hasattr(args[0], "__len__") else why_of(args),
    "reversed": lambda run, args, k: run.new_list(reversed(access.items(args[0], keep=True))),
    "enumerate": lambda run, args, k: run.new_list(enumerate(access.items(args[0]))),
    "zip": lambda run, args, k: run.new_list(zip(*(access.items(a) for a in args), strict=False)),
    "range": lambda run, args, k: run.new_list(range(*args)[:5000]) if is_known(args) else why_of(args),
    "any": pure(any), "all": pure(all), "str": pure(str), "int": pure(int), "float": pure(float),
    "bool": lambda run, args, k: verdict_of(args), "repr": pure(repr), "min": pure(min), "max": pure(max),
    "sum": pure(sum), "abs": pure(abs), "ord": pure(ord), "chr": pure(chr), "hex": pure(hex), "bytes": pure(bytes),
}


def verdict_of(args: list[Value]) -> Value:
    verdict = access.truth(args[0]) if args else False
    return why_of(args) if verdict is None else verdict
