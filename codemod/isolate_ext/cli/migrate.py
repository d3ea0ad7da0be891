"""`isolate-ext migrate`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from isolate_ext.cli.options import (
    AllowDirty,
    Cflags,
    DryRun,
    Format,
    InitOption,
    NoCompile,
    NoRules,
    OnlyRules,
    OutputFormat,
    Paths,
    StageName,
    StageOption,
    Target,
    version,
    words,
)

if TYPE_CHECKING:
    from isolate_ext.report.results import MigrateResult

Commit = Annotated[bool, typer.Option("--commit", help="Make one git commit a stage.")]


def migrate(
    paths: Paths, dry_run: DryRun = False, stage: StageOption = StageName.isolated,
    init: InitOption = None, commit: Commit = False, rule: OnlyRules = None,
    no_rule: NoRules = None, target: Target = None, no_compile: NoCompile = False,
    cflags: Cflags = "", allow_dirty: AllowDirty = False, output_format: OutputFormat = Format.full,
) -> int:  # fmt: skip
    """Rewrite extensions to multi-phase init, module state and heap types."""
    from isolate_ext.app.migrate import migrate as use_case
    from isolate_ext.app.options import MigrateOptions
    from isolate_ext.engine import Stage
    from isolate_ext.report.exits import verdict

    if commit and dry_run:
        raise typer.BadParameter("excludes --dry-run", param_hint="--commit")
    options = MigrateOptions(
        tuple(paths), dry_run, Stage.named(stage.value), init is not None, commit,
        tuple(rule or ()), tuple(no_rule or ()), version(target), not no_compile, words(cflags),
        allow_dirty,
    )  # fmt: skip
    result = use_case(options)
    _show(result, output_format)
    return int(verdict(result).code)


def _show(result: MigrateResult, form: Format) -> None:
    from isolate_ext.cli import terminal
    from isolate_ext.report.plain import diagnostics, extensions
    from isolate_ext.report.summary import summary

    if form is Format.json:
        from isolate_ext.report.as_json import migration

        sys.stdout.write(migration(result))
    elif result.dry_run or any(each.error for each in result.projects):
        from isolate_ext.report.diff import patch

        terminal.pay_patch(patch(result))
    paint = terminal.painter(sys.stderr)
    if form is not Format.json:
        terminal.say(diagnostics(result, paint, full=form is Format.full))
    if result.projects:
        terminal.say(extensions(result, paint))
        terminal.say(summary(result, paint))
    terminal.errors(result.errors)
