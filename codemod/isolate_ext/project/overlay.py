"""A second view of a project on disk: some files changed or new, all others the project's own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path, PurePosixPath


@contextmanager
def overlay_tree(
    root: Path, changed: Mapping[str, bytes], owned: Iterable[str], above: int = 0
) -> Iterator[Path]:
    """A temporary folder that looks like `root` with the changed files in it.

    Every folder of a changed or owned path is a real folder, so that `#include "../x.h"` from there
    meets the changed x.h; its other entries are symbolic links. So are the entries of the `above`
    folders around `root`.
    """
    real = {parent for path in (*changed, *owned) for parent in folders(path)}
    with tempfile.TemporaryDirectory(prefix="isolate-ext-") as name:
        base = surround(root, Path(name).resolve(), above)
        for folder in sorted(real, key=lambda f: f.count("/") if f else -1):
            fill(root, base, folder, real, changed)
        for path, data in changed.items():
            (base / path).write_bytes(data)
        yield base


def surround(root: Path, outermost: Path, above: int) -> Path:
    """The place for `root` below a folder that stands for the one so many folders above it."""
    base = outermost
    for folder, inner in pairwise([*reversed(root.parents[:above]), root]):
        for entry in os.scandir(folder):
            if entry.name != inner.name:
                (base / entry.name).symlink_to(entry.path)
        base /= inner.name
        base.mkdir()
    return base


def folders(path: str) -> list[str]:
    """'a/b/c.h' -> ['', 'a', 'a/b']"""
    return [("" if str(p) == "." else str(p)) for p in PurePosixPath(path).parents]


def fill(root: Path, base: Path, folder: str, real: set[str], changed: Mapping[str, bytes]) -> None:
    (base / folder).mkdir(parents=True, exist_ok=True)
    try:
        entries = list(os.scandir(root / folder))
    except OSError:
        return
    prefix = f"{folder}/" if folder else ""
    for entry in entries:
        path = prefix + entry.name
        if path not in real and path not in changed:
            (base / path).symlink_to(entry.path)
