"""Payload on stdout, all else on stderr; colour where it is wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from isolate_ext.report.paint import Paint, paint_patch, plain, terminal


def painter(stream: TextIO) -> Paint:
    """Colour for a terminal; NO_COLOR turns it off, FORCE_COLOR on."""
    if os.environ.get("NO_COLOR"):
        return plain
    if os.environ.get("FORCE_COLOR"):
        return terminal()
    return terminal() if stream.isatty() and os.environ.get("TERM") != "dumb" else plain


def say(lines: Iterable[str]) -> None:
    """Lines for people, on stderr."""
    for line in lines:
        print(_printable(line, sys.stderr), file=sys.stderr)


def pay(lines: Iterable[str]) -> None:
    """Lines that were asked for, on stdout."""
    for line in lines:
        print(_printable(line, sys.stdout))


def pay_patch(patch: bytes) -> None:
    """A patch byte for byte; in colour for a terminal only."""
    sys.stdout.flush()
    paint = painter(sys.stdout)
    if paint is not plain:
        text = paint_patch(patch.decode("utf-8", "replace"), paint)
        sys.stdout.write(_printable(text, sys.stdout))
        return
    sys.stdout.buffer.write(patch)
    sys.stdout.buffer.flush()


def errors(lines: Iterable[str]) -> None:
    """One line each."""
    paint = painter(sys.stderr)
    say(f"isolate-ext: {paint('bold red', 'error:')} {line}" for line in lines)


def _printable(text: str, stream: TextIO) -> str:
    """The text without what the stream cannot encode."""
    encoding = stream.encoding or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)
