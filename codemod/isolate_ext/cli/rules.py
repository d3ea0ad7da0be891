"""`isolate-ext rules` and `isolate-ext rule ID`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from isolate_ext.cli.options import Format, OutputFormat

RuleId = Annotated[str, typer.Argument(metavar="ID", help="One that `isolate-ext rules` lists.")]


def rules(output_format: OutputFormat = Format.full) -> int:
    """List the rules in the order in which they run."""
    from isolate_ext.app.rules import rules as use_case
    from isolate_ext.cli import terminal
    from isolate_ext.report.listing import rules as listing

    found = use_case()
    if output_format is Format.json:
        from isolate_ext.report.as_json import document
        from isolate_ext.report.exits import looked

        sys.stdout.write(document("rules", looked(()), errors=[], rules=found))
    else:
        terminal.pay(listing(found, terminal.painter(sys.stdout)))
    return 0


def rule(rule_id: RuleId, output_format: OutputFormat = Format.full) -> int:
    """Print what a rule does, why, before and after, and when it declines."""
    from isolate_ext.app.rules import rule as use_case
    from isolate_ext.cli import terminal
    from isolate_ext.report.listing import rule as listing

    found = use_case(rule_id)
    if output_format is Format.json:
        from isolate_ext.report.as_json import document
        from isolate_ext.report.exits import looked

        sys.stdout.write(document("rule", looked(()), errors=[], rules=[found]))
    else:
        terminal.pay(listing(found, terminal.painter(sys.stdout)))
    return 0
