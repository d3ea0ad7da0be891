"""Builds a source distribution with its own recipe in an environment of its own."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from harness.manifest import Package, facts
from isolate_ext.verify import builds, diagnostics, environments, process, pythons
from isolate_ext.verify.builds import Build
from isolate_ext.verify.installed import distributions, in_tree, installed


def build_package(package: Package, tree: Path, python: Path, cache: Path) -> Build:
    """Build ``tree`` (which stays as it is); from the cache where the same was built before."""
    key = builds.key_of(builds.fingerprint(tree), pythons.identity(python), facts(package))
    folder = cache / "builds" / key
    with environments.locked(cache / "builds" / f"{key}.lock"):
        found = builds.stored(folder)
        if found is not None:
            return found
        builds.fresh(folder)
        return builds.store(folder, _build(package, tree, python, cache, folder))


def _build(package: Package, tree: Path, python: Path, cache: Path, folder: Path) -> Build:
    requires = (*package.build.requires, *package.test.requires)
    venv = environments.clone(environments.base(python, requires, cache), folder / "venv")
    source = folder / "src"
    shutil.copytree(tree, source, symlinks=True, ignore=shutil.ignore_patterns(*builds.JOURNALS))
    present = distributions(venv)
    settings = package.build.environment
    environment = {
        **environments.variables(venv),
        **settings,
        **builds.compiler_wrappers(cache, sys.executable),
        "CFLAGS": f"{settings.get('CFLAGS', '')} -g".strip(),
        "ISOLATE_EXT_CC_LOG": str(folder / "cc.log"),
        "ISOLATE_EXT_CC_CACHE": str(cache / "objects"),
    }
    done = process.run(
        package.build.command, log=folder / "build.log", cwd=source, environment=environment
    )
    if not done.ok:
        return builds.failed(folder.name, str(python), done.tail(), done.seconds, str(source))
    builds.install_recorder(venv)
    if package.build.in_tree:
        libraries, prefixes = in_tree(source / package.build.in_tree)
        sys_path: tuple[str, ...] = (str(source / package.build.in_tree), str(source))
    else:
        libraries, prefixes = installed(package.name, venv, present)
        sys_path = ()
    return Build(
        key=folder.name,
        ok=bool(libraries),
        failure=builds.no_libraries(libraries),
        warnings=tuple(diagnostics.logged_warnings(folder / "cc.log")),
        libraries=libraries,
        python=str(venv / "bin" / "python"),
        venv=str(venv),
        source=str(source),
        sys_path=sys_path,
        prefixes=prefixes,
        seconds=done.seconds,
    )
