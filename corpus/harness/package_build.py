"""Builds a source distribution with its own recipe in an environment of its own."""

from __future__ import annotations

import csv
import re
import shutil
import sys
from pathlib import Path

from harness import build, diagnostics, environments, process, pythons
from harness.build import Build, Library
from harness.manifest import Package, facts

SUFFIX = re.compile(r"(\.cpython-[^/]+|\.abi3|\.pypy[^/]+)?\.so$")


def build_package(package: Package, tree: Path, python: Path, cache: Path) -> Build:
    """Build ``tree`` (which stays as it is); from the cache where the same was built before."""
    key = build.key_of(build.fingerprint(tree), pythons.identity(python), facts(package))
    folder = cache / "builds" / key
    with environments.locked(cache / "builds" / f"{key}.lock"):
        found = build.stored(folder)
        if found is not None:
            return found
        build.fresh(folder)
        return build.store(folder, _build(package, tree, python, cache, folder))


def _build(package: Package, tree: Path, python: Path, cache: Path, folder: Path) -> Build:
    requires = (*package.build.requires, *package.test.requires)
    venv = environments.clone(environments.base(python, requires, cache), folder / "venv")
    source = folder / "src"
    shutil.copytree(tree, source, symlinks=True, ignore=shutil.ignore_patterns(*build.JOURNALS))
    installed = _distributions(venv)
    settings = package.build.environment
    environment = {
        **environments.variables(venv),
        **settings,
        **build.compiler_wrappers(cache, sys.executable),
        "CFLAGS": f"{settings.get('CFLAGS', '')} -g".strip(),
        "CORPUS_CC_LOG": str(folder / "cc.log"),
        "CORPUS_CC_CACHE": str(cache / "objects"),
    }
    done = process.run(
        package.build.command, log=folder / "build.log", cwd=source, environment=environment
    )
    if not done.ok:
        return build.failed(folder.name, str(python), done.tail(), done.seconds, str(source))
    build.install_recorder(venv)
    if package.build.in_tree:
        libraries, prefixes = _in_tree(source / package.build.in_tree)
        sys_path: tuple[str, ...] = (str(source / package.build.in_tree), str(source))
    else:
        libraries, prefixes = _installed(package, venv, installed)
        sys_path = ()
    return Build(
        key=folder.name,
        ok=bool(libraries),
        failure=build.no_libraries(libraries),
        warnings=tuple(diagnostics.logged_warnings(folder / "cc.log")),
        libraries=libraries,
        python=str(venv / "bin" / "python"),
        venv=str(venv),
        source=str(source),
        sys_path=sys_path,
        prefixes=prefixes,
        seconds=done.seconds,
    )


def _distributions(venv: Path) -> set[str]:
    return {path.name for path in environments.site_packages(venv).glob("*.dist-info")}


def _installed(
    package: Package, venv: Path, before: set[str]
) -> tuple[tuple[Library, ...], tuple[str, ...]]:
    """The modules of the distribution's own record, and the packages that its files make up."""
    site = environments.site_packages(venv)
    wanted = re.sub(r"[-_.]+", "-", package.name).lower()
    for name in sorted(_distributions(venv) - before):
        if re.sub(r"[-_.]+", "-", name.partition("-")[0]).lower() != wanted:
            continue
        with (site / name / "RECORD").open(newline="") as file:
            files = [row[0] for row in csv.reader(file) if not row[0].startswith("..")]
        libraries = tuple(
            Library(_dotted(path), str(site / path), by_path=False)
            for path in files
            if path.endswith(".so")
        )
        return libraries, _prefixes(files)
    return (), ()


def _in_tree(folder: Path) -> tuple[tuple[Library, ...], tuple[str, ...]]:
    found = tuple(
        Library(_dotted(path.name), str(path), by_path=False) for path in folder.glob("*.so")
    )
    return found, tuple(library.module for library in found)


def _dotted(path: str) -> str:
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
        found.add(home.replace("/", ".") if home else _dotted(path.removesuffix(".py")))
    return tuple(sorted(found))
