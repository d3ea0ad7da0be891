"""Programs that run side by side in threads, and that end together when the user interrupts."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

KEPT = 64 << 10
"""Bytes of the beginning and of the end of what a program says."""


class Stopped(Exception):
    """No program is started any more."""


class Running:
    """The programs that run now, each with all that it started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._stopped = False

    def ask(
        self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], timeout: float
    ) -> tuple[int | None, str]:
        """Exit status (None: out of time) and what it said on stderr; stdout goes nowhere.

        What it leaves running is ended with it.  Raises Stopped after ``stop``.
        """
        with tempfile.TemporaryFile() as said:
            process = self._start(command, cwd, environment, said)
            try:
                status: int | None = process.wait(timeout)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                self._end(process)
            return status, _ends_of(said)

    def stop(self) -> None:
        """End all that runs, and start nothing more."""
        with self._lock:
            self._stopped = True
            for group in self._groups:
                _kill(group)

    @contextmanager
    def stopped_on_interrupt(self) -> Iterator[None]:
        """``stop`` where the body is left by an exception, whatever threads are about to do."""
        try:
            yield
        except BaseException:
            self.stop()
            raise

    def _start(
        self, command: Sequence[str], cwd: Path, environment: Mapping[str, str], said: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise Stopped
            process = subprocess.Popen(
                list(command), cwd=cwd, env=environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=said, start_new_session=True,
            )  # fmt: skip
            self._groups.add(process.pid)
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Before the group's number can be given to another."""
        with self._lock:
            _kill(process.pid)
            self._groups.discard(process.pid)
        process.wait()


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _ends_of(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    text = file.read(KEPT)
    if size > 2 * KEPT:
        file.seek(size - KEPT)
        text += b"\n...\n"
    return (text + file.read()).decode(errors="replace")
