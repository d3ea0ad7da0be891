"""Libraries that are compiled for a test."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from isolate_ext.project import DiscoveredExtension, discover, find_interpreters
from isolate_ext.verify.binary.inventory import Tree

Compile = Callable[..., Path]
CORPUS = Path(__file__).parents[3] / "corpus"


@pytest.fixture(scope="session")
def compile_library(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """compile_library(*arguments, cwd=folder) -> a shared library made of sources and flags."""
    include = next(each.include for each in find_interpreters() if each.include is not None)

    def compile_(*arguments: str | Path, cwd: Path | None = None) -> Path:
        target = tmp_path_factory.mktemp("library") / "library.so"
        words = ["gcc", "-shared", "-fPIC", "-w", f"-I{include}", *map(str, arguments)]
        subprocess.run([*words, "-o", str(target)], cwd=cwd, check=True)
        return target

    return compile_


@dataclass(frozen=True)
class Built:
    """An extension of the original corpus: its folder, its files, its library."""

    root: Path
    extension: DiscoveredExtension
    library: Path

    @property
    def tree(self) -> Tree:
        return Tree(self.root, set(self.extension.files))


@pytest.fixture(scope="session")
def corpus_builds(
    compile_library: Compile, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, bool], list[Built]]:
    """corpus_builds(name, migrated) -> every extension of that folder, built with -g."""

    @cache
    def build(name: str, migrated: bool) -> list[Built]:
        root = tmp_path_factory.mktemp(name) / "source"
        shutil.copytree(CORPUS / name, root, ignore=shutil.ignore_patterns("golden"))
        if migrated:
            shutil.copytree(CORPUS / name / "golden", root, dirs_exist_ok=True)
        built = []
        for each in discover(root).extensions:
            folders = [f"-I{root / folder}" for folder in each.include_dirs]
            macros = [f"-D{n}" if value is None else f"-D{n}={value}" for n, value in each.macros]
            sources = [root / source for source in each.sources]
            library = compile_library("-g", "-O1", *folders, *macros, *each.flags, *sources)
            built.append(Built(root, each, library))
        return built

    return build
