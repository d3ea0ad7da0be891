"""The typer application.  Each command imports what it needs when it runs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated

import click
import typer

app = typer.Typer(
    name="isolate-ext", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Migrate legacy CPython C extensions to multi-phase init, module state and heap types.",
)


class Format(str, Enum):
    full = "full"
    concise = "concise"
    json = "json"


class StageName(str, Enum):
    state = "state"
    heap_types = "heap-types"
    access = "access"
    isolated = "isolated"


Paths = Annotated[list[Path], typer.Argument(help="Project directories, or C files.")]
Cflags = Annotated[str, typer.Option(help="Compiler flags, as one string, for lone C files.")]


def main(arguments: Sequence[str]) -> int:
    """Run a command; its exit code."""
    try:
        code = app(list(arguments), prog_name="isolate-ext", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 2
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    return int(code or 0)


@app.callback()
def _all() -> None:
    """Migrate legacy CPython C extensions."""


@app.command()
def migrate(
    paths: Paths,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the patch.")] = False,
    stage: Annotated[StageName, typer.Option(help="Stop after this stage.")] = StageName.isolated,
    no_compile: Annotated[bool, typer.Option("--no-compile", help="Do not ask a compiler.")] = False,
    cflags: Cflags = "",
    allow_dirty: Annotated[bool, typer.Option("--allow-dirty")] = False,
    output_format: Annotated[Format, typer.Option()] = Format.full,
) -> int:
    """Rewrite extensions."""
    from isolate_ext.app.migrate import migrate as use_case
    from isolate_ext.app.options import MigrateOptions
    from isolate_ext.cli.printing import show
    from isolate_ext.engine import Stage

    options = MigrateOptions(
        tuple(paths), dry_run, Stage.named(stage.value), compile=not no_compile,
        cflags=tuple(shlex.split(cflags)), allow_dirty=allow_dirty,
    )
    return show(use_case(options), output_format.value)
