"""Writing a project's changes: a clean tree first, all or none, a journal, a commit a stage."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from isolate_ext.app.modelling import Library
from isolate_ext.app.planning import Planned
from isolate_ext.engine import Stage
from isolate_ext.project import ProjectError, dirty_files, recover, write_files
from isolate_ext.project.reading import read_file
from isolate_ext.report.results import FileChange, ProjectResult


def journal_folder(root: Path) -> Path:
    """Where the writes to a project are recorded, outside of it."""
    home = os.environ.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    return Path(home) / "isolate-ext" / "journal" / name


def dirty(root: Path, changes: Sequence[FileChange]) -> None:
    """Raises ProjectError where a file to be written has changes that are not committed."""
    found = dirty_files(root, [change.path for change in changes])
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise ProjectError(
            f"has uncommitted changes{more}: commit them, or give --allow-dirty", found[0]
        )


def write(root: Path, library: Library, changes: Sequence[FileChange]) -> None:
    """All files or none.  Raises ProjectError when one changed since it was read."""
    expected = {}
    for change in changes:
        if change.before is not None:
            known = library.read.get(change.path) or read_file(root, change.path)
            if known.data != change.before:
                raise ProjectError("not written: the file changed since it was read", change.path)
            expected[change.path] = known
    write_files(root, {each.path: each.after for each in changes}, expected, journal_folder(root))


def commit_stages(
    root: Path, library: Library, planned: Sequence[Planned], last: Stage, result: ProjectResult
) -> None:
    raise NotImplementedError


__all__ = ["commit_stages", "dirty", "journal_folder", "recover", "write"]
