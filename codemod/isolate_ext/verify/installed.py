"""Which extension modules a build gave, and by which names they are imported."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from isolate_ext.verify import environments
from isolate_ext.verify.builds import Library

SUFFIX = re.compile(r"(\.cpython-[^/]+|\.abi3|\.pypy[^/]+)?\.so$")


def distributions(venv: Path) -> set[str]:
    """The distributions of an environment."""
    return {path.name for path in environments.site_packages(venv).glob("*.dist-info")}


def installed(
    distribution: str, venv: Path, before: set[str]
) -> tuple[tuple[Library, ...], tuple[str, ...]]:
    """The modules of the distribution's own record, and the packages that its files make up."""
    site = environments.site_packages(venv)
    wanted = re.sub(r"[-_.]+", "-", distribution).lower()
    for name in sorted(distributions(venv) - before):
        if re.sub(r"[-_.]+", "-", name.partition("-")[0]).lower() != wanted:
            continue
        with (site / name / "RECORD").open(newline="") as file:
            files = [row[0] for row in csv.reader(file) if not row[0].startswith("..")]
        libraries = tuple(
            Library(dotted(path), str(site / path), by_path=False)
            for path in files
            if path.endswith(".so")
        )
        return libraries, _prefixes(files)
    return (), ()


def in_tree(folder: Path) -> tuple[tuple[Library, ...], tuple[str, ...]]:
    """The modules that a build left in a folder."""
    found = tuple(
        Library(dotted(path.name), str(path), by_path=False) for path in folder.glob("*.so")
    )
    return found, tuple(library.module for library in found)


def dotted(path: str) -> str:
    """The module name of a library below a folder of the import path."""
    return SUFFIX.sub("", path).replace("/", ".")


def _prefixes(files: list[str]) -> tuple[str, ...]:
    """The outermost regular packages and top-level modules among installed files."""
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
