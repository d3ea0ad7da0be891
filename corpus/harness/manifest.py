"""The manifest of real extensions: what they are, how they are built and tested."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MANIFEST = Path(__file__).parent.parent / "manifest.json"
WORKLOADS = Path(__file__).parent.parent / "workloads"
DEFAULT_BUILD = "pip install --no-build-isolation ."


@dataclass(frozen=True)
class Recipe:
    """A command line of a project, the distributions it needs, and its environment."""

    command: str = ""
    requires: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    in_tree: str = ""


@dataclass(frozen=True)
class Package:
    """A third-party source distribution."""

    name: str
    version: str
    sdist: str
    sha256: str
    python: str
    build: Recipe
    test: Recipe
    system: tuple[str, ...] = ()
    first: bool = False
    note: str = ""


@dataclass(frozen=True)
class StdlibModule:
    """An extension of the standard library's source tree. Flags may hold {inc}, {src}, {shim}."""

    name: str
    sources: tuple[str, ...]
    flags: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    newer: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tests: tuple[str, ...] = ()
    test_options: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    first: bool = False
    note: str = ""


@dataclass(frozen=True)
class Source:
    """The source package that holds the standard library's modules."""

    package: str
    version: str
    suite: str
    archive: str
    folder: str
    python: str


Entry = Package | StdlibModule


@dataclass(frozen=True)
class Manifest:
    """All that the corpus holds; ``also`` are the versions that every extension is tried on."""

    also: tuple[str, ...]
    source: Source
    packages: tuple[Package, ...]
    modules: tuple[StdlibModule, ...]
    companions: tuple[StdlibModule, ...]

    def companion(self, name: str) -> StdlibModule:
        """The module of the same source tree that another one needs beside it."""
        return next(item for item in (*self.companions, *self.modules) if item.name == name)


def load(path: Path = MANIFEST) -> Manifest:
    """Read the manifest; raises KeyError or TypeError where an entry does not have the shape."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return Manifest(
        also=tuple(data["also"]),
        source=Source(**data["source"]),
        packages=tuple(_package(entry) for entry in data["packages"]),
        modules=tuple(_module(entry) for entry in data["modules"]),
        companions=tuple(_module(entry) for entry in data["companions"]),
    )


def workload(module: str) -> str | None:
    """The snippet written for the extension module, where there is one."""
    path = WORKLOADS / f"{module}.py"
    return str(path) if path.exists() else None


def facts(entry: Entry) -> str:
    """The entry as text, for keys of what was made from it."""
    return json.dumps(asdict(entry), sort_keys=True)


def _package(entry: dict[str, Any]) -> Package:
    build = {"command": DEFAULT_BUILD, **entry.pop("build")}
    test = entry.pop("test", {})
    return Package(build=_recipe(build), test=_recipe(test), **_tuples(entry))


def _recipe(entry: dict[str, Any]) -> Recipe:
    return Recipe(**_tuples(entry))


def _module(entry: dict[str, Any]) -> StdlibModule:
    return StdlibModule(**_tuples(entry))


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
