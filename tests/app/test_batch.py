"""Many projects: each has its row, whatever happens to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from batch_workers import dies_on_bad, hangs_on_bad
from legacy import clean, setup_py, stubborn

from isolate_ext.app.batch import batch, find_projects
from isolate_ext.app.options import MigrateOptions
from isolate_ext.project import ProjectError
from isolate_ext.report.exits import Exit, batch_verdict
from isolate_ext.report.views import BatchRow

Tree = Callable[[dict[str, str | bytes]], Path]
DRY = MigrateOptions((), dry_run=True, compile=False)


def test_projects_are_found_once_each(tree: Tree) -> None:
    root = tree({"a/setup.py": "", "a/sub/setup.py": "", "b/c/pyproject.toml": "", "d/x.c": "",
                 "e/readme": "", ".git/setup.py": "", "build/setup.py": ""})  # fmt: skip
    found = [path.relative_to(root).as_posix() for path in find_projects(root)]
    assert found == ["a", "b/c", "d"]


def test_every_project_has_its_row(tree: Tree) -> None:
    root = tree({"good/setup.py": setup_py("spam"), "good/spam.c": clean(),
                 "hard/setup.py": setup_py("eggs"), "hard/eggs.c": stubborn("eggs"),
                 "none/setup.py": "from setuptools import setup\nsetup()\n"})  # fmt: skip
    seen: list[tuple[BatchRow, int, int]] = []
    result = batch(root, DRY, 2, progress=lambda row, done, of: seen.append((row, done, of)))
    rows = {Path(row.project).name: row for row in result.rows}
    assert rows["good"].result == "isolated"
    assert rows["hard"].result in ("refused", "partly")
    assert rows["hard"].reasons
    assert rows["none"].result == "no extension"
    assert [(done, of) for _, done, of in seen] == [(1, 3), (2, 3), (3, 3)]
    assert batch_verdict(result).code == Exit.INCOMPLETE


def test_a_dead_process_is_the_row_of_its_project(tree: Tree) -> None:
    root = tree({f"{name}/setup.py": "" for name in ("bad", "one", "two", "zen")})
    result = batch(root, DRY, 2, work=dies_on_bad)
    rows = {Path(row.project).name: row.result for row in result.rows}
    assert rows == {"bad": "crashed", "one": "isolated", "two": "isolated", "zen": "isolated"}
    assert batch_verdict(result).code == Exit.INTERNAL


def test_a_project_that_takes_too_long_is_a_row(tree: Tree) -> None:
    root = tree({"bad/setup.py": setup_py("spam"), "bad/spam.c": clean(),
                 "good/setup.py": setup_py("spam"), "good/spam.c": clean()})  # fmt: skip
    result = batch(root, DRY, 2, timeout=300, work=hangs_on_bad)
    rows = {Path(row.project).name: row.result for row in result.rows}
    assert rows == {"bad": "timed out", "good": "isolated"}
    assert batch_verdict(result).code == Exit.INCOMPLETE


def test_nothing_to_do_is_a_mistake(tree: Tree) -> None:
    with pytest.raises(ProjectError, match="no such directory"):
        batch(Path("nowhere-at-all"), DRY)
    with pytest.raises(ProjectError, match="no project"):
        batch(tree({"readme": ""}), DRY)
