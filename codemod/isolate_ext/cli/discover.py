"""`isolate-ext discover`."""

from __future__ import annotations

import sys

from isolate_ext.cli.options import Cflags, Format, OutputFormat, Paths, words


def discover(paths: Paths, cflags: Cflags = "", output_format: OutputFormat = Format.full) -> int:
    """Print the extensions found, their sources and flags, and where that was read."""
    from isolate_ext.app.discover import discover as use_case
    from isolate_ext.cli import terminal
    from isolate_ext.report.exits import looked
    from isolate_ext.report.listing import discovery

    result = use_case(paths, words(cflags))
    given = looked(result.errors)
    if output_format is Format.json:
        from isolate_ext.report.as_json import document

        text = document("discover", given, errors=result.errors, projects=result.projects)
        sys.stdout.write(text)
    else:
        paint = terminal.painter(sys.stdout)
        terminal.pay(discovery(result, paint, full=output_format is Format.full))
    terminal.errors(result.errors)
    return int(given.code)
