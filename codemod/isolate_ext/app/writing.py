"""Writing a project's changes: a clean tree first, all files or none, a journal outside of it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from isolate_ext.app.modelling import Library
from isolate_ext.project import ProjectError, dirty_files, recover, write_files
from isolate_ext.project.reading import read_file
from isolate_ext.report.results import FileChange


def journal_folder(root: Path) -> Path:
    """Where the writes to a project are recorded."""
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    name = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return Path(home).expanduser() / "isolate-ext" / "journal" / name


def take_back_interrupted(roots: Iterable[Path]) -> list[str]:
    """Complete what a killed run left half done; one line for each."""
    return [f"{root}: {line}" for root in roots for line in recover(journal_folder(root))]


def require_clean(root: Path, paths: Sequence[str]) -> None:
    """Raises ProjectError where a file to be written has changes that are not committed."""
    found = dirty_files(root, paths)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise ProjectError(
            f"uncommitted changes{more}; nothing was written: commit them or give --allow-dirty",
            found[0],
        )


def write(root: Path, library: Library, changes: Sequence[FileChange]) -> None:
    """All files or none.  Raises ProjectError when one changed since it was read."""
    expected = {}
    for change in changes:
        if change.before is not None:
            known = library.read.get(change.path)
            if known is None or known.data != change.before:
                known = read_file(root, change.path)
            if known.data != change.before:
                raise ProjectError("not written: the file changed since it was read", change.path)
            expected[change.path] = known
    write_files(root, {each.path: each.after for each in changes}, expected, journal_folder(root))


def require_unchanged(library: Library) -> None:
    """Raises ProjectError for a file that is no longer what was read."""
    for path, source in library.read.items():
        try:
            info = (library.root / path).stat()
        except OSError as error:
            raise ProjectError("the file is gone since it was read", path) from error
        if (info.st_mtime_ns, info.st_size) != (source.mtime_ns, source.size):
            if read_file(library.root, path).sha256 != source.sha256:
                raise ProjectError("the file changed while it was being read", path)
