"""Compiles an extension, and again what a mistake in one of its files concerns."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isolate_ext.verify.compiler_shim import SOURCE_ROOT
from isolate_ext.verify.process import VerifyError

QUIET = ("-w", "-g")
"""Mistakes leave variables unused; the binary's inventory reads debug information."""


@dataclass(frozen=True)
class Unit:
    """One translation unit: its source, the compiler's arguments for it, and its object."""

    source: str
    arguments: tuple[str, ...]
    output: str


@dataclass(frozen=True)
class Commands:
    """How one library is made; all paths are relative to the tree or absolute.

    ``link`` holds the objects; the library's name is added.
    """

    compiler: str
    units: tuple[Unit, ...]
    link: tuple[str, ...]

    def build(self, tree: Path, library: Path, units: Sequence[Unit] | None = None) -> None:
        """Compile all units, or those given, in the tree, and link them.

        Raises VerifyError with the compiler's words.
        """
        mapped = f"-fdebug-prefix-map={tree}={SOURCE_ROOT}"
        for unit in self.units if units is None else units:
            (tree / unit.output).parent.mkdir(parents=True, exist_ok=True)
            self._run(tree, *unit.arguments, *QUIET, mapped, "-c", unit.source, "-o", unit.output)
        self._run(tree, *self.link, "-o", str(library))

    def _run(self, tree: Path, *arguments: str) -> None:
        done = subprocess.run(
            [self.compiler, *arguments], cwd=tree, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise VerifyError(done.stderr.strip() or f"{self.compiler} fails")


class Workshop:
    """A copy of a built tree in which one mistake after the other is made and taken back."""

    def __init__(self, tree: Path, commands: Commands, target: Path) -> None:
        self.tree = Path(shutil.copytree(tree, target, symlinks=True))
        self.commands = commands
        self.made = 0

    def build(self, texts: Mapping[str, bytes], sources: Sequence[str], module: str) -> Path:
        """The library with other texts in some files, of which ``sources`` are compiled again.

        Raises VerifyError where that does not compile.
        """
        self.made += 1
        folder = self.tree / f"mutant-{self.made}"
        folder.mkdir()
        library = folder / f"{module.rpartition('.')[2]}.so"
        units = [each for each in self.commands.units if each.source in sources]
        kept = {path: (self.tree / path).read_bytes() for path in texts}
        objects = {each.output: (self.tree / each.output).read_bytes() for each in units}
        try:
            for path, text in texts.items():
                (self.tree / path).write_bytes(text)
            self.commands.build(self.tree, library, units)
        finally:
            for path, data in (kept | objects).items():
                (self.tree / path).write_bytes(data)
        return library
