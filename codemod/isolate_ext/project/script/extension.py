"""The Extension record, and which external names stand for it or for setup()."""

from __future__ import annotations

from isolate_ext.project.script.commands import BUILD_EXT
from isolate_ext.project.script.frame import Run
from isolate_ext.project.script.values import (
    Builtin,
    Class,
    Dotted,
    Instance,
    PyDict,
    PyList,
    Unknown,
    Value,
)

POSITIONAL = (
    "name",
    "sources",
    "include_dirs",
    "define_macros",
    "undef_macros",
    "library_dirs",
    "libraries",
    "runtime_library_dirs",
    "extra_objects",
    "extra_compile_args",
    "extra_link_args",
    "export_symbols",
    "swig_opts",
    "depends",
    "language",
    "optional",
)
LISTS = frozenset(POSITIONAL) - {"name", "language", "optional"}
OTHER_LANGUAGE = frozenset({"RustExtension"})


def initialise(run: Run, args: list[Value], keywords: PyDict) -> Value:
    """Extension.__init__(self, name, sources, ...)."""
    receiver = args[0] if args else None
    if not isinstance(receiver, Instance):
        return None
    given = PyDict(zip(POSITIONAL, args[1:], strict=False))
    given.update(keywords)
    attrs = receiver.attrs
    for name in POSITIONAL:
        attrs[name] = given.get(name)
        if name in LISTS and (attrs[name] is None):
            attrs[name] = run.new_list()
    for name, value in given.items():
        attrs.setdefault(name, value)
    if keywords.open:
        attrs["open"] = keywords.open
    return None


EXTENSION = Class("Extension", (), {"__init__": Builtin("Extension.__init__", initialise)})


def external(path: str) -> Value:
    """The value of a name of a module that is not read."""
    last = path.rpartition(".")[2]
    if last == "Extension":
        return EXTENSION
    if path.endswith((".build_ext.build_ext", "Distutils.build_ext")):
        return BUILD_EXT
    if last.endswith("Extension") and last not in OTHER_LANGUAGE:
        return Class(last, (EXTENSION,), {"external": path})
    return Dotted(path)


def is_setup(path: str) -> bool:
    """Whether calling this external name is the setup() of a build."""
    return path.rpartition(".")[2] == "setup" and "." in path


def is_extension(value: Value) -> bool:
    return isinstance(value, Instance) and value.cls.derives(EXTENSION)


def gather(value: Value) -> tuple[list[Instance], list[Unknown]]:
    """The extensions in an ext_modules value, and what of it is unknown."""
    found: list[Instance] = []
    missing: list[Unknown] = []
    if isinstance(value, Instance):
        if is_extension(value):
            found.append(value)
    elif isinstance(value, Unknown):
        missing.append(value)
    elif isinstance(value, Dotted):
        missing.append(Unknown(value.path))
    else:
        for part in parts(value):
            inner, unknown = gather(part)
            found += [i for i in inner if i not in found]
            missing += [u for u in unknown if u not in missing]
    return found, missing


def parts(value: Value) -> list[Value]:
    from isolate_ext.project.script.values import Choice, Maybe

    if isinstance(value, Choice):
        return list(value.options)
    if isinstance(value, Maybe):
        return [value.value]
    if isinstance(value, (PyList, tuple)):
        return list(value)
    return []
