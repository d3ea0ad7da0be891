"""Which extension modules a build gave, and by which names they are imported."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from isolate_ext.verify import environments
from isolate_ext.verify.builds import Library

SUFFIX = re.compile(r"(\.cpython-[^/]+|\.abi3|\.pypy[^/]+)?\.so$")


@dataclass(frozen=True)
class Found:
    """Extension modules, the import packages and modules that they belong to, and where from."""

    libraries: tuple[Library, ...] = ()
    prefixes: tuple[str, ...] = ()
    sys_path: tuple[str, ...] = ()


def distributions(venv: Path) -> set[str]:
    """The distributions of an environment."""
    return {path.name for path in environments.site_packages(venv).glob("*.dist-info")}


def installed(distribution: str, venv: Path, before: set[str]) -> Found:
    """The modules of a distribution's own record.

    Without a name it is the one that was installed from a file or folder.
    """
    site = environments.site_packages(venv)
    wanted = re.sub(r"[-_.]+", "-", distribution).lower()
    for name in sorted(distributions(venv) - before):
        if wanted and re.sub(r"[-_.]+", "-", name.partition("-")[0]).lower() != wanted:
            continue
        if not wanted and not (site / name / "direct_url.json").exists():
            continue
        with (site / name / "RECORD").open(newline="") as file:
            files = [row[0] for row in csv.reader(file) if not row[0].startswith("..")]
        libraries = tuple(
            Library(dotted(path), str(site / path), by_path=False)
            for path in files
            if path.endswith(".so")
        )
        return Found(libraries, _prefixes(files))
    return Found()


def in_tree(folder: Path, source: Path) -> Found:
    """The modules that a build left in a folder."""
    found = tuple(
        Library(dotted(path.name), str(path), by_path=False) for path in folder.glob("*.so")
    )
    return Found(found, tuple(library.module for library in found), (str(folder), str(source)))


def built_in_place(source: Path) -> Found:
    """The modules that a build left beside their packages, anywhere in a tree."""
    found, roots = [], []
    for path in sorted(source.rglob("*.so")):
        if "build" in path.relative_to(source).parts[:1]:
            continue
        root = _outside_packages(path.parent)
        name = dotted(path.relative_to(root).as_posix())
        found.append(Library(name, str(path), by_path=False))
        roots.append(str(root))
    prefixes = {library.module.partition(".")[0] for library in found}
    return Found(tuple(found), tuple(sorted(prefixes)), tuple(dict.fromkeys(roots)))


def _outside_packages(folder: Path) -> Path:
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder


def dotted(path: str) -> str:
    """The module name of a library below a folder of the import path."""
    return SUFFIX.sub("", path).replace("/", ".")


def _prefixes(files: Iterable[str]) -> tuple[str, ...]:
    """The outermost regular packages and top-level modules among installed files."""
    files = list(files)
    packages = {path.rpartition("/")[0] for path in files if path.endswith("/__init__.py")}
    found = set()
    for path in files:
        if not path.endswith((".py", ".so")):
            continue
        parts = path.split("/")
        outer = ("/".join(parts[:end]) for end in range(1, len(parts)))
        home = next((folder for folder in outer if folder in packages), None)
        found.add(home.replace("/", ".") if home else dotted(path.removesuffix(".py")))
    return tuple(sorted(found))
