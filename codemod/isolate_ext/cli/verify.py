"""`isolate-ext verify`."""

from __future__ import annotations

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isolate_ext.cli.debug_python import make_debug_python

if TYPE_CHECKING:
    from isolate_ext.app.verify import VerifyOptions
    from isolate_ext.report.ladder import Ladder


class Form(StrEnum):
    """How the ladder is printed."""

    full = "full"
    concise = "concise"
    json = "json"
    junit = "junit"
    markdown = "markdown"


Project = Annotated[Path, typer.Argument(metavar="PATH", help="The migrated project directory.")]
Before = Annotated[
    str | None,
    typer.Option(
        "--before",
        metavar="DIR|REV|SDIST",
        help="What to compare with; default: the project before its last migration.",
    ),
]
Pythons = Annotated[
    list[str] | None,
    typer.Option("--python", metavar="X.Y", help="Judge on this one (repeatable); default: all."),
]
Modules = Annotated[
    list[str] | None, typer.Option("--module", help="Judge this module alone (repeatable).")
]
BuildCommand = Annotated[
    str, typer.Option("--build-command", metavar="CMD", help="Builds and installs the project.")
]
BuildTimeout = Annotated[
    float, typer.Option("--build-timeout", min=1, help="Seconds for each build.")
]
Requires = Annotated[
    list[str] | None,
    typer.Option("--requires", metavar="DIST", help="Install this for build and tests, too."),
]
Workload = Annotated[
    Path | None, typer.Option("--workload", help="A Python file with work(module), see the docs.")
]
Tests = Annotated[str, typer.Option("--tests", metavar="CMD", help="Runs the project's tests.")]
TestsInside = Annotated[
    list[str] | None,
    typer.Option(
        "--tests-inside",
        metavar="PATTERN",
        help="Run the plain tests of these files in sub-interpreters, too (repeatable).",
    ),
]
Skip = Annotated[
    list[str] | None, typer.Option("--skip", metavar="CALL", help="Never call this (repeatable).")
]
Rungs = Annotated[
    list[str] | None, typer.Option("--rung", help="Climb this rung alone (repeatable).")
]
Cycles = Annotated[int, typer.Option("--cycles", min=10, help="Import/destroy cycles.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, help="Seconds for each rung.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Rungs at a time.")]
Printed = Annotated[Form, typer.Option("--output-format", help="How to print the result.")]
DebugPython = Annotated[
    Path | None,
    typer.Option(
        "--make-debug-python",
        metavar="SRC",
        is_eager=True,
        callback=make_debug_python,
        help="Build a debug Python from an unpacked CPython source tree, print its path and end.",
    ),
]
PrBody = Annotated[
    bool, typer.Option("--pr-body", help="Print the text of a pull request, in Markdown.")
]


def verify(
    path: Project, before: Before = None, python: Pythons = None, module: Modules = None,
    build_command: BuildCommand = "", build_timeout: BuildTimeout = 1800,
    requires: Requires = None, workload: Workload = None, tests: Tests = "", skip: Skip = None,
    rung: Rungs = None, cycles: Cycles = 200, timeout: Timeout = 120, jobs: Jobs = 2,
    tests_inside: TestsInside = None, output_format: Printed = Form.full,
    pr_body: PrBody = False, debug_python: DebugPython = None,
) -> int:  # fmt: skip
    """Build a project before and after its migration, and prove the isolation."""
    from isolate_ext.app.verify import VerifyOptions
    from isolate_ext.app.verify import verify as use_case
    from isolate_ext.cli import terminal
    from isolate_ext.report.exits import verified

    _end_politely()
    options = VerifyOptions(
        path, before, tuple(python or ()), tuple(module or ()), build_command, build_timeout,
        tuple(requires or ()), workload, tests, tuple(skip or ()), tuple(rung or ()), cycles,
        timeout, jobs, tuple(tests_inside or ()),
    )  # fmt: skip
    if pr_body:
        return _pull_request(options)
    result = use_case(options, lambda line: terminal.say([line]))
    _show(result, output_format)
    return int(verified(result).code)


def _end_politely() -> None:
    """Being asked to end, and a closed terminal, are interrupts: what was started ends, too."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is signal.SIG_DFL:
            signal.signal(each, signal.default_int_handler)


def _pull_request(options: VerifyOptions) -> int:
    from isolate_ext.app.pull_request import pull_request
    from isolate_ext.cli import terminal
    from isolate_ext.report.exits import verified
    from isolate_ext.report.pull_request import body

    result = pull_request(options, lambda line: terminal.say([line]))
    sys.stdout.write(body(result))
    return int(verified(result.ladder).code)


def _show(result: Ladder, form: Form) -> None:
    from isolate_ext.cli import terminal
    from isolate_ext.report.ladder_text import ladder

    if form is Form.json:
        from isolate_ext.report.as_json import verification

        sys.stdout.write(verification(result))
    elif form is Form.junit:
        from isolate_ext.report.ladder_junit import junit

        sys.stdout.write(junit(result))
    elif form is Form.markdown:
        from isolate_ext.report.ladder_markdown import markdown

        sys.stdout.write(markdown(result))
    else:
        paint = terminal.painter(sys.stdout)
        terminal.pay(ladder(result, paint, full=form is Form.full))
