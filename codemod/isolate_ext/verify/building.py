"""Builds a source tree by its own build system, in an environment of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from isolate_ext.verify import builds, diagnostics, environments, process, pythons
from isolate_ext.verify.builds import Build
from isolate_ext.verify.installed import Found, built_in_place, distributions, in_tree, installed

FRONT_END = ("build", "setuptools", "wheel")
"""What is put into the environment of a project that says nothing itself."""


@dataclass(frozen=True)
class Recipe:
    """How a tree is built.

    ``command`` is a shell command that leaves the project installed, its modules beside their
    packages, or in the folder ``in_tree``; without one it is the project's own build system that
    is asked: PEP 517 by ``build``, else ``setup.py build_ext``.  ``distribution`` names what is
    installed, where others come with it.
    """

    command: str = ""
    requires: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    in_tree: str = ""
    distribution: str = ""
    timeout: float = 1800.0


def build(tree: Path, python: Path, cache: Path, recipe: Recipe) -> Build:
    """Build ``tree`` (which stays as it is); from the cache where the same was built before.

    Raises VerifyError where the environment cannot be made.
    """
    facts = repr(sorted(asdict(recipe).items())) + builds.chosen_flags()
    key = builds.key_of(builds.fingerprint(tree), pythons.identity(python), facts)
    folder = cache / "builds" / key
    with environments.locked(cache / "builds" / f"{key}.lock"):
        found = builds.stored(folder)
        if found is not None and found.ok:
            return found
        builds.fresh(folder)
        return builds.store(folder, _Building(tree, python, cache, recipe, folder).run())


class _Building:
    """One build in its folder: the environment ``venv``, the tree's copy ``src``, the logs."""

    def __init__(self, tree: Path, python: Path, cache: Path, recipe: Recipe, folder: Path) -> None:
        self.tree = tree
        self.python = python
        self.cache = cache
        self.recipe = recipe
        self.folder = folder
        self.source = folder / "src"

    def run(self) -> Build:
        """The first way that gives a library; else the failure of the last."""
        failure, seconds = "nothing in it says how it is built", 0.0
        for command, in_place in self._ways():
            venv = self._fresh()
            present = distributions(venv)
            done = process.run(
                command,
                log=self.folder / "build.log",
                cwd=self.source,
                environment=self._environment(venv),
                timeout=self.recipe.timeout,
            )
            seconds = done.seconds
            if not done.ok:
                failure = _failure(done)
                continue
            found = self._found(venv, present, in_place)
            if found.libraries:
                return self._built(venv, found, seconds)
            failure = f"{done.tail()}\nthe build gave no extension module\nlog: {done.log}"
        return builds.failed(
            self.folder.name, str(self.python), failure, seconds, str(self.source),
        )  # fmt: skip

    def _ways(self) -> Iterator[tuple[str, bool]]:
        """Command lines, and whether what they make may stay in the tree."""
        if self.recipe.command:
            yield self.recipe.command, True
            return
        setup = (self.tree / "setup.py").exists()
        if setup or (self.tree / "pyproject.toml").exists():
            wheel = shlex.quote(str(self.folder / "wheel"))
            yield f"python -m build --wheel -o {wheel} . && python -m pip install {wheel}/*", False
        if setup:
            yield "python setup.py build_ext --inplace", True

    def _fresh(self) -> Path:
        """A new environment, and a new copy of the tree."""
        front_end = () if self.recipe.command else FRONT_END
        requires = (*front_end, *self.recipe.requires)
        base = environments.base(self.python, requires, self.cache)
        for name in ("venv", "src", "wheel"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        (self.folder / builds.COMPILER_CALLS).unlink(missing_ok=True)
        venv = environments.clone(base, self.folder / "venv")
        journals = shutil.ignore_patterns(*builds.JOURNALS)
        shutil.copytree(self.tree, self.source, symlinks=True, ignore=journals)
        return venv

    def _environment(self, venv: Path) -> dict[str, str]:
        settings = self.recipe.environment
        flags = settings.get("CFLAGS", os.environ.get("CFLAGS", ""))
        return {
            **environments.variables(venv),
            **settings,
            **builds.compiler_wrappers(self.cache, sys.executable),
            "CFLAGS": f"{flags} -g".strip(),
            "ISOLATE_EXT_SOURCE": str(self.source.resolve()),
            "ISOLATE_EXT_CC_LOG": str(self.folder / builds.COMPILER_CALLS),
            "ISOLATE_EXT_CC_CACHE": str(self.cache / "objects"),
        }

    def _found(self, venv: Path, present: set[str], in_place: bool) -> Found:
        if self.recipe.in_tree:
            return in_tree(self.source / self.recipe.in_tree, self.source)
        found = installed(self.recipe.distribution, venv, present)
        if in_place and not found.libraries:
            return built_in_place(self.source)
        return found

    def _built(self, venv: Path, found: Found, seconds: float) -> Build:
        builds.install_recorder(venv)
        return Build(
            key=self.folder.name,
            ok=True,
            failure="",
            warnings=tuple(diagnostics.logged_warnings(self.folder / builds.COMPILER_CALLS)),
            libraries=found.libraries,
            python=str(venv / "bin" / "python"),
            venv=str(venv),
            source=str(self.source),
            sys_path=found.sys_path,
            prefixes=found.prefixes,
            seconds=seconds,
        )


def _failure(done: process.Finished) -> str:
    if done.status is None:
        late = f"the build did not end within {done.seconds:.0f} s (see --build-timeout)"
        return f"{done.tail()}\n{late}\nlog: {done.log}"
    return f"{done.tail()}\nlog: {done.log}"
