"""Imports: modules of the project are evaluated in turn, all others are taken as given."""

from __future__ import annotations

from pathlib import Path

import libcst as cst

from isolate_ext.project.script import known
from isolate_ext.project.script.extension import external
from isolate_ext.project.script.frame import Frame, Run
from isolate_ext.project.script.values import (
    Dotted,
    Module,
    StaticRaise,
    Unknown,
    Value,
)

# what `from x import *` gives a build script
STARRED = {
    "setuptools": ("setup", "Extension", "find_packages", "Command", "Distribution"),
    "distutils.core": ("setup", "Extension", "Command"),
    "glob": ("glob", "iglob"),
    "os.path": ("join", "dirname", "basename", "abspath", "exists", "isfile", "isdir", "splitext"),
}
GONE = frozenset(
    {"pip.req", "ConfigParser", "__builtin__", "urllib2", "cPickle", "StringIO", "commands"}
)


def dotted(node: cst.BaseExpression | None) -> str:
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def plain(node: cst.Import, frame: Frame) -> None:
    for alias in node.names:
        name = dotted(alias.name)
        value = load(frame, name)
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            frame.scope.names[alias.asname.name.value] = value
        elif "." not in name:
            frame.scope.names[name] = value
        else:
            frame.scope.names[name.partition(".")[0]] = attached(frame, name)


def attached(frame: Frame, name: str) -> Value:
    """The top package of a dotted name, with every module of the project on the way set in its
    parent."""
    top = owner = load(frame, name.partition(".")[0])
    for part in (name[:i] for i, c in enumerate(name + ".") if c == "." and i > name.index(".")):
        inner = load(frame, part)
        if isinstance(owner, Module) and isinstance(inner, Module):
            owner.scope.names[part.rpartition(".")[2]] = inner
        owner = inner
    return top


def members(node: cst.ImportFrom, frame: Frame) -> None:
    prefix = "." * len(node.relative)
    name = dotted(node.module)
    module = load(frame, prefix + name)
    if isinstance(node.names, cst.ImportStar):
        if isinstance(module, Module):
            frame.scope.names.update(module.scope.names)
        elif name in STARRED:
            frame.scope.names.update(
                (m, known.member(f"{name}.{m}", frame.run)) for m in STARRED[name]
            )
        return
    for alias in node.names:
        member = alias.name.value if isinstance(alias.name, cst.Name) else dotted(alias.name)
        bound = (
            alias.asname.name.value
            if alias.asname and isinstance(alias.asname.name, cst.Name)
            else member
        )
        frame.scope.names[bound] = fetch(frame, module, name, member)


def fetch(frame: Frame, module: Value, name: str, member: str) -> Value:
    if isinstance(module, Module):
        if member in module.scope.names:
            return module.scope.names[member]
        inner = load(frame, f"{name}.{member}")
        return (
            inner
            if isinstance(inner, Module)
            else Unknown(f"{name}.{member} is not defined by reading")
        )
    return known.member(f"{name}.{member}", frame.run)


def load(frame: Frame, name: str) -> Value:
    """The module of that name. Raises StaticRaise for one that Python 3 does not have."""
    if name in GONE:
        raise StaticRaise("ModuleNotFoundError", name)
    run = frame.run
    found = locate(run, name.lstrip("."))
    if found is None:
        return external(name) if not name.endswith("Extension") else Dotted(name)
    if name not in run.modules:
        run.modules[name] = run.load(run, name, found)
    return run.modules[name]


def locate(run: Run, name: str) -> Path | None:
    """The file of a module of the project, looked up along the script's sys.path."""
    parts = Path(*name.split(".")) if name else None
    if parts is None:
        return None
    for entry in (*run.sys_path, str(run.root)):
        if not isinstance(entry, str):
            continue
        base = run.root / entry / parts
        for candidate in (base.with_name(base.name + ".py"), base / "__init__.py"):
            if candidate.is_file() and candidate.resolve().is_relative_to(run.root):
                return candidate
        if base.is_dir() and base.resolve().is_relative_to(run.root) and has_scripts(base):
            return base
    return None


def has_scripts(folder: Path) -> bool:
    """Whether a folder without __init__.py is a package of scripts of the project."""
    return any(p.suffix == ".py" for p in folder.iterdir())
