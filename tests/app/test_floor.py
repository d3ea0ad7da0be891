"""The oldest Python of the migrated code, and where the project says it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from legacy import clean, setup_py

from isolate_ext.app.migrate import migrate
from isolate_ext.app.options import MigrateOptions

Tree = Callable[[dict[str, str | bytes]], Path]


@pytest.mark.parametrize(
    ("declared", "target", "floor", "after"),
    [
        (">=3.6", None, (3, 9), ">=3.9"),
        (">=3.11", None, (3, 11), ">=3.11"),
        (">=3.9", (3, 12), (3, 12), ">=3.12"),
        (">=3.12", (3, 9), (3, 9), ">=3.12"),
        (None, None, (3, 9), ">=3.9"),
    ],
)
def test_floor(
    tree: Tree,
    declared: str | None,
    target: tuple[int, int] | None,
    floor: tuple[int, int],
    after: str,
) -> None:
    root = tree({"setup.py": setup_py("spam", floor=declared), "spam.c": clean()})
    result = migrate(MigrateOptions((root,), compile=False, target=target))
    project = result.projects[0]
    assert project.floor == floor
    assert f"python_requires='{after}'" in (root / "setup.py").read_text().replace('"', "'")
    assert (project.floor_line is None) == (declared == after)


def test_the_floor_stays_where_nothing_is_edited(tree: Tree) -> None:
    script = setup_py("spam: spam.cpp", floor=">=3.6")
    root = tree({"setup.py": script, "spam.cpp": clean()})
    result = migrate(MigrateOptions((root,), compile=False))
    assert (root / "setup.py").read_text() == script
    assert result.projects[0].floor_line is None
