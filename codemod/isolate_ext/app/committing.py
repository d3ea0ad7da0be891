"""One git commit for every stage."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from isolate_ext.app.changes import between
from isolate_ext.app.modelling import Library
from isolate_ext.app.writing import write
from isolate_ext.engine import Stage
from isolate_ext.project import ProjectError
from isolate_ext.report.results import FileChange

TIMEOUT = 300
SUBJECTS = {
    Stage.STATE: "Keep global state in one struct",
    Stage.HEAP_TYPES: "Make static types heap types",
    Stage.ACCESS: "Reach the state from where it is used",
    Stage.ISOLATED: "Isolate the module: multi-phase init and module state",
}


def require_repository(root: Path) -> None:
    """Raises ProjectError outside a git work tree, and where git is missing."""
    try:
        inside = _git(root, "rev-parse", "--is-inside-work-tree")
    except ProjectError as error:
        raise ProjectError(
            f"--commit needs a git work tree ({error.message})", str(root)
        ) from error
    if inside != "true":
        raise ProjectError("--commit needs a git work tree", str(root))


def commit_stages(
    root: Path, library: Library, stages: Sequence[tuple[Stage, list[FileChange]]], names: str
) -> list[str]:
    """Write and commit the changes of each stage in turn; the subjects of the commits.

    ``stages`` are changes against the originals.  Raises ProjectError; what was committed stays.
    """
    made: list[str] = []
    earlier: list[FileChange] = []
    for stage, changes in stages:
        step = between(earlier, changes)
        earlier = changes
        if not step:
            continue
        write(root, library, step)
        paths = [f":(literal){each.path}" for each in step]
        subject = f"{names}: {SUBJECTS[stage]}"
        _git(root, "add", "--", *paths)
        _git(root, "commit", "-q", "-m", subject, "--", *paths)
        made.append(subject)
    return made


def _git(root: Path, *words: str) -> str:
    """What git prints.  Raises ProjectError with the first line of what it complains of."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words],
            capture_output=True, text=True, errors="replace", timeout=TIMEOUT, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProjectError(f"git {words[0]}: {error}", str(root)) from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["failed"]
        raise ProjectError(f"git {words[0]}: {lines[0]}", str(root))
    return done.stdout.strip()
