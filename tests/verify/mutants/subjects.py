"""The extensions that are mutated: built before and after their migration."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from isolate_ext.app.modelling import Library
from isolate_ext.model.extension import Extension
from isolate_ext.project import DiscoveredExtension, discover
from isolate_ext.verify import pythons
from mutants.compiling import Commands, Unit

CORPUS = Path(__file__).resolve().parents[3] / "corpus"


@dataclass(frozen=True)
class Subject:
    """One migrated extension under one interpreter.

    ``original`` and ``extension`` are the models of the sources before and after, ``found`` is how
    the latter was discovered.  ``before`` and ``after`` are built libraries, ``tree`` the migrated
    sources with their objects, ``own`` the files that touch Python.
    """

    module: str
    found: DiscoveredExtension
    original: Extension | None
    extension: Extension
    tree: Path
    commands: Commands
    before: Path | None
    after: Path
    python: Path
    version: tuple[int, int]
    own: Sequence[str]
    workload: Path | None = None
    sys_path: tuple[str, ...] = ()
    companions: tuple[tuple[str, str], ...] = ()
    skip: tuple[str, ...] = ()

    @property
    def texts(self) -> Mapping[str, bytes]:
        """The files that may get a mistake."""
        return {path: parsed.source.data for path, parsed in self.extension.files.items()}


def original(name: str, version: str, folder: Path) -> list[Subject]:
    """The extensions of a folder of ``corpus/`` that its golden sources isolate."""
    python = pythons.find(version)
    assert python is not None, f"no Python {version} with headers here"
    trees = {side: folder / side for side in ("before", "after")}
    for tree in trees.values():
        shutil.copytree(CORPUS / name, tree, ignore=shutil.ignore_patterns("golden"))
    shutil.copytree(CORPUS / name / "golden", trees["after"], dirs_exist_ok=True)
    isolated = {
        line.partition(":")[0]
        for line in (trees["after"] / "result.txt").read_text().splitlines()
        if line.endswith(": isolated")
    }
    discovery = discover(trees["after"])
    library = Library(discovery.root)
    before = Library(trees["before"])
    earlier = {each.name: before.model(each) for each in discover(trees["before"]).extensions}
    made = []
    for found in discovery.extensions:
        if found.name in isolated:
            commands = _commands(name, found.name, python)
            built = {side: tree / f"{found.name}.so" for side, tree in trees.items()}
            for side, tree in trees.items():
                commands.build(tree, built[side])
            extension = library.model(found)
            made.append(
                Subject(
                    found.name,
                    found,
                    earlier.get(found.name),
                    extension,
                    trees["after"],
                    commands,
                    built["before"],
                    built["after"],
                    python,
                    pair(version),
                    tuple(extension.files),
                    workload(found.name),
                )
            )
    return made


def workload(module: str) -> Path | None:
    """The snippet that uses a module as its users do, where there is one."""
    path = CORPUS / "workloads" / f"{module}.py"
    return path if path.exists() else None


@cache
def _check() -> ModuleType:
    """What knows the build of the original extensions."""
    sys.path.insert(0, str(CORPUS))
    try:
        import check
    finally:
        sys.path.remove(str(CORPUS))
    return check


def _commands(name: str, module: str, python: Path) -> Commands:
    each = next(it for it in _check().extensions(CORPUS / name) if it.name == module)
    flags = [f"-D{key}" if value is None else f"-D{key}={value}" for key, value in each.define]
    folders = [f"-I{path}" for path in (pythons.include(python), *each.include)]
    return commands("gcc", each.sources, ["-O1", "-fPIC", *flags, *folders], (), each.name)


def commands(
    compiler: str, sources: Sequence[str], flags: Sequence[str], libraries: Sequence[str], name: str
) -> Commands:
    """The same flags for every source."""
    units = tuple(
        Unit(source, tuple(flags), f"objects-{name}/{number}.o")
        for number, source in enumerate(sources)
    )
    return Commands(compiler, units, ("-shared", *(each.output for each in units), *libraries))


def pair(version: str) -> tuple[int, int]:
    """``(3, 13)``."""
    major, minor = version.split(".")
    return int(major), int(minor)
