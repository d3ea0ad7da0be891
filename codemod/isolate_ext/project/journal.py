"""The journal of a write: enough to undo it, and to take back one that was interrupted."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from isolate_ext.project.errors import ProjectError

VERSION = 1
PENDING, DONE, UNDONE = "pending", "done", "undone"


class Change(msgspec.Struct, frozen=True):
    """One file, before and after; None where it did not or does not exist."""

    path: str
    before: bytes | None
    after: bytes | None
    mode: int


class Journal(msgspec.Struct, frozen=True):
    """A recorded write. `state` is "pending" while it goes on, then "done", and "undone" after an
    undo."""

    file: Path
    root: Path
    state: str
    changes: tuple[Change, ...]

    @staticmethod
    def start(folder: Path, root: Path, changes: Sequence[Change]) -> Journal:
        """Record the write before its first rename. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        number = 1 + max((int(p.stem.split("-")[1]) for p in journals(folder)), default=0)
        journal = Journal(
            folder / f"write-{number:06d}.json", root.resolve(), PENDING, tuple(changes)
        )
        save(journal)
        return journal


def journals(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("write-*.json") if p.stem.split("-")[1].isdigit())


def save(journal: Journal) -> None:
    """Write the journal itself, atomically and to disk."""
    data = json.dumps(
        {
            "version": VERSION,
            "root": str(journal.root),
            "state": journal.state,
            "changes": [
                {
                    "path": c.path,
                    "before": encode(c.before),
                    "after": encode(c.after),
                    "mode": c.mode,
                }
                for c in journal.changes
            ],
        },
        indent=1,
    )
    handle, name = tempfile.mkstemp(prefix=".write-", suffix=".tmp", dir=journal.file.parent)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(journal.file)


def load(file: Path) -> Journal:
    """Raises ProjectError for a file that is not a journal."""
    try:
        data: Any = json.loads(file.read_text(encoding="ascii"))
        changes = tuple(
            Change(c["path"], decode(c["before"]), decode(c["after"]), int(c["mode"]))
            for c in data["changes"]
        )
        return Journal(file, Path(data["root"]), data["state"], changes)
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ProjectError("not a journal that can be read", str(file)) from error


def encode(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")


def decode(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def finish(journal: Journal, state: str = DONE) -> Journal:
    ended = Journal(journal.file, journal.root, state, journal.changes)
    save(ended)
    return ended


def roll_back(journal: Journal) -> None:
    """Put every file back that holds the new text, and forget the journal. Raises OSError."""
    for change in journal.changes:
        if current(journal.root / change.path) == change.after and change.before != change.after:
            restore(journal, change)
    journal.file.unlink(missing_ok=True)


def restore(journal: Journal, change: Change) -> None:
    from isolate_ext.project.writing import replace_file, stage

    target = journal.root / change.path
    staged = None if change.before is None else stage(target, change.before, change.mode)
    replace_file(target, staged)


def current(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def recover(folder: Path) -> list[str]:
    """Take back every interrupted write recorded in the folder. One line for the user for each.

    A file that is neither what it was nor what it was to become is left alone, and named.
    """
    lines = []
    for file in journals(folder) if folder.is_dir() else []:
        journal = load(file)
        if journal.state != PENDING:
            continue
        foreign = [
            c.path
            for c in journal.changes
            if current(journal.root / c.path) not in (c.before, c.after)
        ]
        remove_leftovers(journal)
        roll_back(journal)
        kept = (
            f"; left as they are, because they changed since: {', '.join(foreign)}"
            if foreign
            else ""
        )
        lines.append(f"an interrupted write of {len(journal.changes)} files was taken back{kept}")
    return lines


def remove_leftovers(journal: Journal) -> None:
    """Delete temporary files of this write that the interrupted process left beside the targets."""
    for change in journal.changes:
        target = (journal.root / change.path).resolve()
        for leftover in target.parent.glob(f".{glob_escape(target.name)}.*.tmp"):
            data = current(leftover)
            if data is not None and change.after is not None and change.after.startswith(data):
                leftover.unlink(missing_ok=True)


def glob_escape(name: str) -> str:
    import glob

    return glob.escape(name)


def undo_last(folder: Path) -> list[str]:
    """Undo the newest finished write; the paths put back. Raises ProjectError when there is none,
    or
    when a file changed since, in which case nothing is changed."""
    done = [j for f in journals(folder) if (j := load(f)).state == DONE] if folder.is_dir() else []
    if not done:
        raise ProjectError("nothing to undo", str(folder))
    journal = done[-1]
    for change in journal.changes:
        if digest(current(journal.root / change.path)) != digest(change.after):
            raise ProjectError("not undone: the file changed since it was written", change.path)
    for change in journal.changes:
        restore(journal, change)
    finish(journal, UNDONE)
    return [change.path for change in journal.changes]


def digest(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()
