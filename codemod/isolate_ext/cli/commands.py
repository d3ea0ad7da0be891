"""The typer application.  Each command imports what it needs when it runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from isolate_ext.cli import audit, batch, discover, migrate, parse, rules, verify
from isolate_ext.report.exits import Exit

app = typer.Typer(
    name="isolate-ext",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Migrate legacy CPython C extensions to multi-phase init, module state and heap types.",
    epilog="Exit codes: 0 applied or nothing to do; 1 dry run with changes; 2 usage; 3 something "
    "was refused or not parsed; 4 verification failed; 5 environment; 70 internal error; "
    "130 interrupted.",
)
app.command("audit", epilog=audit.EXIT_CODES)(audit.audit)
app.command("migrate")(migrate.migrate)
app.command("verify")(verify.verify)
app.command("batch")(batch.batch)
app.command("discover")(discover.discover)
app.command("parse")(parse.parse)
app.command("rules")(rules.rules)
app.command("rule")(rules.rule)


@app.callback()
def common(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """What holds for every command."""
    if version:
        from isolate_ext import __version__

        print(f"isolate-ext {__version__}")
        raise typer.Exit(0)


def main(arguments: Sequence[str]) -> int:
    """Run a command; its exit code.  Raises what the command raises, usage errors apart."""
    try:
        code = app(list(arguments), prog_name="isolate-ext", standalone_mode=False)
    except typer.Exit as error:
        return error.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        return _usage(error)
    if code == Exit.INTERRUPTED:
        raise KeyboardInterrupt
    return int(code or 0)


def _usage(error: Exception) -> int:
    """A usage error, as one line and where to read on."""
    message = error.format_message()  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "isolate-ext"
    if message:
        print(f"isolate-ext: error: {' '.join(message.split())}", file=sys.stderr)
        print(f"help: {command} --help", file=sys.stderr)
    return int(Exit.USAGE)
