"""The clean-tree guard: which of the files to be touched have changes that are not committed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

TIMEOUT = 60


def dirty_files(root: Path, paths: Iterable[str]) -> list[str]:
    """Those of the paths (relative to root) that git tracks and that differ from the last commit.

    Empty without git, outside a work tree, and for untracked files: there a write goes on.
    """
    wanted = list(paths)
    git = shutil.which("git")
    if git is None or not wanted or output(git, root, "rev-parse", "--is-inside-work-tree") is None:
        return []
    found: list[str] = []
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        tracked = output(git, root, "ls-files", "-z", "--", *map(literal, chunk))
        if not tracked:
            continue
        against = (
            "HEAD"
            if output(git, root, "rev-parse", "--verify", "-q", "HEAD") is not None
            else EMPTY_TREE
        )
        changed = output(
            git,
            root,
            "diff",
            "--name-only",
            "-z",
            "--relative",
            "--no-ext-diff",
            against,
            "--",
            *map(literal, chunk),
        )
        found += [
            name for name in (changed or "").split("\0") if name and name in tracked.split("\0")
        ]
    return [path for path in wanted if path in set(found)]


EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def literal(path: str) -> str:
    return f":(literal){path}"


def output(git: str, root: Path, *args: str) -> str | None:
    """What git prints, or None when it fails."""
    try:
        done = subprocess.run(
            [git, "-C", str(root), *args], capture_output=True, timeout=TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None
