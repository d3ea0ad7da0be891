"""The folder for what is costly to make and can be made again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """``isolate-ext`` in the user's cache folder (XDG_CACHE_HOME, else ~/.cache); it may not be
    there yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "isolate-ext"


def debug_pythons() -> Path:
    """Where the debug interpreters lie that were built here, each with its ``bin``."""
    return cache_folder() / "debug-python"
