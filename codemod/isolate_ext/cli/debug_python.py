"""`isolate-ext verify --make-debug-python`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from isolate_ext.verify.runtime.debug_python import Progress

WIDTH = 60


def make_debug_python(source: Path | None) -> None:
    """Build it, with progress on stderr; its path on stdout.  Nothing else is done then."""
    if source is None:
        return
    from isolate_ext.cli import terminal
    from isolate_ext.verify.runtime.debug_python import make_debug_python as use_case

    teller = Teller(sys.stderr.isatty())
    try:
        made = use_case(source, teller.tell)
    finally:
        teller.end()
    terminal.pay([str(made.path)])
    raise typer.Exit(0)


class Teller:
    """A line for each phase; on a terminal it counts what the phase has written."""

    def __init__(self, counting: bool) -> None:
        self.counting = counting
        self.phase = ""

    def tell(self, progress: Progress) -> None:
        if progress.phase != self.phase:
            self.end()
            self.phase = progress.phase
            print(progress.phase, end="" if self.counting else "\n", file=sys.stderr, flush=True)
        elif self.counting and progress.lines:
            line = f"{progress.phase}: {progress.lines} lines"
            print(f"\r{line:<{WIDTH}}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """What follows begins on a line of its own."""
        if self.counting and self.phase:
            print(file=sys.stderr)
        self.phase = ""
