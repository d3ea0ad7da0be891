"""Payload on stdout, all else on stderr."""

from __future__ import annotations

import sys

from isolate_ext.report.exits import verdict
from isolate_ext.report.results import MigrateResult


def show(result: MigrateResult, form: str) -> int:
    """Print a result in the form asked for; the exit code."""
    from isolate_ext.report.diff import patch, shown_path

    for error in result.errors:
        print(f"isolate-ext: error: {error}", file=sys.stderr)
    if form == "json":
        from isolate_ext.report.as_json import to_json

        sys.stdout.write(to_json(result))
    elif result.dry_run:
        sys.stdout.flush()
        sys.stdout.buffer.write(patch(result))
    for project in result.projects:
        for each in project.extensions:
            for it in each.refusals:
                path = shown_path(result, project.root, it.path)
                print(f"{path}:{it.line}:{it.column}: {it.rule} {it.message}\n"
                      f"    help: {it.help}", file=sys.stderr)
            print(f"{each.name}: {each.status} {each.compilation}", file=sys.stderr)
    return int(verdict(result).code)
