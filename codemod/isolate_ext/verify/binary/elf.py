"""Sections and symbols of a shared library (ELF, System V gABI chapters 4 and 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

START_UP = frozenset({"crtstuff.c", "crti.S", "crtn.S", "crt1.c"})
"""Sources of what the compiler links to each library."""

LINKER = frozenset(
    {"_DYNAMIC", "_GLOBAL_OFFSET_TABLE_", "__TMC_END__", "__dso_handle", "_edata", "_end"}
)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the image that holds data; ``writable`` after relocation is done."""

    name: str
    start: int
    end: int
    writable: bool
    thread_local: bool


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named piece of data; ``file`` as in `UnknownSymbol`."""

    name: str
    address: int
    size: int
    file: str
    thread_local: bool


class Image:
    """The data sections of an ELF file and the symbols in them."""

    def __init__(self, elf: ELFFile) -> None:
        self.sections = tuple(_sections(elf))
        self.symbols = tuple(_symbols(elf))
        self.thread_storage = min((s.start for s in self.sections if s.thread_local), default=0)
        self._sizes = {(s.address, s.thread_local): s.size for s in self.symbols if s.size}

    def section_at(self, address: int, thread_local: bool) -> Section | None:
        """The data section that holds an address; thread-local storage overlaps the rest."""
        for section in self.sections:
            if section.thread_local is thread_local and section.start <= address < section.end:
                return section
        return None

    def size_at(self, address: int, thread_local: bool) -> int | None:
        """The size of the symbol at an address, which counts flexible array members too."""
        return self._sizes.get((address, thread_local))


def _sections(elf: ELFFile) -> Iterator[Section]:
    for section in elf.iter_sections():
        flags = section["sh_flags"]
        if not flags & SH_FLAGS.SHF_ALLOC or flags & SH_FLAGS.SHF_EXECINSTR:
            continue
        start = section["sh_addr"]
        yield Section(
            section.name,
            start,
            start + section["sh_size"],
            bool(flags & SH_FLAGS.SHF_WRITE) and not section.name.startswith(".data.rel.ro"),
            bool(flags & SH_FLAGS.SHF_TLS),
        )


def _symbols(elf: ELFFile) -> Iterator[Symbol]:
    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return
    thread_storage = min(
        (s["sh_addr"] for s in elf.iter_sections() if s["sh_flags"] & SH_FLAGS.SHF_TLS), default=0
    )
    file = ""
    for symbol in table.iter_symbols():
        kind, local = symbol["st_info"]["type"], symbol["st_info"]["bind"] == "STB_LOCAL"
        if kind == "STT_FILE":
            file = symbol.name
        elif kind in ("STT_OBJECT", "STT_TLS") and isinstance(symbol["st_shndx"], int):
            thread_local = kind == "STT_TLS"
            address = symbol["st_value"] + (thread_storage if thread_local else 0)
            source = file if local else ""
            if source not in START_UP and symbol.name not in LINKER:
                yield Symbol(symbol.name, address, symbol["st_size"], source, thread_local)
