"""File name patterns as build files mean them, where a leading folder may itself be absolute."""

from __future__ import annotations

from glob import iglob
from pathlib import Path


def matching(base: Path, pattern: str, *, recursive: bool = True) -> list[str]:
    """The paths that match, sorted; relative to `base` where the pattern is relative.

    Not Path.glob: that refuses absolute patterns, and does not follow links in `**`.
    """
    return sorted(iglob(pattern, root_dir=base, recursive=recursive))  # noqa: PTH207
