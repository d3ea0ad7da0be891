"""The clean-tree guard."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from isolate_ext.project import dirty_files

Make = Callable[[dict[str, str | bytes]], Path]


def git(root: Path, *args: str) -> None:
    subprocess.run(
        ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.org", *args],
        check=True,
        capture_output=True,
    )


def test_dirty_files(tree: Make) -> None:
    root = tree({"a.c": "a", "sub/b [1].c": "b", "c.c": "c", "staged.c": "s"})
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "start")
    every = ["a.c", "sub/b [1].c", "c.c", "staged.c", "untracked.c"]
    assert dirty_files(root, every) == []
    (root / "sub/b [1].c").write_text("changed")
    (root / "untracked.c").write_text("new")
    (root / "staged.c").write_text("changed")
    git(root, "add", "staged.c")
    assert dirty_files(root, every) == ["sub/b [1].c", "staged.c"]
    assert dirty_files(root / "sub", ["b [1].c"]) == ["b [1].c"]


def test_before_the_first_commit(tree: Make) -> None:
    root = tree({"a.c": "a", "b.c": "b"})
    git(root, "init", "-q")
    git(root, "add", "a.c")
    assert dirty_files(root, ["a.c", "b.c"]) == ["a.c"]


def test_without_a_repository(tree: Make) -> None:
    assert dirty_files(tree({"a.c": "a"}), ["a.c"]) == []
