"""Compiling the units of a build again, so that their functions can be compared."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isolate_ext.verify.compile_commands import SOURCES, CompileCommand

COMPARABLE = (
    *("-O1", "-fno-inline", "-ffunction-sections", "-fdata-sections"),
    *("-g0", "-fno-lto", "-w", "-fno-jump-tables", "-c"),
)
"""Each function by itself, with each variable in a section of its own name."""

ALONE = tuple(
    f"-fno-{each}"
    for each in (
        "ipa-pure-const ipa-reference ipa-modref ipa-profile ipa-stack-alignment "
        "tree-switch-conversion guess-branch-probability"
    ).split()
)
"""Keeps what is known of one function out of the code of another; not every compiler has these."""

NO_LINES = ("-Wno-builtin-macro-redefined", "-D__LINE__=0")

_WITH_VALUE = frozenset({"-o", "-MF", "-MT", "-MQ", "-MJ", "-dumpbase", "-dumpdir"})
_LEFT_OUT = re.compile(r"-M[DMPGV]*$|-save-temps|-shared$|-E$|-S$")
_INPUTS = (*SOURCES, ".o", ".a", ".so")
TIMEOUT = 600.0


@dataclass(frozen=True, slots=True)
class Object:
    """An object file; ``problem`` is what the compiler said where there is none."""

    path: Path
    problem: str = ""


def compiled(command: CompileCommand, root: Path, target: Path, *extra: str) -> Object:
    """Compile one unit of a tree at ``root`` with flags for comparison, into ``target``.

    Paths of the tree are made relative to it, where the code sees them.
    """
    mapped = [f"-fmacro-prefix-map={each}/=" for each in {root.absolute(), root.resolve()}]
    words = [*_kept(command), *COMPARABLE, *mapped, *extra, "-o", str(target), str(command.source)]
    problem = _run([*words, *ALONE], command.directory)
    if problem:
        problem = _run(words, command.directory)
    return Object(target, problem)


def _run(words: Sequence[str], directory: Path) -> str:
    try:
        done = subprocess.run(
            words,
            cwd=directory,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the compiler did not end within {TIMEOUT:.0f} s"
    except OSError as error:
        return str(error)
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if "error" in line]
    return lines[0] if lines else f"the compiler ended with status {done.returncode}"


def _kept(command: CompileCommand) -> list[str]:
    """The arguments that decide what the code means."""
    kept, skipped = [command.arguments[0]], False
    for argument in command.arguments[1:]:
        if skipped:
            skipped = False
        elif argument in _WITH_VALUE:
            skipped = True
        elif not _LEFT_OUT.match(argument) and not (
            argument.endswith(_INPUTS) and not argument.startswith("-")
        ):
            kept.append(argument)
    return kept
