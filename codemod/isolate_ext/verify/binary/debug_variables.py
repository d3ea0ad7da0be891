"""Variables with static storage in the debug information (DWARF 4 and 5, sections 2.6 and 4.1)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE
from elftools.dwarf.dwarf_expr import DWARFExprOp, DWARFExprParser
from elftools.dwarf.dwarfinfo import DWARFInfo

from isolate_ext.verify.binary.debug_types import name_of, type_of

_ROUTINES = frozenset({"DW_TAG_subprogram", "DW_TAG_inlined_subroutine"})
_SCOPES = _ROUTINES | {"DW_TAG_lexical_block", "DW_TAG_namespace"}
_THREAD_LOCAL = frozenset({"DW_OP_form_tls_address", "DW_OP_GNU_push_tls_address"})


@dataclass(frozen=True, slots=True)
class Described:
    """One variable as it is described.

    ``address`` is None where it has no storage; that of a thread-local variable counts from the
    beginning of the thread's block.  ``file`` is an absolute path where the compiler's folder is
    known.
    """

    name: str
    ctype: DIE | None
    address: int | None
    thread_local: bool
    function: str | None
    file: str
    line: int


class Variables:
    """The variables of all compilation units."""

    def __init__(self, dwarf: DWARFInfo) -> None:
        self._dwarf = dwarf
        self._files: dict[int, list[str]] = {}

    @property
    def elsewhere(self) -> bool:
        """Whether units are described in files of their own (``-gsplit-dwarf``)."""
        tops = (unit.get_top_DIE().attributes for unit in self._dwarf.iter_CUs())
        return any("DW_AT_dwo_name" in top or "DW_AT_GNU_dwo_name" in top for top in tops)

    def __iter__(self) -> Iterator[Described]:
        for unit in self._dwarf.iter_CUs():
            expressions = DWARFExprParser(unit.structs)
            for die, function in _below(unit.get_top_DIE(), None):
                described = self._described(die, function, expressions)
                if described is not None:
                    yield described

    def _described(
        self, die: DIE, function: str | None, expressions: DWARFExprParser
    ) -> Described | None:
        if "DW_AT_declaration" in die.attributes:
            return None
        location = die.attributes.get("DW_AT_location")
        address, thread_local = None, False
        if location is not None:
            if not isinstance(location.value, (bytes, list, tuple)):
                return None
            address, thread_local = self._address(die, expressions.parse_expr(location.value))
        if address is None and function is not None:
            return None
        chain = _chain(die)
        named = next((each for each in chain if name_of(each)), die)
        typed = next((each for each in chain if "DW_AT_type" in each.attributes), die)
        placed = next((each for each in chain if "DW_AT_decl_file" in each.attributes), die)
        return Described(
            name_of(named), type_of(typed), address, thread_local, function, *self._place(placed)
        )

    def _address(self, die: DIE, operations: list[DWARFExprOp]) -> tuple[int | None, bool]:
        if not operations:
            return None, False
        first, names = operations[0], [each.op_name for each in operations]
        if first.op_name == "DW_OP_addr" and len(names) == 1:
            return int(first.args[0]), False
        if first.op_name in ("DW_OP_addrx", "DW_OP_GNU_addr_index") and len(names) == 1:
            return self._dwarf.get_addr(die.cu, first.args[0]), False
        if len(names) == 2 and names[1] in _THREAD_LOCAL:
            value = first.args[0]
            if first.op_name in ("DW_OP_constx", "DW_OP_GNU_const_index"):
                value = self._dwarf.get_addr(die.cu, value)
            return int(value), True
        return None, False

    def _place(self, die: DIE) -> tuple[str, int]:
        file, line = die.attributes.get("DW_AT_decl_file"), die.attributes.get("DW_AT_decl_line")
        if file is None or line is None:
            return "", 0
        files = self._files_of(die.cu) if isinstance(die.cu, CompileUnit) else []
        return (files[file.value] if file.value < len(files) else ""), line.value

    def _files_of(self, unit: CompileUnit) -> list[str]:
        """The paths of a unit by the numbers that its declarations use."""
        if unit.cu_offset not in self._files:
            self._files[unit.cu_offset] = self._read_files(unit)
        return self._files[unit.cu_offset]

    def _read_files(self, unit: CompileUnit) -> list[str]:
        top = unit.get_top_DIE()
        given = top.attributes.get("DW_AT_comp_dir")
        base = _text(given.value) if given is not None else ""
        program = self._dwarf.line_program_for_CU(unit)
        if program is None:
            return []
        folders = [_text(folder) for folder in program["include_directory"]]
        numbered_from_one = program["version"] < 5
        if numbered_from_one:
            folders.insert(0, base)
        files = [
            os.path.normpath(Path(base, folders[each.dir_index], _text(each.name)))
            for each in program["file_entry"]
        ]
        return ["", *files] if numbered_from_one else files


def _below(scope: DIE, function: str | None) -> Iterator[tuple[DIE, str | None]]:
    """Variables in a scope with the innermost function around them."""
    for child in scope.iter_children():
        if child.tag == "DW_TAG_variable":
            yield child, function
        elif child.tag in _SCOPES and child.has_children:
            routine = _routine(child) if child.tag in _ROUTINES else function
            yield from _below(child, routine)


def _routine(die: DIE) -> str:
    return next((name for each in _chain(die) if (name := name_of(each))), "")


def _chain(die: DIE) -> list[DIE]:
    """An entry, and those that it completes or is an instance of."""
    found = [die]
    for _ in range(4):
        for name in ("DW_AT_specification", "DW_AT_abstract_origin"):
            if name in found[-1].attributes:
                found.append(found[-1].get_DIE_from_attribute(name))
                break
        else:
            break
    return found


def _text(value: bytes | str) -> str:
    return os.fsdecode(value)
