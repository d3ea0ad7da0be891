"""The code of each function in an object file, without what depends on its neighbours.

What a function refers to stands in relocations (System V gABI, chapter 4).  They are compared by
the name of what they lead to, or by its content where it has no name of its own: string literals,
constants and initial values of automatic arrays.  That is enough without a disassembler where jumps
inside a function are resolved by the assembler (x86, ARM); where the linker relaxes code (RISC-V)
relocations for local labels are left, and functions may be told to differ that are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import Section, Symbol, SymbolTableSection

_NUMBERED = re.compile(r"\.\d+$")
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in code and what it leads to: a name, or ``=`` and the content."""

    offset: int
    kind: int
    target: str
    addend: int


@dataclass(frozen=True, slots=True)
class Code:
    """The bytes of a function, zero where a reference stands, and its references."""

    data: bytes
    references: tuple[Reference, ...]

    @property
    def named(self) -> frozenset[str]:
        return frozenset(each.target for each in self.references if each.target[:1] != "=")

    @property
    def content(self) -> frozenset[str]:
        return frozenset(each.target for each in self.references if each.target[:1] == "=")


def functions(path: Path) -> dict[str, Code]:
    """The functions of an object file by name.

    Raises elftools' ELFError where it is none; the compiler has just written it.
    """
    with path.open("rb") as file:
        return _Object(ELFFile(file)).functions()


class _Object:
    def __init__(self, elf: ELFFile) -> None:
        self.elf = elf
        self.sections = list(elf.iter_sections())
        table = next(s for s in self.sections if isinstance(s, SymbolTableSection))
        self.symbols = list(table.iter_symbols())
        self.relocations = {
            section["sh_info"]: section
            for section in self.sections
            if isinstance(section, RelocationSection)
        }
        self.inside: dict[int, list[Symbol]] = {}
        for symbol in self.symbols:
            index = symbol["st_shndx"]
            if isinstance(index, int) and symbol["st_info"]["type"] != "STT_SECTION":
                self.inside.setdefault(index, []).append(symbol)

    def functions(self) -> dict[str, Code]:
        return {
            symbol.name: self._code(index, symbol["st_value"], symbol["st_size"], 0)
            for index, symbols in self.inside.items()
            for symbol in symbols
            if symbol["st_info"]["type"] == "STT_FUNC" and symbol.name
        }

    def _code(self, index: int, start: int, size: int, depth: int) -> Code:
        data = self.sections[index].data()[start : start + size]
        return Code(data, tuple(self._references(index, start, start + size, depth)))

    def _references(self, index: int, start: int, end: int, depth: int) -> Iterator[Reference]:
        section = self.relocations.get(index)
        if section is None:
            return
        for each in section.iter_relocations():
            offset = each["r_offset"]
            if start <= offset < end:
                addend = each["r_addend"] if section.is_RELA() else 0
                symbol = self.symbols[each["r_info_sym"]]
                target, addend = self._target(symbol, addend, depth)
                yield Reference(offset - start, each["r_info_type"], target, addend)

    def _target(self, symbol: Symbol, addend: int, depth: int) -> tuple[str, int]:
        """What a reference means, and the addend that counts from there."""
        index = symbol["st_shndx"]
        whole = symbol["st_info"]["type"] == "STT_SECTION"
        if not isinstance(index, int) or (not whole and not symbol.name.startswith(".L")):
            return _NUMBERED.sub("", symbol.name), addend
        named = [s for s in self.inside.get(index, ()) if not s.name.startswith(".L")]
        named = [s for s in named if s["st_info"]["type"] in ("STT_OBJECT", "STT_FUNC", "STT_TLS")]
        if whole and len(named) == 1:
            return _NUMBERED.sub("", named[0].name), addend
        if depth >= _DEEPEST:
            return "=...", 0
        start = symbol["st_value"] + (max(addend + 4, 0) if whole else 0)
        return f"={self._content(index, start, depth)}", 0 if whole else addend

    def _content(self, index: int, start: int, depth: int) -> str:
        """Data without a name of its own: a literal, or all up to what comes next."""
        section = self.sections[index]
        data = section.data() if section["sh_type"] != "SHT_NOBITS" else b""
        end = self._end(index, start, section, data)
        code = self._code(index, start, end - start, depth + 1) if data else Code(b"", ())
        inner = "".join(f" +{each.offset}:{each.target}" for each in code.references)
        return f"{code.data!r}{inner}"

    def _end(self, index: int, start: int, section: Section, data: bytes) -> int:
        flags = section["sh_flags"]
        if flags & SH_FLAGS.SHF_STRINGS:
            width = section["sh_entsize"] or 1
            return next(
                (at for at in range(start, len(data), width) if not any(data[at : at + width])),
                len(data),
            )
        if flags & SH_FLAGS.SHF_MERGE:
            return start + int(section["sh_entsize"])
        following = (s["st_value"] for s in self.inside.get(index, ()) if s["st_value"] > start)
        return min(following, default=len(data))
