"""One project of a batch, in its own process: whatever happens becomes a row."""

from __future__ import annotations

import faulthandler
import os
import signal
import time
from collections import Counter
from functools import cache
from types import FrameType

from isolate_ext.app.crash import report_exception
from isolate_ext.app.migrate import migrate
from isolate_ext.app.options import MigrateOptions
from isolate_ext.report.results import (
    ALREADY,
    FAILED,
    GUARDED,
    ISOLATED,
    OPTED_OUT,
    PARTLY,
    REFUSED,
    STAGED,
    UNCHANGED,
    MigrateResult,
    reasons,
)
from isolate_ext.report.views import BatchRow

CRASHED, TIMED_OUT, ERROR = "crashed", "timed out", "error"
SKIPPED, NONE = "skipped", "no extension"
WORST_FIRST = (FAILED, REFUSED, PARTLY, STAGED, GUARDED, ISOLATED, OPTED_OUT, ALREADY, UNCHANGED)
GRACE = 10


class _TooLongError(BaseException):
    """Not an Exception, so that nothing on the way takes it for its own."""


def ignore_interrupts() -> None:
    """Leave an interrupt from the keyboard to the process that waits for us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def one_project(name: str, options: MigrateOptions, timeout: float) -> BatchRow:
    """The row of one project.  A process that hangs beyond the time-out ends itself."""
    started = time.monotonic()
    _arm(timeout)
    try:
        return _row(name, migrate(options), time.monotonic() - started)
    except _TooLongError:
        return BatchRow(name, TIMED_OUT, time.monotonic() - started, f"after {timeout:g} s")
    except Exception as error:
        report = report_exception("batch", error)
        detail = f"{type(error).__name__}: {error}"
        return BatchRow(name, CRASHED, time.monotonic() - started, detail, report=report)
    finally:
        _disarm()


def _arm(timeout: float) -> None:
    """A signal at the time-out; the end of the process where even that is not heard."""

    def ring(signum: int, frame: FrameType | None) -> None:
        raise _TooLongError

    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, timeout)
    faulthandler.dump_traceback_later(timeout + GRACE, exit=True, file=_silent())


@cache
def _silent() -> int:
    """A file descriptor that stays open, for words that nobody is to read."""
    return os.open(os.devnull, os.O_WRONLY)


def _disarm() -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    faulthandler.cancel_dump_traceback_later()


def _row(name: str, result: MigrateResult, seconds: float) -> BatchRow:
    found = result.extensions
    states = Counter(each.status for each in found)
    skipped = [it for project in result.projects for it in project.skipped]
    worst = next((status for status in WORST_FIRST if states[status]), SKIPPED)
    detail = ""
    if result.errors:
        detail = result.errors[0]
        if not states[FAILED]:
            worst = NONE if _nothing_there(result) else ERROR
    elif worst == SKIPPED and skipped:
        detail = f"{skipped[0].name}: {skipped[0].why}"
    if skipped:
        states[SKIPPED] += len(skipped)
    files = sum(len(project.changes) for project in result.projects)
    report = next((each.report for each in found if each.report), None)
    return BatchRow(name, worst, seconds, detail, states, reasons(found), files, report)


def _nothing_there(result: MigrateResult) -> bool:
    """Whether the project was no project for us at all."""
    return not result.projects and all(
        "no C file" in error or error.endswith("no extension found") for error in result.errors
    )
