"""What the user chose for a migration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from isolate_ext.engine import Stage


@dataclass(frozen=True, slots=True)
class MigrateOptions:
    """``target`` is the floor as (major, minor); ``rules`` and ``no_rules`` are rule ids."""

    paths: tuple[Path, ...]
    dry_run: bool = False
    stage: Stage = Stage.ISOLATED
    guarded: bool = False
    commit: bool = False
    rules: tuple[str, ...] = ()
    no_rules: tuple[str, ...] = ()
    target: tuple[int, int] | None = None
    compile: bool = True
    cflags: tuple[str, ...] = ()
    allow_dirty: bool = False
