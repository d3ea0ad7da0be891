"""Entry point.  Nothing that goes wrong here ends in a traceback."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line and exit with its code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        from isolate_ext import __version__

        print(f"isolate-ext {__version__}")
        sys.exit(0)
    from isolate_ext.cli.guard import guarded

    sys.exit(guarded(arguments))
