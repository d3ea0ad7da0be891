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
    Class,
    Dotted,
    Instance,
    PyDict,
    PyList,
    StaticRaise,
    Unknown,
    Value,
    is_known,
    why_of,
)

ITERABLE_HOSTS = (StringIO, range)

VersionInfo = namedtuple("VersionInfo", "major minor micro releaselevel serial")
Implementation = namedtuple("Implementation", "name version cache_tag")
Uname = namedtuple("Uname", "sysname nodename release version machine")
PlatformUname = namedtuple("PlatformUname", "system node release version machine processor")
VERSION = VersionInfo(3, 13, 0, "final", 0)

CONSTANTS: dict[str, Value] = {
    "sys.platform": "linux",
    "os.name": "posix",
    "os.sep": "/",
    "os.path.sep": "/",
    "os.pathsep": ":",
    "os.linesep": "\n",
    "os.curdir": ".",
    "os.pardir": "..",
    "sys.version_info": VERSION,
    "sys.hexversion": 0x030D00F0,
    "sys.version": "3.13.0 (main) [GCC]",
    "sys.maxsize": 2**63 - 1,
    "sys.byteorder": "little",
    "sys.implementation": Implementation("cpython", VERSION, "cpython-313"),
    "sys.flags": Unknown("sys.flags"),
    "os.environ": Environment(),
    "six.PY2": False,
    "six.PY3": True,
    "sys.builtin_module_names": ("builtins", "sys"),
    "re.M": re.M,
    "re.MULTILINE": re.M,
    "re.S": re.S,
    "re.DOTALL": re.S,
    "re.I": re.I,
    "re.X": re.X,
    "re.VERBOSE": re.X,
    "ssl.HAS_TLSv1_2": True,
    "typing.TYPE_CHECKING": False,
    "string.digits": "0123456789",
}
CONFIG_VARS: dict[str, Value] = {
    "Py_GIL_DISABLED": 0,
    "EXT_SUFFIX": ".cpython-313-x86_64-linux-gnu.so",
    "Py_DEBUG": 0,
    "SOABI": "cpython-313",
    "MACOSX_DEPLOYMENT_TARGET": None,
}
PURE: dict[str, Callable[..., Any]] = {
    "ast.literal_eval": ast.literal_eval,
    "struct.calcsize": struct.calcsize,
    "json.loads": json.loads,
    "textwrap.dedent": textwrap.dedent,
    "shlex.split": shlex.split,
    "shlex.quote": shlex.quote,
    "fnmatch.filter": files.filtered_names,
    "packaging.version.Version": Version,
    "packaging.version.parse": Version,
    "pkg_resources.parse_version": Version,
    "math.log": math.log,
    "platform.system": lambda: "Linux",
    "platform.machine": lambda: "x86_64",
    "platform.python_implementation": lambda: "CPython",
    "platform.architecture": lambda: ("64bit", "ELF"),
    "platform.uname": lambda: PlatformUname("Linux", "localhost", "6.1", "1", "x86_64", "x86_64"),
    "platform.libc_ver": lambda: ("glibc", "2.36"),
    "platform.python_version": lambda: "3.13.0",
    "platform.platform": lambda: "Linux",
    "platform.python_version_tuple": lambda: ("3", "13", "0"),
    "platform.processor": lambda: "x86_64",
    "os.uname": lambda: Uname("Linux", "localhost", "6.1", "1", "x86_64"),
    "sysconfig.get_platform": lambda: "linux-x86_64",
    "distutils.util.get_platform": lambda: "linux-x86_64",
    "sys.getwindowsversion": lambda: None,
    "configparser.ConfigParser": ConfigParser,
    "configparser.RawConfigParser": RawConfigParser,
    "configparser.SafeConfigParser": ConfigParser,
    "distutils.ccompiler.get_default_compiler": lambda *a: "unix",
    "os.fspath": str,
    "os.cpu_count": lambda: 1,
    "itertools.product": lambda *a: list(itertools.islice(itertools.product(*a), 5000)),
    **{
        f"os.path.{n}": getattr(posixpath, n)
        for n in (
            "join",
            "dirname",
            "basename",
            "split",
            "splitext",
            "normpath",
            "isabs",
            "commonprefix",
            "normcase",
        )
    },
    **{
        f"re.{n}": getattr(re, n)
        for n in ("compile", "match", "search", "fullmatch", "sub", "findall", "split", "escape")
    },
}


