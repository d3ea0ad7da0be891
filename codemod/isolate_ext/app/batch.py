"""Batch: migrate every project below a folder, each in a process of a pool.

A project that brings its process down, or takes too long, is a row of the table like any other.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

from isolate_ext.app.batch_worker import CRASHED, one_project
from isolate_ext.app.options import MigrateOptions
from isolate_ext.project import ProjectError
from isolate_ext.project.fallback import PRUNED
from isolate_ext.project.records import C_SUFFIXES, CPP_SUFFIXES
from isolate_ext.report.views import BatchResult, BatchRow

BUILD_FILES = ("setup.py", "pyproject.toml", "setup.cfg", "meson.build", "CMakeLists.txt")
Progress = Callable[[BatchRow, int, int], None]
"""progress(row, finished so far, all)."""


def batch(
    folder: Path, options: MigrateOptions, jobs: int = 0, timeout: float = 600,
    progress: Progress | None = None,
) -> BatchResult:  # fmt: skip
    """One row a project, by path.  ``timeout`` is in seconds, for each project.

    Raises ProjectError when there is no such folder, or no project in it.
    """
    if not folder.is_dir():
        raise ProjectError("no such directory", str(folder))
    projects = find_projects(folder)
    if not projects:
        raise ProjectError("no project below this directory", str(folder))
    tasks = {str(path): replace(options, paths=(path,)) for path in projects}
    rows = _Pool(tasks, jobs or os.cpu_count() or 1, timeout, progress).run()
    return BatchResult(options.dry_run, [rows[name] for name in tasks])


def find_projects(folder: Path) -> list[Path]:
    """The topmost folders with a build file; a child of ``folder`` with C files needs none."""
    found: list[Path] = []
    for child in sorted(folder.iterdir()):
        if not child.is_dir() or child.is_symlink():
            continue
        if child.name in PRUNED or child.name.startswith("."):
            continue
        inner = _with_build_file(child)
        found += inner or ([child] if _has_c_file(child) else [])
    return found


def _with_build_file(folder: Path) -> list[Path]:
    found: list[Path] = []
    for here, folders, names in os.walk(folder):
        if any(name in names for name in BUILD_FILES):
            found.append(Path(here))
            folders.clear()
        folders[:] = sorted(each for each in folders if each not in PRUNED)
    return found


def _has_c_file(folder: Path) -> bool:
    return any(
        Path(name).suffix in C_SUFFIXES | CPP_SUFFIXES
        for _, _, names in os.walk(folder)
        for name in names
    )


class _Pool:
    """Runs tasks side by side; what is lost with a broken pool is tried again by itself."""

    def __init__(
        self, tasks: dict[str, MigrateOptions], jobs: int, timeout: float, progress: Progress | None
    ) -> None:
        self.tasks = tasks
        self.jobs = min(jobs, len(tasks))
        self.timeout = timeout
        self.progress = progress
        self.rows: dict[str, BatchRow] = {}

    def run(self) -> dict[str, BatchRow]:
        self.attempt(list(self.tasks), self.jobs)
        for name in [name for name in self.tasks if name not in self.rows]:
            started = time.monotonic()
            self.attempt([name], 1)
            if name not in self.rows:
                seconds = time.monotonic() - started
                self.done(BatchRow(name, CRASHED, seconds, "its process ended without a word"))
        return self.rows

    def attempt(self, names: Sequence[str], jobs: int) -> None:
        """Rows for all of these whose process lived to tell."""
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs, mp_context=context) as pool:
            try:
                futures = {
                    pool.submit(one_project, name, self.tasks[name], self.timeout): name
                    for name in names
                }
                for future in as_completed(futures):
                    self.take(future)
            except BrokenProcessPool:
                return
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def take(self, future: Future[BatchRow]) -> None:
        error = future.exception()
        if isinstance(error, BrokenProcessPool):
            return
        if error is not None:
            raise error
        self.done(future.result())

    def done(self, row: BatchRow) -> None:
        self.rows[row.project] = row
        if self.progress is not None:
            self.progress(row, len(self.rows), len(self.tasks))
