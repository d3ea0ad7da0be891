"""Fixtures shared by the tests of project."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tree import make_tree


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[dict[str, str | bytes]], Path]:
    """make({path: text}) -> the root of a new project."""
    root = tmp_path / "project"
    root.mkdir()
    return lambda files: make_tree(root, files)