def compiler_adds(attribute: str) -> Builtin:
    """A method of the compiler object by which a build adds to every compilation."""

    def add(run: Run, args: list[Value], keywords: PyDict) -> None:
        owner = args[0].attrs[attribute]
        value = (args[1], args[2] if len(args) > 2 else None) if attribute == "define" else args[1]
        owner.append(run.added(owner, value))

    return Builtin(attribute, add)


COMPILER = Class(
    "CCompiler",
    (Dotted("distutils.ccompiler.CCompiler"),),
    {"define_macro": compiler_adds("define"), "add_include_dir": compiler_adds("include_dirs")},
)


def compiler(run: Run, args: list[Value], keywords: PyDict) -> Value:
    added = {name: PyList() for name in ("define", "include_dirs")}  # older than any condition
    return Instance(COMPILER, {"compiler_type": "unix", **added})


def config_var(run: Run, args: list[Value], keywords: PyDict) -> Value:
    name = args[0] if args else None
    return (
        CONFIG_VARS.get(name, Unknown(f"sysconfig variable {name}"))
        if isinstance(name, str)
        else why_of(args)
    )


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
    raise StaticRaise(
        "SystemExit", str(args[0]) if args and isinstance(args[0], (str, int)) else ""
    )


FUNCTIONS: dict[str, Callable[..., Value]] = {
    **{f"os.path.{n}": path_query(n) for n in ("exists", "isfile", "isdir", "islink", "lexists")},
    "os.path.abspath": absolute,
    "os.path.realpath": absolute,
    "os.path.relpath": relative,
    "os.path.expanduser": lambda run, args, k: args[0] if args else None,
    "os.path.expandvars": lambda run, args, k: args[0] if args else None,
    "os.getcwd": lambda run, args, k: str(run.root),
    "os.listdir": files.listing,
    "os.walk": lambda run, args, k: files.walk(run, args[0] if args else None),
    "os.getenv": lambda run, args, k: CONSTANTS["os.environ"].method("get", run, args),
    "os.chdir": lambda run, args, k: None,
    "os.putenv": lambda run, args, k: None,
    **{
        f"{n}.{f}": lambda run, args, k: files.expand(
            run, args[0] if args else None, k.get("recursive") is True
        )
        for n in ("glob",)
        for f in ("glob", "iglob")
    },
    "io.open": files.read_text,
    "codecs.open": lambda run, args, k: files.read_text(run, args[:1], PyDict()),
    "builtins.open": files.read_text,
    "pathlib.Path": make_path,
    "pathlib.PurePath": make_path,
    "itertools.chain": chain,
    "itertools.chain.from_iterable": lambda run, args, k: (
        chain(run, access.items(args[0]), k) if args else None
    ),
    "sys.exit": leave,
    "os._exit": leave,
    "sysconfig.get_config_var": config_var,
    "distutils.sysconfig.get_config_var": config_var,
    **{
        f"{m}.get_config_vars": lambda run, args, k: PyDict(CONFIG_VARS)
        for m in ("sysconfig", "distutils.sysconfig")
    },
    **{
        f"{m}.new_compiler": compiler
        for m in (
            "distutils.ccompiler",
            "setuptools.command.build_ext",
            "setuptools._distutils.ccompiler",
        )
    },
    **{
        f"{m}.cythonize": lambda run, args, k: args[0] if args else None
        for m in ("Cython.Build", "cython")
    },
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
        return Builtin(
            path, lambda run, args, keywords: methods.host(function, run, args, keywords)
        )
    if path in FUNCTIONS:
        return Builtin(path, FUNCTIONS[path])
    return extension.external(path)
