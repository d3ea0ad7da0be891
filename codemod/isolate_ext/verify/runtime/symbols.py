"""Names for places in a library, from its symbol table."""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection


def name_at(library: str, offset: int) -> str:
    """The variable or function at an offset; ``+0x4040`` in a library that was stripped."""
    table = symbols(library)
    index = bisect_left(table, (offset + 1, 0, "")) - 1
    if index >= 0 and table[index][0] <= offset < table[index][1]:
        return table[index][2]
    return f"+{offset:#x}"


@cache
def symbols(library: str) -> list[tuple[int, int, str]]:
    """Start, end and name of each variable and function, in order."""
    found = set()
    try:
        with Path(library).open("rb") as file:
            for section in ELFFile(file).iter_sections():
                if isinstance(section, SymbolTableSection):
                    for each in section.iter_symbols():
                        if each["st_info"]["type"] in ("STT_OBJECT", "STT_FUNC"):
                            start = each["st_value"]
                            found.add((start, start + max(1, each["st_size"]), each.name))
    except (OSError, ELFError):
        return []
    return sorted(found)
