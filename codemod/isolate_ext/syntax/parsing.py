"""From a scan to the trees of its views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isolate_ext.syntax.configurations import Configuration, walk
from isolate_ext.syntax.environment import MacroEnvironment
from isolate_ext.syntax.fences import Fence
from isolate_ext.syntax.grammar import parse_bytes
from isolate_ext.syntax.parsed import Parsed
from isolate_ext.syntax.scanning import Scan, without
from isolate_ext.syntax.standins import Neutraliser, candidates
from isolate_ext.syntax.structure import Structure


@dataclass(frozen=True)
class View:
    """One configuration of a file as the parser sees it."""

    code: bytes
    items: list[Any]


def parse(scan: Scan, macros: MacroEnvironment) -> Parsed:
    """Parse every view of a file; never fails: what cannot be parsed is fenced."""
    names = candidates(scan.identifiers, scan.skeleton, macros)
    primary = walk(scan.root, Configuration())
    code = bytearray(without(scan.code, primary.dead))
    skeleton = bytearray(without(scan.skeleton, primary.dead))
    neutraliser = Neutraliser(code, skeleton, Structure(bytes(skeleton)), macros)
    neutraliser.run(names)
    root = parse_bytes(bytes(code)).root_node
    items = [(node, 0) for node in root.children if node.type != ";"]
    fences = [
        Fence(node.start_byte, node.end_byte, "not understood")
        for node, _ in items
        if node.has_error
    ]
    return Parsed(scan, macros, items, tuple(fences), tuple(neutraliser.stand_ins))
