"""`isolate-ext parse`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from isolate_ext.cli.options import Format, OutputFormat, Paths

Stats = Annotated[bool, typer.Option("--stats", help="Figures for each file and for all.")]


def parse(paths: Paths, stats: Stats = False, output_format: OutputFormat = Format.full) -> int:
    """Print what of the files could not be parsed, and why."""
    from isolate_ext.app.parse import parse as use_case
    from isolate_ext.cli import terminal
    from isolate_ext.report.exits import parsed
    from isolate_ext.report.listing import parsing

    result = use_case(paths)
    given = parsed(result)
    if output_format is Format.json:
        from isolate_ext.report.as_json import document

        skipped = [{"name": name, "why": why} for name, why in result.skipped]
        text = document(
            "parse", given, errors=result.errors, files=result.files, skipped=skipped,
            causes=dict(result.causes),
        )  # fmt: skip
        sys.stdout.write(text)
    else:
        terminal.pay(parsing(result, stats=stats, full=output_format is Format.full))
    terminal.errors(result.errors)
    return int(given.code)
