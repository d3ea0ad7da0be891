"""A debug build of CPython, made from an unpacked source tree; it counts every reference.

The tree is copied and built in the cache folder, so nothing is written to it. What is built is
installed beside its place and moved there whole, hence a build that was broken off is never used;
it starts anew the next time.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from isolate_ext.project import (
    Interpreter,
    ProjectError,
    cache_folder,
    debug_pythons,
    find_builds,
    find_compiler,
    find_interpreters,
)
from isolate_ext.project.interpreters import inspect
from isolate_ext.verify import process
from isolate_ext.verify.environments import locked
from isolate_ext.verify.process import VerifyError

VERSION = re.compile(r'^#define\s+PY_VERSION\s+"(\d+)\.(\d+)\.(\d+)', re.M)
OPTIONS = ("--with-pydebug", "--without-ensurepip")
MADE_IN_TREE = frozenset(
    {"build", "Makefile", "pyconfig.h", "config.status", "config.log", "python", "pybuilddir.txt"}
)
MADE_ANYWHERE = shutil.ignore_patterns(".git", "__pycache__", "*.pyc", "*.o", "*.a", "*.so")
USABLE = "import sys, math, _struct; sys.exit(sys.gettotalrefcount() <= 0)"
TELLING = re.compile(r"\berror\b|\*\*\*", re.IGNORECASE)
LIMIT = 3600.0
INTERVAL = 0.5
TAIL = 40


@dataclass(frozen=True)
class Progress:
    """How far a build is: the phase (``copying``, ``configuring``, ``compiling``, ``installing``,
    ``checking``), the lines that it has written so far, and the last of them."""

    phase: str
    lines: int = 0
    last: str = ""


Report = Callable[[Progress], None]


def make_debug_python(source: Path, report: Report, *, jobs: int | None = None) -> Interpreter:
    """Build the tree with ``--with-pydebug`` into the cache folder; what is there already is kept.

    `report` is called twice a second, from another thread. Raises a ProjectError for a `source`
    that is no tree of CPython 3.9 or later, a VerifyError where it cannot be built: one line with
    the telling line of the log and the log's path.
    """
    version = version_of(source)
    made_by = find_compiler()
    if made_by is None or shutil.which("make") is None:
        missing = "no C compiler was found (set CC)" if made_by is None else "make was not found"
        raise VerifyError(f"cannot build a debug Python: {missing}")
    key = f"{version}-{fingerprint(source, ' '.join((*made_by, *OPTIONS)))}"
    place = debug_pythons() / key
    executable = place / "bin" / f"python{version.rpartition('.')[0]}d"
    making = cache_folder() / "making"
    with locked(making / f"{key}.lock"):
        if not executable.exists():
            work = making / key
            shutil.rmtree(work, ignore_errors=True)
            try:
                Build(source, place, executable, work, making / f"{key}.log", report).run(jobs)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    find_builds.cache_clear()
    find_interpreters.cache_clear()
    found = inspect(executable)
    if found is None or found.include is None:
        raise VerifyError(f"the debug Python at {place} is damaged; remove it and build it again")
    return found


@dataclass(frozen=True)
class Build:
    """One build in the empty folder `work`; `place` is where the whole of it goes at the end."""

    source: Path
    place: Path
    executable: Path
    work: Path
    log: Path
    report: Report

    def run(self, jobs: int | None) -> None:
        tree, stage = self.work / "tree", self.work / "stage"
        self.log.unlink(missing_ok=True)
        self.report(Progress("copying"))
        shutil.copytree(self.source, tree, symlinks=True, ignore=self.made_before)
        self.step("configuring", tree, "./configure", f"--prefix={self.place}", *OPTIONS)
        self.step("compiling", tree, "make", f"-j{jobs or os.cpu_count() or 1}")
        self.step("installing", tree, "make", "install", f"DESTDIR={stage}")
        installed = stage / self.place.relative_to(self.place.anchor)
        executable = installed / self.executable.relative_to(self.place)
        self.step("checking", self.work, str(executable), "-I", "-c", USABLE)
        self.place.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.place, ignore_errors=True)
        installed.rename(self.place)

    def step(self, phase: str, folder: Path, *command: str) -> None:
        left_out = ("PYTHON", "MAKE", "MFLAGS", "DESTDIR")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
        before = len(lines_of(self.log))
        with self.watched(phase, before):
            done = process.run(
                command, log=self.log, cwd=folder, environment=environment, timeout=LIMIT
            )
        if not done.ok:
            how = "reached the time limit" if done.status is None else f"ended with {done.status}"
            raise VerifyError(
                f"cannot build a debug Python from {self.source}: {phase} {how}: "
                f"{telling(lines_of(self.log)[before:])}; the log is {self.log}"
            )

    @contextmanager
    def watched(self, phase: str, before: int) -> Iterator[None]:
        """Report what is in the log after the lines `before`, and once more when it has ended."""
        ended = threading.Event()

        def tell() -> None:
            lines = lines_of(self.log)[before:]
            self.report(Progress(phase, len(lines), lines[-1] if lines else ""))

        def watch() -> None:
            while not ended.wait(INTERVAL):
                tell()

        self.report(Progress(phase))
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
        tell()

    def made_before(self, folder: str, names: list[str]) -> set[str]:
        """What an earlier build left in the tree is not copied."""
        return set(left_by_builds(self.source, Path(folder), names))


def version_of(source: Path) -> str:
    header = source / "Include" / "patchlevel.h"
    text = header.read_text(errors="replace") if header.is_file() else ""
    found = VERSION.search(text)
    if found is None or not (source / "configure").is_file():
        raise ProjectError("is no unpacked source tree of CPython", str(source))
    if (int(found[1]), int(found[2])) < (3, 9):
        raise ProjectError(f"is CPython {'.'.join(found.groups())}; 3.9 is the oldest", str(source))
    return ".".join(found.groups())


def fingerprint(source: Path, more: str) -> str:
    """Of the names and bytes of the tree, and of how it is built."""
    digest = hashlib.sha256(more.encode())
    for folder, folders, names in os.walk(source):
        left = left_by_builds(source, Path(folder), [*folders, *names])
        folders[:] = sorted(set(folders) - left)
        for name in sorted(set(names) - left):
            path = Path(folder, name)
            digest.update(os.fsencode(path.relative_to(source)) + b"\0")
            if path.is_file():
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def left_by_builds(source: Path, folder: Path, names: list[str]) -> set[str]:
    """Those of the names in a folder of the tree that builds make."""
    made = set(MADE_ANYWHERE(str(folder), names))
    return made | (MADE_IN_TREE & set(names) if folder == source else set())


def lines_of(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines() if log.exists() else []


def telling(lines: list[str]) -> str:
    """The first line near the end that speaks of an error, else the last."""
    lines = [line.strip() for line in lines[-TAIL:] if line.strip()]
    spoken = [line for line in lines if TELLING.search(line)]
    return (spoken[:1] or lines[-1:] or ["no output"])[0]
