"""The two kinds of extension: sdists and modules of the standard library; trees, builds, tests."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness import debian, fetch, migrating, testing
from harness.manifest import Manifest, Package, StdlibModule
from harness.stdlib_build import Stdlib
from isolate_ext.app.source_facts import facts_of, source_facts
from isolate_ext.app.targets import discover_among
from isolate_ext.project import DiscoveredExtension
from isolate_ext.verify import builds, pythons
from isolate_ext.verify.building import Recipe, build
from isolate_ext.verify.builds import Build
from isolate_ext.verify.process import VerifyError
from isolate_ext.verify.settings import SourceFacts
from isolate_ext.verify.test_runs import TestRun
from isolate_ext.verify.trees import unpack


@dataclass(frozen=True)
class Options:
    """What the command line settles for all extensions."""

    cache: Path
    results: Path
    migrate: str
    shim: Path | None
    stdlib_source: Path | None
    pythons: tuple[str, ...]
    tests: bool
    cycles: int


class Project:
    """One entry of the manifest, with the folders that its run uses."""

    def __init__(self, entry: Package | StdlibModule, corpus: Manifest, options: Options) -> None:
        self.entry = entry
        self.corpus = corpus
        self.options = options
        self.folder = options.cache / "work" / entry.name
        self.recorded = corpus.source.python if isinstance(entry, StdlibModule) else entry.python

    def versions(self) -> list[str]:
        """The recorded Python first, then the others that every extension is tried on."""
        wanted = self.options.pythons or (self.recorded, *self.corpus.also)
        return list(dict.fromkeys(wanted))


class PackageSide:
    """Trees, builds and tests of a source distribution."""

    def __init__(self, project: Project) -> None:
        self.project = project
        assert isinstance(project.entry, Package)
        self.package = project.entry

    def trees(self) -> tuple[Path, Path]:
        """Two fresh copies of the sdist."""
        archive = fetch.sdist(self.package, self.project.options.cache / "sdists")
        builds.fresh(self.project.folder)
        before = unpack(archive, self.project.folder / "before")
        return before, Path(shutil.copytree(before, self.project.folder / "after", symlinks=True))

    def migrate(self, tree: Path) -> migrating.Migration:
        """Migrate the whole project."""
        options = self.project.options
        return migrating.migrate(options.migrate, [str(tree)], [], tree, self.project.folder)

    def offered(self, version: str) -> str:
        """A package's own build decides."""
        return ""

    def build(self, tree: Path, python: Path, version: str) -> Build:
        """Build and install it."""
        package = self.package
        recipe = Recipe(
            package.build.command,
            (*package.build.requires, *package.test.requires),
            package.build.environment,
            package.build.in_tree,
            package.name,
        )
        return build(tree, python, self.project.options.cache, recipe)

    def facts(self, before: Path, after: Path) -> Mapping[str, SourceFacts]:
        """What the sources of its modules say."""
        return source_facts(before, after)

    def has_tests(self) -> bool:
        """Whether the manifest knows how to run its tests."""
        return bool(self.package.test.command)

    def test(self, built: Build, folder: Path) -> TestRun:
        """Run its tests."""
        return testing.package_tests(self.package, built, folder)


class StdlibSide:
    """Trees, builds and tests of a module of the standard library."""

    def __init__(self, project: Project) -> None:
        self.project = project
        assert isinstance(project.entry, StdlibModule)
        self.module = project.entry
        options = project.options
        tree = debian.source_tree(project.corpus.source, options.cache, options.stdlib_source)
        self.stdlib = Stdlib(project.corpus, tree, options.shim, options.cache)

    def trees(self) -> tuple[Path, Path]:
        """The original tree, which nothing writes to, and a copy with its own Modules."""
        folder = builds.fresh(self.project.folder)
        return self.stdlib.tree, self.stdlib.working_copy(folder / "after")

    def migrate(self, tree: Path) -> migrating.Migration:
        """Migrate the module's C files, with the flags of its own Python."""
        flags = self._flags(tree)
        files = [str(tree / name) for name in self.module.sources]
        options = self.project.options
        return migrating.migrate(options.migrate, files, flags, tree, self.project.folder)

    def _flags(self, tree: Path) -> list[str]:
        """Those of its own Python, with the folders of that tree."""
        version = self.project.corpus.source.python
        python = pythons.find(version)
        if python is None:
            raise VerifyError(f"no Python {version} with headers here")
        flags = self.stdlib.flags(self.module, version)
        return [self.stdlib.fill(flag, tree, python) for flag in flags]

    def offered(self, version: str) -> str:
        """Why it is not tried on that version."""
        return self.stdlib.offered(self.module, version)

    def build(self, tree: Path, python: Path, version: str) -> Build:
        """Compile it."""
        return self.stdlib.build(self.module, tree, python, version)

    def facts(self, before: Path, after: Path) -> Mapping[str, SourceFacts]:
        """What the sources say that the manifest names."""
        found = [self._found(tree) for tree in (before, after)]
        return {self.module.name: facts_of(before, found[0], after, found[1])}

    def _found(self, tree: Path) -> DiscoveredExtension:
        found = discover_among(tree, self.module.sources, self._flags(tree)).extensions
        return next(each for each in found if each.short_name == self.module.name)

    def has_tests(self) -> bool:
        """Every module of the manifest has tests."""
        return bool(self.module.tests)

    def test(self, built: Build, folder: Path) -> TestRun:
        """Run the regression tests of the source tree."""
        return testing.stdlib_tests(self.module, built, self.stdlib.tree, folder)
