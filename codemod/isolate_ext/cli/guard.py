"""What stands between an exception and the user: one clear line, the right exit code, a report."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence

from isolate_ext.report.exits import Exit, Verdict

Main = Callable[[Sequence[str]], int]


def guarded(arguments: Sequence[str], main: Main | None = None) -> int:
    """The exit code of a run.  Raises nothing."""
    try:
        code = (main or _main())(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        again = shlex.join(["isolate-ext", *arguments])
        return _tell(arguments, Exit.INTERRUPTED, f"interrupted; to run it again: {again}")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return int(Exit.INTERRUPTED)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(Exit.USAGE)
    except BaseException as error:
        return _failed(arguments, error)


def _main() -> Main:
    from isolate_ext.cli.commands import main

    return main


def _failed(arguments: Sequence[str], error: BaseException) -> int:
    from isolate_ext.project.errors import ProjectError

    if isinstance(error, ProjectError):
        return _tell(arguments, Exit(error.exit_code), f"error: {error}")
    from isolate_ext.app.crash import report_exception

    try:
        where = report_exception("internal-error", error)
    except OSError as unwritable:
        where = f"not written ({unwritable})"
    line = f"internal error: {type(error).__name__}: {error}"
    return _tell(arguments, Exit.INTERNAL, f"{line[:300]}; report: {where}")


def _tell(arguments: Sequence[str], code: Exit, line: str) -> int:
    print(f"isolate-ext: {line}", file=sys.stderr)
    if "json" in arguments or "--output-format=json" in arguments:
        from isolate_ext.report.as_json import document

        command = next((word for word in arguments if not word.startswith("-")), "")
        sys.stdout.write(document(command, Verdict(code, line), errors=[line]))
    return int(code)
