"""Batch: migrate every project below a folder, each in a process of a pool.

A project that brings its process down, or takes too long, is a row of the table like any other.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from pathlib import Path

from isolate_ext.app.batch_worker import CRASHED, ignore_interrupts, one_project
from isolate_ext.app.options import MigrateOptions
from isolate_ext.project import ProjectError
from isolate_ext.project.fallback import PRUNED
from isolate_ext.project.records import C_SUFFIXES, CPP_SUFFIXES
from isolate_ext.report.views import BatchResult, BatchRow

BUILD_FILES = ("setup.py", "pyproject.toml", "setup.cfg", "meson.build", "CMakeLists.txt")
Progress = Callable[[BatchRow, int, int], None]
"""progress(row, finished so far, all)."""
Work = Callable[[str, MigrateOptions, float], BatchRow]
Task = Callable[[], BatchRow]


def batch(
    folder: Path, options: MigrateOptions, jobs: int = 0, timeout: float = 600,
    progress: Progress | None = None, work: Work = one_project,
) -> BatchResult:  # fmt: skip
    """One row a project, by path.  ``timeout`` is in seconds, for each project.

    Raises ProjectError when there is no such folder, or no project in it.
    """
    if not folder.is_dir():
        raise ProjectError("no such directory", str(folder))
    projects = find_projects(folder)
    if not projects:
        raise ProjectError("no project below this directory", str(folder))
    tasks = {
        str(path): partial(work, str(path), replace(options, paths=(path,)), timeout)
        for path in projects
    }
    rows = _Pool(tasks, jobs or os.cpu_count() or 1, progress).run()
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
    """Runs tasks side by side, as many at a time as there are processes.

    What was under way when a process died is tried again, each by itself, so that the culprit is
    found and the others have their row.
    """

    def __init__(self, tasks: Mapping[str, Task], jobs: int, progress: Progress | None) -> None:
        self.tasks = tasks
        self.jobs = min(jobs, len(tasks))
        self.progress = progress
        self.rows: dict[str, BatchRow] = {}

    def run(self) -> dict[str, BatchRow]:
        waiting = list(self.tasks)
        while waiting:
            lost = self.attempt(waiting, self.jobs)
            for name in lost:
                started = time.monotonic()
                if self.attempt([name], 1):
                    seconds = time.monotonic() - started
                    self.done(BatchRow(name, CRASHED, seconds, "its process ended without a word"))
            waiting = [name for name in self.tasks if name not in self.rows]
        return self.rows

    def attempt(self, names: Sequence[str], jobs: int) -> list[str]:
        """Fill in rows until all are done or a process dies; what was under way then."""
        context = multiprocessing.get_context("spawn")
        waiting = list(reversed(names))
        running: dict[Future[BatchRow], str] = {}
        with ProcessPoolExecutor(jobs, context, ignore_interrupts) as pool:
            try:
                while waiting or running:
                    while waiting and len(running) < jobs:
                        name = waiting.pop()
                        running[pool.submit(self.tasks[name])] = name
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        row = future.result()
                        del running[future]
                        self.done(row)
            except BrokenProcessPool:
                return list(running.values())
            except BaseException:
                for process in multiprocessing.active_children():
                    process.terminate()
                raise
        return []

    def done(self, row: BatchRow) -> None:
        self.rows[row.project] = row
        if self.progress is not None:
            self.progress(row, len(self.rows), len(self.tasks))
