"""`isolate-ext batch`."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isolate_ext.cli.options import (
    AllowDirty,
    DryRun,
    Format,
    InitOption,
    NoCompile,
    OutputFormat,
    StageName,
    StageOption,
    Target,
    version,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isolate_ext.app.batch import Progress
    from isolate_ext.report.views import BatchRow

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Every project below it is migrated.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=0, help="Processes; 0: one a processor.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, help="Seconds for each project.")]


def batch(
    folder: Folder, dry_run: DryRun = False, stage: StageOption = StageName.isolated,
    init: InitOption = None, target: Target = None, no_compile: NoCompile = False,
    allow_dirty: AllowDirty = False, jobs: Jobs = 0, timeout: Timeout = 600,
    output_format: OutputFormat = Format.full,
) -> int:  # fmt: skip
    """Migrate every project below a directory, side by side."""
    from isolate_ext.app.batch import batch as use_case
    from isolate_ext.app.options import MigrateOptions
    from isolate_ext.cli import terminal
    from isolate_ext.engine import Stage
    from isolate_ext.report.exits import batch_verdict
    from isolate_ext.report.listing import batch as table

    options = MigrateOptions(
        (), dry_run, Stage.named(stage.value), init is not None, target=version(target),
        compile=not no_compile, allow_dirty=allow_dirty,
    )  # fmt: skip
    with _progress() as progress:
        result = use_case(folder, options, jobs, timeout, progress)
    given = batch_verdict(result)
    if output_format is Format.json:
        from isolate_ext.report.as_json import batch as as_json

        sys.stdout.write(as_json(result))
    else:
        terminal.pay(table(result, terminal.painter(sys.stdout)))
    return int(given.code)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on a terminal, else a line for each finished project."""
    from isolate_ext.cli import terminal
    from isolate_ext.report.listing import batch_row

    if not sys.stderr.isatty():
        yield lambda row, done, of: terminal.say([f"[{done}/{of}] {batch_row(row)}"])
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("projects", total=None)

        def step(row: BatchRow, done: int, of: int) -> None:
            bar.update(task, total=of, completed=done, description=Path(row.project).name)

        yield step
