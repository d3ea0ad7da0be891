"""Extensions of meson.build: extension_module(...) of the python module, read without meson."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from isolate_ext.project import meson_parse as mp
from isolate_ext.project.flags import split_flags
from isolate_ext.project.records import Draft, Findings, Origin


class Unknown(msgspec.Struct, frozen=True):
    why: str


class Dependency(msgspec.Struct, frozen=True):
    """dependency('name'), or a declared one with what it adds."""

    packages: tuple[str, ...] = ()
    include_dirs: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class Dirs(msgspec.Struct, frozen=True):
    paths: tuple[str, ...]


def read_meson(root: Path) -> Findings:
    """Every extension_module() of meson.build and its subdirs. Both arms of undecided conditions
    are kept."""
    reader = Reader(root)
    if (root / "meson.build").is_file():
        reader.read("")
    return reader.findings


class Reader(msgspec.Struct):
    root: Path
    findings: Findings = msgspec.field(default_factory=Findings)
    variables: dict[str, Any] = msgspec.field(default_factory=dict)
    project_flags: list[str] = msgspec.field(default_factory=list)
    folder: str = ""
    seen: set[str] = msgspec.field(default_factory=set)

    def read(self, folder: str) -> None:
        path = self.join(folder, "meson.build")
        if path in self.seen or not (self.root / path).is_file():
            return
        self.seen.add(path)
        before, self.folder = self.folder, folder
        try:
            self.run(mp.parse((self.root / path).read_text(encoding="utf-8", errors="replace")))
        except mp.MesonError as error:
            self.findings.notes.append(f"{path}: not read: {error}")
        self.folder = before

    def join(self, *parts: str) -> str:
        return posixpath.normpath(posixpath.join(*parts)) if any(parts) else ""

    def run(self, statements: tuple[Any, ...]) -> None:
        for statement in statements:
            if isinstance(statement, mp.Assign):
                self.assign(statement)
            elif isinstance(statement, mp.If):
                self.conditional(statement)
            elif isinstance(statement, mp.Foreach):
                self.foreach(statement)
            else:
                self.value(statement)

    def assign(self, node: mp.Assign) -> None:
        value = self.value(node.value)
        if node.op == "+=":
            value = self.add(self.variables.get(node.name, []), value)
        self.variables[node.name] = value

    def conditional(self, node: mp.If) -> None:
        """Decided arms alone; all arms where a condition is undecided."""
        for condition, body in node.arms:
            verdict = True if condition is None else self.value(condition)
            if verdict is False:
                continue
            self.run(body)
            if verdict is True:
                return

    def foreach(self, node: mp.Foreach) -> None:
        values = self.value(node.value)
        pairs = list(values.items()) if isinstance(values, dict) else values
        for item in pairs if isinstance(pairs, list) else [Unknown("a loop")]:
            parts = (
                item
                if len(node.names) > 1 and isinstance(item, tuple)
                else (item,) * len(node.names)
            )
            self.variables.update(zip(node.names, parts, strict=False))
            self.run(node.body)

    def add(self, left: Any, right: Any) -> Any:
        if isinstance(left, list):
            return left + (right if isinstance(right, list) else [right])
        if isinstance(left, str) and isinstance(right, str):
            return left + right
        if isinstance(left, dict) and isinstance(right, dict):
            return {**left, **right}
        return (
            left
            if isinstance(right, Unknown)
            else right
            if isinstance(left, Unknown)
            else Unknown("+")
        )

    def value(self, node: Any) -> Any:
        if isinstance(node, mp.Name):
            return self.variables.get(node.id, Unknown(f"the variable {node.id}"))
        if isinstance(node, list):
            return [self.value(item) for item in node]
        if isinstance(node, dict):
            return {key: self.value(item) for key, item in node.items()}
        if isinstance(node, mp.Operation):
            return self.operation(node)
        return self.call(node) if isinstance(node, mp.Call) else node

    def operation(self, node: mp.Operation) -> Any:
        values = [self.value(o) for o in node.operands]
        if node.op == "?":
            return values[1] if values[0] is not False else values[2]
        if node.op == "+":
            return self.add(*values)
        if node.op in ("and", "or") and any(v is (node.op == "or") for v in values):
            return node.op == "or"
        if any(isinstance(v, (Unknown, Dependency, Dirs)) for v in values):
            return Unknown(node.op)
        try:
            return self.known(node.op, values)
        except (TypeError, KeyError, IndexError, ValueError):
            return Unknown(node.op)

    def known(self, op: str, values: list[Any]) -> Any:
        if op == "f":
            text = str(values[0])
            for name, value in self.variables.items():
                text = (
                    text.replace(f"@{name}@", str(value)) if isinstance(value, (str, int)) else text
                )
            return text
        if op == "not":
            return not values[0]
        if op == "[]":
            return values[0][values[1]]
        if op == "/" and isinstance(values[0], str):
            return self.join(*values)
        table: dict[str, Callable[[Any, Any], Any]] = {
            "==": lambda a, b: a == b,
            "!=": lambda a, b: a != b,
            "in": lambda a, b: a in b,
            "not in": lambda a, b: a not in b,
            "and": lambda a, b: a and b,
            "or": lambda a, b: a or b,
        }
        return table[op](*values) if op in table else Unknown(op)

    def call(self, node: mp.Call) -> Any:
        args = [self.value(a) for a in node.args]
        keywords = {k: self.value(v) for k, v in node.keywords.items()}
        if node.name == "extension_module":
            return self.extension(node, args, keywords)
        handler = getattr(self, f"call_{node.name}", None)
        if handler is not None:
            return handler(
                args, keywords, self.value(node.owner) if node.owner is not None else None
            )
        return Unknown(f"{node.name}() (line {node.line})")

    def call_files(self, args: list[Any], keywords: dict[str, Any], owner: Any) -> Any:
        return [self.join(self.folder, a) if isinstance(a, str) else a for a in flat(args)]

    def call_include_directories(
        self, args: list[Any], keywords: dict[str, Any], owner: Any
    ) -> Any:
        return Dirs(
            tuple(self.join(self.folder, a) or "." for a in flat(args) if isinstance(a, str))
        )

    def call_dependency(self, args: list[Any], keywords: dict[str, Any], owner: Any) -> Any:
        return Dependency(tuple(a for a in args[:1] if isinstance(a, str)))

    def call_declare_dependency(self, args: list[Any], keywords: dict[str, Any], owner: Any) -> Any:
        packages = [
            p
            for d in flat(keywords.get("dependencies"))
            if isinstance(d, Dependency)
            for p in d.packages
        ]
        return Dependency(
            tuple(packages),
            tuple(self.dirs(keywords.get("include_directories"))),
            tuple(f for f in flat(keywords.get("compile_args")) if isinstance(f, str)),
        )

    def call_subdir(self, args: list[Any], keywords: dict[str, Any], owner: Any) -> None:
        if args and isinstance(args[0], str):
            self.read(self.join(self.folder, args[0]))

    def call_add_project_arguments(
        self, args: list[Any], keywords: dict[str, Any], owner: Any
    ) -> None:
        self.project_flags += [a for a in flat(args) if isinstance(a, str)]

    call_add_global_arguments = call_add_project_arguments

    def call_get_supported_arguments(
        self, args: list[Any], keywords: dict[str, Any], owner: Any
    ) -> Any:
        return [a for a in flat(args) if isinstance(a, str) and not a.startswith("-W")]

    def call_get_id(self, args: list[Any], keywords: dict[str, Any], owner: Any) -> Any:
        return "gcc"

    def call_system(self, args: list[Any], keywords: dict[str, Any], owner: Any) -> Any:
        return "linux"

    def call_found(self, args: list[Any], keywords: dict[str, Any], owner: Any) -> Any:
        return True if isinstance(owner, Dependency) else Unknown("found()")

    def call_get_option(self, args: list[Any], keywords: dict[str, Any], owner: Any) -> Any:
        return Unknown(f"get_option({args[0]!r})" if args else "get_option()")

    def dirs(self, value: Any) -> list[str]:
        found: list[str] = []
        for item in flat(value):
            if isinstance(item, Dirs):
                found += item.paths
            elif isinstance(item, str):
                found.append(self.join(self.folder, item) or ".")
        return found

    def extension(self, node: mp.Call, args: list[Any], keywords: dict[str, Any]) -> Any:
        where = Origin(self.join(self.folder, "meson.build"), node.line, "extension_module(...)")
        undecided: list[str] = []
        name = args[0] if args and isinstance(args[0], str) else ""
        subdir = keywords.get("subdir")
        if isinstance(subdir, str):
            name = ".".join([*(p for p in subdir.replace("\\", "/").split("/") if p), name])
        sources = []
        for item in flat([*args[1:], keywords.get("sources", [])]):
            if isinstance(item, str):
                inside = self.join(self.folder, item)
                sources.append(inside if (self.root / inside).is_file() else item)
            else:
                undecided.append(f"sources not decided: {getattr(item, 'why', 'a generated file')}")
        deps = [d for d in flat(keywords.get("dependencies")) if isinstance(d, Dependency)]
        given = [
            *self.project_flags,
            *flat(keywords.get("c_args")),
            *(f for d in deps for f in d.flags),
        ]
        parsed = split_flags([f for f in given if isinstance(f, str)])
        undecided += [f"c_args not decided: {f.why}" for f in given if isinstance(f, Unknown)]
        undecided += [f"packages to be found: {p}" for d in deps for p in d.packages]
        dirs = [
            *self.dirs(keywords.get("include_directories")),
            *(i for d in deps for i in d.include_dirs),
        ]
        flags, configs = set_apart_missing_includes(parsed.flags)
        undecided += [f"made by the build: {c}" for c in configs]
        self.findings.drafts.append(
            Draft(
                name,
                where,
                tuple(s for s in sources if not s.endswith(".h")),
                (*dirs, *parsed.include_dirs, self.folder or "."),
                parsed.macros,
                parsed.undef,
                flags,
                packages=tuple(p for d in deps for p in d.packages),
                undecided=tuple(undecided),
            )
        )
        return Unknown("an extension module")


def set_apart_missing_includes(flags: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    """The flags without `-include file` pairs, whose files the build makes; and those files."""
    kept: list[str] = []
    made: list[str] = []
    queue = list(flags)
    while queue:
        flag = queue.pop(0)
        if flag in ("-include", "-imacros") and queue:
            made.append(queue.pop(0))
        else:
            kept.append(flag)
    return tuple(kept), made


def flat(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, list):
        return [inner for item in value for inner in flat(item)]
    return [value]
