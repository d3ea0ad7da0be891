"""Writing a set of files, all or none, by temporary file and rename, with a journal for undo."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from isolate_ext.project.errors import ProjectError
from isolate_ext.project.journal import Change, Journal, finish, roll_back
from isolate_ext.project.reading import SourceFile

NEW_MODE = 0o644


def write_files(
    root: Path,
    changes: Mapping[str, bytes | None],
    expected: Mapping[str, SourceFile],
    journal_dir: Path,
) -> Journal | None:
    """Write, create or (None) delete the files; all of them or none. Modes are kept.

    `expected` is what the changed files were when they were read; a path without an entry must not
    exist. A process killed in the middle leaves every file either old or new, and a journal that
    `recover` completes. The journal that is returned undoes the change; None when there is nothing
    to change. Raises ProjectError, with nothing changed, when a file changed meanwhile or cannot be
    written.
    """
    wanted = {p: d for p, d in changes.items() if p not in expected or expected[p].data != d}
    if not wanted:
        return None
    for path in wanted:
        check_target(root, path, expected.get(path))
    path = next(iter(wanted))
    journal: Journal | None = None
    staged: dict[str, Path] = {}
    try:
        journal = Journal.start(
            journal_dir, root, [change(p, d, expected) for p, d in wanted.items()]
        )
        for item in journal.changes:
            path = item.path
            if item.after is not None:
                staged[path] = stage(root / path, item.after, item.mode)
        for path in wanted:
            check_target(root, path, expected.get(path))
            replace_file(root / path, staged.get(path))
            staged.pop(path, None)
        return finish(journal)
    except (OSError, ProjectError) as error:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)
        if journal is not None:
            roll_back(journal)
        if isinstance(error, ProjectError):
            raise
        raise ProjectError(f"nothing was written: {error.strerror or error}", path) from error


def change(path: str, data: bytes | None, expected: Mapping[str, SourceFile]) -> Change:
    """The recorded form of one change."""
    source = expected.get(path)
    if source is None:
        return Change(path, None, data, NEW_MODE)
    return Change(path, source.data, data, source.mode)


def check_target(root: Path, path: str, expected: SourceFile | None) -> None:
    """Raises ProjectError unless the file is as it was read and its folder can be written."""
    full = root / path
    folder = nearest_folder(full)
    if not full.resolve().is_relative_to(root.resolve()):
        raise ProjectError("not written: it lies outside the project", path)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ProjectError("not written: no permission to write in its folder", path)
    try:
        data = full.read_bytes()
    except FileNotFoundError:
        if expected is not None:
            raise ProjectError("not written: the file is gone since it was read", path) from None
        return
    except OSError as error:
        raise ProjectError(f"not written: {error.strerror}", path) from error
    if expected is None:
        raise ProjectError("not written: a file of that name is there already", path)
    if hashlib.sha256(data).hexdigest() != expected.sha256:
        raise ProjectError("not written: the file changed since it was read", path)


def nearest_folder(path: Path) -> Path:
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def stage(target: Path, data: bytes, mode: int) -> Path:
    """The data in a temporary file beside the target, on disk. Raises OSError."""
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def replace_file(target: Path, temporary: Path | None) -> None:
    """Put the temporary file in the target's place, or delete the target. Raises OSError."""
    target = target.resolve()
    if temporary is None:
        target.unlink(missing_ok=True)
    else:
        temporary.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
