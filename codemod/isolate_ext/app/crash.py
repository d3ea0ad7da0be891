"""Reports of our own faults: a folder with what happened, for an issue."""

from __future__ import annotations

import platform
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path

from isolate_ext import __version__


def write_report(name: str, text: str, files: Mapping[str, bytes] | None = None) -> str:
    """Write ``text`` and ``files`` into a new temporary folder; the path of the report in it."""
    folder = Path(tempfile.mkdtemp(prefix="isolate-ext-report-"))
    for path, data in (files or {}).items():
        target = folder / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    report = folder / f"{name}.txt"
    head = f"isolate-ext {__version__}, Python {platform.python_version()}, {platform.platform()}"
    report.write_text(f"{head}\n\n{text}\n", encoding="utf-8", errors="backslashreplace")
    return str(report)


def report_exception(name: str, error: BaseException) -> str:
    """The path of a report with the traceback of an exception."""
    return write_report(name, "".join(traceback.format_exception(error)))
