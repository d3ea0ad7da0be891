"""Edited lines that no checked configuration compiles: nobody has looked at them yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from isolate_ext.app.modelling import Library
from isolate_ext.app.planning import Planned, merged
from isolate_ext.project import CompileCheck
from isolate_ext.text import changes


def note_dead_lines(check: CompileCheck, library: Library, planned: Sequence[Planned]) -> None:
    """Add to each extension that was compiled which of its edited lines were not."""
    overlay = merged(planned)
    for each in planned:
        compilation = each.compilation
        if each.texts() and compilation is not None and compilation.checked:
            dead = {}
            for path, text in each.texts().items():
                old = library.read[path].data if path in library.read else b""
                lines = check.dead_lines(each.found, path, edited_lines(old, text), overlay)
                if lines:
                    dead[path] = tuple(lines)
            each.compilation = replace(compilation, dead=dead)


def edited_lines(before: bytes, after: bytes) -> list[int]:
    """The 1-based lines of ``after`` that are new or changed."""
    found = changes(before.split(b"\n"), after.split(b"\n"))
    return [line + 1 for _, _, start, end in found for line in range(start, end)]
