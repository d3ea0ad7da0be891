"""Options that several commands share, and how words become values."""

from __future__ import annotations

import re
import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How the result is printed."""

    full = "full"
    concise = "concise"
    json = "json"


class StageName(StrEnum):
    """The stages by the names that users give them."""

    state = "state"
    heap_types = "heap-types"
    access = "access"
    isolated = "isolated"


class Init(StrEnum):
    """How the module is to be initialised."""

    guarded = "guarded"


Paths = Annotated[
    list[Path],
    typer.Argument(help="Project directories, or C files of one extension.", show_default=False),
]
OutputFormat = Annotated[Format, typer.Option("--output-format", help="How to print the result.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the patch; write nothing.")]
NoCompile = Annotated[bool, typer.Option("--no-compile", help="Do without the compile check.")]
AllowDirty = Annotated[
    bool, typer.Option("--allow-dirty", help="Write files that have uncommitted changes, too.")
]
Cflags = Annotated[
    str, typer.Option("--cflags", help="Compiler flags, as one string.", metavar="FLAGS")
]
Target = Annotated[
    str | None,
    typer.Option("--target", help="The oldest Python to support, as in 3.9.", metavar="X.Y"),
]
StageOption = Annotated[StageName, typer.Option("--stage", help="Stop after this stage.")]
InitOption = Annotated[
    Init | None,
    typer.Option("--init", help="guarded: multi-phase init alone, under a load-once guard."),
]
OnlyRules = Annotated[
    list[str] | None, typer.Option("--rule", help="Apply this rule alone (repeatable).")
]
NoRules = Annotated[
    list[str] | None, typer.Option("--no-rule", help="Leave this rule out (repeatable).")
]


def words(text: str) -> tuple[str, ...]:
    """A string of flags as a shell would split it."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: {error}", param_hint="--cflags") from error


def version(text: str | None) -> tuple[int, int] | None:
    """'3.9' as (3, 9)."""
    if text is None:
        return None
    match = re.fullmatch(r"3\.(\d{1,2})", text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no Python version like 3.9", param_hint="--target")
    return 3, int(match[1])
