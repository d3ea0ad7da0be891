"""What the compiler prints, as values; and what of it is new."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

LINE = re.compile(
    r"^(?P<path>[^:\n]+):(?P<line>\d+):(?:(?P<col>\d+):)? "
    r"(?P<kind>fatal error|error|warning): (?P<text>.*?)(?: \[-W(?:error=)?(?P<flag>[\w+=-]+)\])?$",
    re.M,
)
# with these off, code that calls what is not declared compiles, imports and crashes
AS_ERRORS = frozenset(
    {
        "implicit-function-declaration",
        "int-conversion",
        "incompatible-pointer-types",
        "incompatible-function-pointer-types",
        "implicit-int",
        "return-mismatch",
    }
)
WARNINGS = (
    "-Wall",
    "-fno-diagnostics-show-caret",
    "-fdiagnostics-color=never",
    "-fmax-errors=50",
    *(
        f"-Wno-error={flag}"
        for flag in sorted(AS_ERRORS)[:4]
        if flag != "incompatible-function-pointer-types"
    ),
)


SYNTAX = ("-fsyntax-only",)
FULL = ("-S", "-O1", "-o", os.devnull)  # also functions not used and values not set


class Diagnostic(msgspec.Struct, frozen=True):
    """One message: path relative to the project, 1-based line and column (0: none given)."""

    path: str
    line: int
    col: int
    kind: str
    message: str
    flag: str | None = None

    @property
    def is_error(self) -> bool:
        return self.kind != "warning" or self.flag in AS_ERRORS

    @property
    def key(self) -> tuple[str, str]:
        """What makes two messages the same, wherever their lines have moved to."""
        return self.path, self.message

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.col}: {self.kind}: {self.message}"


class Command(msgspec.Struct, frozen=True):
    """A compiler call without its source file. Include folders relative to the project stay
    relative."""

    compiler: tuple[str, ...]
    arguments: tuple[str, ...]
    include_dirs: tuple[str, ...]
    system_dirs: tuple[str, ...]
    timeout: int
    mode: tuple[str, ...] = SYNTAX

    def words(self, *extra: str) -> list[str]:
        return [
            *self.compiler,
            *self.arguments,
            *(f"-I{d}" for d in self.include_dirs),
            *(part for d in self.system_dirs for part in ("-isystem", d)),
            *extra,
        ]


class Messages(msgspec.Struct, frozen=True):
    """All messages of one compilation; `failed` is why it did not compile at all."""

    found: tuple[Diagnostic, ...]
    failed: str | None = None


def messages(command: Command, tree: Path, unit: str) -> Messages:
    """Compile `unit` (a path in the tree) in the tree; nothing is kept of the result."""
    try:
        done = subprocess.run(
            command.words(*WARNINGS, *command.mode, unit),
            cwd=tree,
            capture_output=True,
            timeout=command.timeout,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        return Messages((), f"{unit}: the compiler took more than {command.timeout} s")
    except OSError as error:
        return Messages((), f"the compiler does not run: {error.strerror}")
    text = done.stderr.decode("utf-8", "replace")
    found = tuple(diagnostic(match, tree) for match in LINE.finditer(text))
    if done.returncode == 0:
        return Messages(found)
    first = next((f for f in found if f.kind != "warning"), None)
    return Messages(
        found, str(first) if first else text.strip().splitlines()[0] if text.strip() else "it fails"
    )


def diagnostic(match: re.Match[str], tree: Path) -> Diagnostic:
    path = os.path.normpath(match["path"])
    shown = os.path.relpath(path, tree) if path.startswith(f"{tree}/") else path
    text = match["text"].replace("‘", "'").replace("’", "'")
    return Diagnostic(
        shown, int(match["line"]), int(match["col"] or 0), match["kind"], text, match["flag"]
    )


def new_ones(before: Sequence[Diagnostic], after: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The messages of `after` that `before` has not, counted by text."""
    known = Counter(d.key for d in before)
    found = []
    for item in after:
        if known[item.key]:
            known[item.key] -= 1
        else:
            found.append(item)
    return found
