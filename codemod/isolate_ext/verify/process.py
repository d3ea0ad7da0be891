"""Running other programs: a log file each, a time limit, and one error class."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isolate_ext.project.errors import ENVIRONMENT, ProjectError

TAIL = 15
TAIL_BYTES = 64 << 10
LINE = 400


class VerifyError(ProjectError):
    """The environment lacks something, or was asked for what is not there; one line for a person.

    ``exit_code`` is 5, or 2 for a mistake of the user.
    """

    def __init__(self, message: str, exit_code: int = ENVIRONMENT) -> None:
        Exception.__init__(self, message)
        self.message = message
        self.path = ""
        self.exit_code = exit_code


@dataclass(frozen=True)
class Finished:
    """How a program ended. ``status`` None means that the time limit was reached."""

    status: int | None
    seconds: float
    log: Path

    @property
    def ok(self) -> bool:
        """Whether it exited with status 0."""
        return self.status == 0

    @property
    def ending(self) -> str:
        """How it ended, as the end of a sentence that begins with its name."""
        if self.status is None:
            return "did not end within the time limit"
        if self.status < 0:
            return f"died of {signal.Signals(-self.status).name}"
        return f"ended with status {self.status}"

    def tail(self, lines: int = TAIL) -> str:
        """The end of its log."""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
        return "\n".join(line[:LINE] for line in text.splitlines()[-lines:])


def run(
    command: str | Sequence[str],
    *,
    log: Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 1800.0,
    own_group: bool = True,
) -> Finished:
    """Run a shell command line (text) or a program (list), its whole output into ``log``.

    With ``own_group``, what it leaves running is ended with it.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(
            command if isinstance(command, str) else list(command),
            shell=isinstance(command, str),
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status: int | None = process.wait(timeout)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            if own_group:
                _end_group(process.pid)
            process.wait()
    return Finished(status, round(time.monotonic() - started, 1), log)


def start(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a server; the caller stops it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )


def _end_group(group: int) -> None:
    """Children that outlive the program (servers that tests started) go with it."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
