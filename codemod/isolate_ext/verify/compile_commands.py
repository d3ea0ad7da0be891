"""The compile commands of a build, as the compiler's stand-in recorded them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCES = (".c", ".cc", ".cpp", ".cxx")


@dataclass(frozen=True, slots=True)
class CompileCommand:
    """One source that was compiled: the whole command, compiler first, and where it ran.

    ``source`` is absolute; ``arguments`` name it as they did, and may name other sources too.
    """

    arguments: tuple[str, ...]
    directory: Path
    source: Path


def recorded(log: Path, compiler: Sequence[str]) -> tuple[CompileCommand, ...]:
    """What a log of `compiler_shim` says was compiled, in its order; () where there is no log."""
    if not log.exists():
        return ()
    calls = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return tuple(
        command
        for call in calls
        if call["status"] == 0
        for command in commands((*compiler, *call["args"]), Path(call["cwd"]))
    )


def commands(arguments: tuple[str, ...], directory: Path) -> Iterator[CompileCommand]:
    """One command for each source among the arguments."""
    for argument in arguments[1:]:
        if argument.endswith(SOURCES) and not argument.startswith("-"):
            source = Path(os.path.normpath(directory / argument))
            yield CompileCommand(arguments, directory, source)
