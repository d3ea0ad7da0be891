"""Which lines of a file the preprocessor keeps in one configuration."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection
from pathlib import Path

from isolate_ext.project.diagnostics import Command
from isolate_ext.project.includes import without_comments

MARKER = re.compile(rb'^# (\d+) "((?:\\.|[^"\\])*)"')
CONDITIONAL = re.compile(
    rb"\s*#\s*(if|ifdef|ifndef|elif|else|endif|elifdef|elifndef|undef|include|pragma|error|line)\b"
)


def dead_in_unit(
    command: Command, tree: Path, unit: str, path: str, text: bytes, lines: Collection[int]
) -> set[int]:
    """Those of the 1-based lines of `path` that the compilation of `unit` leaves out; all when it
    fails."""
    live = live_lines(command, tree, unit, path)
    if live is None:
        return set(lines)
    logical = logical_lines(without_comments(text))
    return {line for line in lines if line in logical and not logical[line] & live}


def live_lines(command: Command, tree: Path, unit: str, path: str) -> set[int] | None:
    """The 1-based lines of `path` that are not blank in the preprocessed unit."""
    for extra in (("-fdirectives-only",), ("-dD",)):
        try:
            done = subprocess.run(
                command.words("-w", "-E", *extra, unit),
                cwd=tree,
                capture_output=True,
                timeout=command.timeout,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode == 0:
            return lines_of(done.stdout, tree, path)
    return None


def lines_of(output: bytes, tree: Path, path: str) -> set[int]:
    wanted = os.path.normpath(tree / path)
    live: set[int] = set()
    line, here = 0, False
    for row in output.split(b"\n"):
        marker = MARKER.match(row)
        if marker:
            line = int(marker[1])
            here = os.path.normpath(tree / os.fsdecode(marker[2].replace(b"\\\\", b"\\"))) == wanted
            continue
        if here and row.strip():
            live.add(line)
        line += 1
    return live


def logical_lines(code: bytes) -> dict[int, set[int]]:
    """For every physical line that holds code: the physical lines of its logical line.

    Conditional directives and #include hold no code of their own and are left out.
    """
    found: dict[int, set[int]] = {}
    group: list[int] = []
    text = b""
    for number, row in enumerate(code.split(b"\n"), 1):
        group.append(number)
        text += row
        if row.rstrip(b"\r").endswith(b"\\"):
            continue
        if text.strip() and not CONDITIONAL.match(text):
            found.update((n, set(group)) for n in group)
        group, text = [], b""
    return found
