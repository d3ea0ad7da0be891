"""What stands between an exception and the user: one clear line, the right exit code, a report."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from isolate_ext.report.exits import Exit


def guarded(arguments: Sequence[str], main: Callable[[Sequence[str]], int] | None = None) -> int:
    """The exit code of a run.  Raises nothing."""
    try:
        if main is None:
            from isolate_ext.cli.commands import main
        return _flushed(main(arguments))
    except KeyboardInterrupt:
        again = " ".join(["isolate-ext", *arguments])
        return _say(f"interrupted; every file is whole. To go on: {again}", Exit.INTERRUPTED)
    except BrokenPipeError:
        _silence()
        return Exit.INTERRUPTED
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else Exit.USAGE
    except BaseException as error:
        return _failed(error)


def _flushed(code: int) -> int:
    sys.stdout.flush()
    return code


def _failed(error: BaseException) -> int:
    from isolate_ext.project.errors import ProjectError

    if isinstance(error, ProjectError):
        return _say(f"error: {error}", error.exit_code)
    from isolate_ext.app.crash import report_exception

    try:
        where = report_exception("internal-error", error)
    except OSError:
        where = "none could be written"
    return _say(f"internal error: {type(error).__name__}: {error}\nreport: {where}", Exit.INTERNAL)


def _say(line: str, code: int) -> int:
    print(f"isolate-ext: {line}", file=sys.stderr)
    return int(code)


def _silence() -> None:
    """Keep the interpreter from complaining about a closed pipe at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
