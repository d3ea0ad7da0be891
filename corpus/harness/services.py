"""Servers that a project's tests talk to: started for the run on the loopback, stopped after it."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from isolate_ext.verify import process
from isolate_ext.verify.process import VerifyError

POSTGRESQL_PORT = 54329
MEMCACHED_PORT = 11211
PATIENCE = 30.0
_one_at_a_time = threading.Lock()


@contextmanager
def running(names: Sequence[str], folder: Path) -> Iterator[None]:
    """Hold the named servers for as long as the block lasts; their data is in ``folder``."""
    if not names:
        yield
        return
    with _one_at_a_time, ExitStack() as stack:
        for name in names:
            stack.enter_context(SERVERS[name](folder))
        yield


@contextmanager
def _postgresql(folder: Path) -> Iterator[None]:
    """A private cluster with trust for everyone on this machine, and one test database."""
    home = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
    if home is None:
        raise VerifyError("the tests need a PostgreSQL server: install postgresql")
    data, log = folder / "postgresql", folder / "postgresql.log"
    user = "postgres" if os.geteuid() == 0 else None
    new = not (data / "PG_VERSION").exists()
    if new:
        data.mkdir(parents=True, exist_ok=True)
        if user:
            shutil.chown(data, user)
            _let_through(data)
        _must([str(home / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres"], log, user)
        with (data / "postgresql.conf").open("a") as file:
            file.write("max_prepared_transactions = 10\n")
    options = f"-p {POSTGRESQL_PORT} -c listen_addresses=127.0.0.1 -k {data}"
    control = [str(home / "pg_ctl"), "-D", str(data), "-w"]
    output = ["-l", str(data / "server.log")]
    _must([*control, *output, "-o", options, "start"], log, user)
    try:
        if new:
            client = ["psql", "-q", "-h", "127.0.0.1", "-p", str(POSTGRESQL_PORT), "-U", "postgres"]
            _must([*client, "-c", "create database psycopg2_test"], log, None)
            _must([*client, "-d", "psycopg2_test", "-c", "create extension hstore"], log, None)
        yield
    finally:
        process.run(_as(user, [*control, "-m", "fast", "stop"]), log=log)


@contextmanager
def _memcached(folder: Path) -> Iterator[None]:
    """A cache that forgets everything when it is stopped."""
    if _answers(MEMCACHED_PORT):
        yield
        return
    program = shutil.which("memcached")
    if program is None:
        raise VerifyError("the tests need a memcached server: install memcached")
    command = [program, "-l", "127.0.0.1", "-p", str(MEMCACHED_PORT)]
    if os.geteuid() == 0:
        command += ["-u", "nobody"]
    server = process.start(command, folder / "memcached.log")
    try:
        until = time.monotonic() + PATIENCE
        while not _answers(MEMCACHED_PORT):
            if time.monotonic() > until or server.poll() is not None:
                raise VerifyError(f"memcached does not start: see {folder / 'memcached.log'}")
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait()


SERVERS: dict[str, Callable[[Path], AbstractContextManager[None]]] = {
    "postgresql": _postgresql,
    "memcached": _memcached,
}


def _must(command: list[str], log: Path, user: str | None) -> None:
    if not process.run(_as(user, command), log=log, own_group=False).ok:
        raise VerifyError(f"{Path(command[0]).name} fails: see {log}")


def _as(user: str | None, command: list[str]) -> list[str]:
    return ["setpriv", f"--reuid={user}", "--init-groups", *command] if user else command


def _let_through(folder: Path) -> None:
    """Another user must be able to reach its data through the folders above it."""
    for parent in folder.parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o011)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
