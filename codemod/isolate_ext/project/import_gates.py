"""Which import of a project fails when an extension cannot be imported.

Read from the Python sources: what a package or module imports when it is imported itself, without
a condition and without a fallback, its own modules included.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import msgspec

_ASIDE = frozenset(
    "test tests testing doc docs example examples demo demos build dist benchmark benchmarks bench "
    "tools scripts site-packages node_modules".split()
)
_TOP = frozenset({"src", "lib", "python"})
_SCRIPTS = frozenset({"setup.py", "conftest.py", "noxfile.py"})
_TEST = re.compile(r"tests?\.py|test_.*|.*_test\.py")
_CATCHING = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_TYPING = "TYPE_CHECKING"


class Gate(msgspec.Struct, frozen=True):
    """An import at ``path:line``; with ``fallback``, the module does without the extension."""

    module: str
    path: str
    line: int
    fallback: bool


class _Import(msgspec.Struct, frozen=True):
    target: str
    line: int
    fallback: bool


def import_gates(root: Path, extensions: Collection[str]) -> dict[str, tuple[Gate, ...]]:
    """By name of extension, what imports it: its packages, or the top modules; the sure ones first.

    An extension that nothing imports has none.  Sources that this Python cannot read are left out.
    """
    sources = _Sources(root, extensions)
    found: dict[str, dict[str, Gate]] = {each: {} for each in extensions}
    for top in sorted(sources.tops(extensions)):
        for name, path, each in sources.reached(top):
            if name in found and sources.concerns(top, name):
                gate = Gate(sources.shown(top, name), path, each.line, each.fallback)
                earlier = found[name].get(top)
                if earlier is None or (earlier.fallback and not gate.fallback):
                    found[name][top] = gate
    return {name: _sure_first(gates.values()) for name, gates in found.items()}


def _sure_first(gates: Collection[Gate]) -> tuple[Gate, ...]:
    return tuple(sorted(gates, key=lambda each: (each.fallback, each.module)))


class _Sources:
    """The modules of a project by name, each read when it is asked for."""

    def __init__(self, root: Path, extensions: Collection[str]) -> None:
        self.root = root
        self.paths: dict[str, Path] = {}
        for path in sorted(_python_files(root), key=lambda each: (len(each.parts), each)):
            self.paths.setdefault(_dotted(root, path), path)
        self.known = self.paths.keys() | set(extensions)
        self._read: dict[str, tuple[_Import, ...]] = {}

    def tops(self, extensions: Collection[str]) -> set[str]:
        """What may be imported by itself: modules at the top, and packages of extensions."""
        packages = {each for name in extensions for each in _parents(name)[:-1]}
        return {name for name, path in self.paths.items() if name in packages or _at_top(path)}

    def concerns(self, top: str, extension: str) -> bool:
        """Whether ``top`` is a package of the extension, or neither lies in a package known."""
        package = extension.partition(".")[0] if "." in extension else ""
        if not package:
            return True
        if package in self.paths:
            return extension.startswith(f"{top}.")
        return self.paths[top].name == "__init__.py"

    def shown(self, top: str, extension: str) -> str:
        """The name of a package whose folder has another one."""
        package = extension.rpartition(".")[0]
        return top if not package or extension.startswith(f"{top}.") else package

    def reached(self, top: str) -> Iterator[tuple[str, str, _Import]]:
        """Every import that the import of ``top`` leads to; behind a fallback, all have one."""
        pending, seen = [(top, False)], set()
        while pending:
            name, fallback = pending.pop()
            if (name, fallback) in seen or (name, False) in seen or name not in self.paths:
                continue
            seen.add((name, fallback))
            for each in self._imports(name):
                lost = each.fallback or fallback
                for target in _parents(each.target):
                    if target in self.known:
                        pending.append((target, lost))
                        path = self.paths[name].as_posix()
                        yield target, path, _Import(target, each.line, lost)

    def _imports(self, name: str) -> tuple[_Import, ...]:
        if name not in self._read:
            path = self.paths[name]
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            try:
                body = ast.parse((self.root / path).read_bytes()).body
            except (SyntaxError, ValueError, OSError):
                body = []
            self._read[name] = tuple(_imports(body, package, False))
        return self._read[name]


def _parents(name: str) -> list[str]:
    """``a.b`` as ``a``, ``a.b``: the packages are imported first."""
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def _at_top(path: Path) -> bool:
    """Whether it is a package or a module by itself that an installation puts at the top."""
    folders = path.parts[:-1] if path.name != "__init__.py" else path.parts[:-2]
    return all(each.lower() in _TOP for each in folders)


def _python_files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [each for each in folders if not each.startswith(".") and _counts(each)]
        for name in files:
            if name.endswith(".py") and name not in _SCRIPTS and not _TEST.fullmatch(name):
                yield (Path(folder) / name).relative_to(root)


def _counts(folder: str) -> bool:
    return folder.lower() not in _ASIDE


def _dotted(root: Path, path: Path) -> str:
    """The name that a file is imported by."""
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while folder.parts and (root / folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts)


def _imports(body: Sequence[ast.stmt], package: str, fallback: bool) -> Iterator[_Import]:
    """The imports that run when a body does; functions do not run."""
    for each in body:
        if isinstance(each, ast.Import):
            for alias in each.names:
                yield _Import(alias.name, each.lineno, fallback)
        elif isinstance(each, ast.ImportFrom):
            base = _base(each, package)
            for alias in each.names if base is not None else ():
                yield _Import(f"{base}.{alias.name}".strip("."), each.lineno, fallback)
        elif isinstance(each, ast.Try):
            caught = fallback or any(map(_catches, each.handlers))
            yield from _imports([*each.body, *each.orelse], package, caught)
            for handler in each.handlers:
                yield from _imports(handler.body, package, True)
            yield from _imports(each.finalbody, package, fallback)
        elif isinstance(each, ast.If):
            if _TYPING not in ast.unparse(each.test):
                yield from _imports(each.body, package, True)
            yield from _imports(each.orelse, package, True)
        elif isinstance(each, ast.With | ast.ClassDef):
            yield from _imports(each.body, package, fallback)


def _base(statement: ast.ImportFrom, package: str) -> str | None:
    """What ``from ... import`` starts from; None where that is outside of the package."""
    if not statement.level:
        return statement.module or ""
    parts = package.split(".") if package else []
    if statement.level > len(parts):
        return None
    parts = parts[: len(parts) - statement.level + 1]
    return ".".join([*parts, *([statement.module] if statement.module else [])])


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(each).rpartition(".")[2] in _CATCHING for each in names)
