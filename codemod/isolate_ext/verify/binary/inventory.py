"""Every variable with static storage in a built library, from its debug information."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from isolate_ext.project import ProjectError
from isolate_ext.project.errors import ENVIRONMENT
from isolate_ext.verify.binary.debug_types import holds, is_constant, size_of, spelled
from isolate_ext.verify.binary.debug_variables import Described, Variables
from isolate_ext.verify.binary.elf import Image
from isolate_ext.verify.binary.records import Inventory, Place, Static, UnknownSymbol, Vanished

_FOREIGN = {
    b"MZ": "a Windows library",
    b"\xcf\xfa\xed\xfe": "a macOS library",
    b"\xce\xfa\xed\xfe": "a macOS library",
    b"\xca\xfe\xba\xbe": "a macOS library",
    b"\0asm": "a WebAssembly library",
}


@dataclass(frozen=True, slots=True)
class Tree:
    """Where an extension was built: its folder, and its own files as paths in it."""

    root: Path
    files: Collection[str]

    def place(self, file: str, line: int) -> Place:
        """A path of the compiler's as one of this tree, if it lies there."""
        for root in (self.root.absolute(), self.root.resolve()):
            if file.startswith(f"{root}{os.sep}"):
                return Place(Path(file).relative_to(root).as_posix(), line)
        return Place(file, line)


def inventory(library: Path, tree: Tree | None = None) -> Inventory:
    """The static storage of a shared library; without a ``tree`` all of it is its own.

    A library without debug information, or of a platform whose files are not ELF, gives an
    inventory with a reason.  Raises ProjectError (exit 5) for a file that cannot be read or is
    damaged.  Sources: DWARF 4 and 5; handbook section 3.
    """
    try:
        with library.open("rb") as file:
            magic = file.read(4)
            other = next((what for start, what in _FOREIGN.items() if magic.startswith(start)), "")
            if other:
                return Inventory(library, f"{other}: only ELF files are read")
            return _read(library, ELFFile(file), tree)
    except OSError as error:
        raise ProjectError(
            f"not readable: {os.strerror(error.errno or 0)}", str(library), ENVIRONMENT
        ) from error
    except Exception as error:  # a damaged file makes the reader raise whatever it meets
        raise ProjectError(
            f"not a library that can be read: {str(error) or type(error).__name__}",
            str(library),
            ENVIRONMENT,
        ) from error


def _read(library: Path, elf: ELFFile, tree: Tree | None) -> Inventory:
    image = Image(elf)
    if not elf.has_dwarf_info(strict=True):
        return Inventory(library, "no debug information: built without -g, or stripped")
    variables = Variables(elf.get_dwarf_info())
    if variables.elsewhere:
        return Inventory(library, "its debug information lies in other files (-gsplit-dwarf)")
    reader = _Reader(image, elf.elfclass // 8, tree)
    for each in variables:
        reader.add(each)
    return Inventory(
        library,
        "",
        tuple(sorted(reader.located.values(), key=_by_place)),
        tuple(sorted(reader.vanished(), key=lambda each: (each.place.path, each.place.line))),
        tuple(reader.unknown()),
    )


def _by_place(each: Static) -> tuple[bool, str, int, str, int]:
    return not each.own, each.place.path, each.place.line, each.section, each.offset


class _Reader:
    """Collects descriptions; one address is one variable, however often it is described."""

    def __init__(self, image: Image, pointer: int, tree: Tree | None) -> None:
        self.image = image
        self.pointer = pointer
        self.tree = tree
        self.located: dict[int, Static] = {}
        self._without: dict[tuple[str, Place], Vanished] = {}

    def add(self, each: Described) -> None:
        place = self.tree.place(each.file, each.line) if self.tree else Place(each.file, each.line)
        own = self.tree is None or place.path in self.tree.files
        if each.address is None:
            gone = Vanished(each.name, spelled(each.ctype), place, own)
            self._without.setdefault((each.name, place), gone)
            return
        base = self.image.thread_storage if each.thread_local else 0
        address = base + each.address
        section = self.image.section_at(address, each.thread_local)
        if section is None or address in self.located:
            return
        size = self.image.size_at(address, each.thread_local)
        self.located[address] = Static(
            each.name,
            section.name,
            address - section.start,
            size if size is not None else size_of(each.ctype, self.pointer),
            spelled(each.ctype),
            holds(each.ctype),
            each.function,
            place,
            section.writable and not is_constant(each.ctype),
            own,
        )

    def vanished(self) -> Iterator[Vanished]:
        """Variables that have storage in no unit."""
        kept = {(each.name, each.place) for each in self.located.values()}
        return (gone for key, gone in self._without.items() if key not in kept)

    def unknown(self) -> Iterator[UnknownSymbol]:
        """Symbols at addresses that no description covers."""
        for symbol in sorted(self.image.symbols, key=lambda each: each.address):
            section = self.image.section_at(symbol.address, symbol.thread_local)
            if section is not None and symbol.address not in self.located:
                yield UnknownSymbol(
                    symbol.name,
                    section.name,
                    symbol.address - section.start,
                    symbol.size,
                    section.writable,
                    symbol.file,
                )
