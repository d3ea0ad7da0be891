"""`isolate-ext audit`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isolate_ext.cli.options import Cflags, Paths, words

if TYPE_CHECKING:
    from isolate_ext.report.audit import AuditResult

EXIT_CODES = (
    "Exit codes: 0 every extension is isolated, or opts out; 1 an extension is not isolated yet; "
    "2 usage; 3 something was skipped or not parsed, or a built library has variables that the "
    "sources did not show; 5 a library cannot be read; 70 internal error; 130 interrupted."
)


class AuditFormat(StrEnum):
    """How the audit is printed."""

    full = "full"
    concise = "concise"
    json = "json"
    markdown = "markdown"
    csv = "csv"
    sarif = "sarif"


AuditOutput = Annotated[
    AuditFormat, typer.Option("--output-format", help="How to print the result.")
]
Binary = Annotated[
    Path | None,
    typer.Option(
        "--binary", help="A built library to compare with; else a build that is found.",
        exists=True, dir_okay=False, metavar="LIB",
    ),
]  # fmt: skip


WriteConfig = Annotated[
    bool,
    typer.Option("--write-config", help="Print, as a patch, what the configuration could decide."),
]
Apply = Annotated[bool, typer.Option("--apply", help="With --write-config: write it.")]


def audit(
    paths: Paths, binary: Binary = None, cflags: Cflags = "",
    output_format: AuditOutput = AuditFormat.full, write_config: WriteConfig = False,
    apply: Apply = False,
) -> int:  # fmt: skip
    """Print the level of every variable with static storage, and how far each extension is."""
    from isolate_ext.app.audit import AuditOptions
    from isolate_ext.app.audit import audit as use_case
    from isolate_ext.report.exits import audited

    if apply and not write_config:
        raise typer.BadParameter("needs --write-config", param_hint="--apply")
    result = use_case(AuditOptions(tuple(paths), words(cflags), binary, write_config, apply))
    if write_config:
        _propose(result, apply)
    else:
        _show(result, output_format)
    return int(audited(result).code)


def _show(result: AuditResult, form: AuditFormat) -> None:
    from isolate_ext.cli import terminal
    from isolate_ext.report.audit_text import audit as lines
    from isolate_ext.report.audit_text import summary

    if form in (AuditFormat.full, AuditFormat.concise):
        terminal.pay(lines(result, terminal.painter(sys.stdout), full=form is AuditFormat.full))
    else:
        sys.stdout.write(_payload(result, form))
    terminal.say(summary(result))
    terminal.errors(result.errors)


def _propose(result: AuditResult, applied: bool) -> None:
    from isolate_ext.cli import terminal
    from isolate_ext.report.audit_text import summary
    from isolate_ext.report.diff import proposed

    terminal.pay_patch(proposed(result))
    terminal.say(summary(result))
    for project in result.projects:
        if project.proposal is not None:
            done = "written" if applied else "not written; --apply does"
            terminal.say([f"{project.proposal.path}: {done}; give each entry its reason"])
        elif not result.errors:
            terminal.say([f"{project.shown}: nothing that the configuration could decide"])
    terminal.errors(result.errors)


def _payload(result: AuditResult, form: AuditFormat) -> str:
    if form is AuditFormat.json:
        from isolate_ext.report.as_json import audit as as_json

        return as_json(result)
    if form is AuditFormat.sarif:
        from isolate_ext.app.audit import rule_texts
        from isolate_ext.report.exits import audited
        from isolate_ext.report.sarif import sarif

        return sarif(result, audited(result), rule_texts())
    from isolate_ext.report.audit_tables import as_csv, as_markdown

    return as_csv(result) if form is AuditFormat.csv else as_markdown(result)
