"""Which packages cannot be imported without an extension."""

from __future__ import annotations

from pathlib import Path

import pytest

from isolate_ext.project.import_gates import Gate, import_gates


def gates(root: Path, files: dict[str, str], *names: str) -> dict[str, tuple[Gate, ...]]:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return import_gates(root, names)


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("from . import _spam", True),
        ("from ._spam import eggs", True),
        ("import pkg._spam", True),
        ("import os\nwith open(os.devnull):\n    from pkg import _spam", True),
        ("try:\n    from . import _spam\nfinally:\n    pass", True),
        ("try:\n    from . import _spam\nexcept ValueError:\n    pass", True),
        ("try:\n    from . import _spam\nexcept ImportError:\n    _spam = None", False),
        ("try:\n    from . import _spam\nexcept (OSError, ImportError):\n    pass", False),
        ("try:\n    from . import _spam\nexcept:\n    pass", False),
        ("import sys\nif sys.maxsize:\n    from . import _spam", False),
        ("def later():\n    from . import _spam", None),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import _spam", None),
        ("print 'old'\nfrom . import _spam", None),
    ],
)
def test_how_a_package_imports_it(tmp_path: Path, text: str, sure: bool | None) -> None:
    found = gates(tmp_path, {"pkg/__init__.py": text}, "pkg._spam")["pkg._spam"]
    assert [(each.module, not each.fallback) for each in found] == (
        [] if sure is None else [("pkg", sure)]
    )


def test_by_way_of_other_modules(tmp_path: Path) -> None:
    files = {
        "src/pkg/__init__.py": "from .core import run",
        "src/pkg/core.py": "import re\nfrom .sub import _spam",
        "src/pkg/sub/__init__.py": "",
        "tests/__init__.py": "import pkg.sub._spam",
    }
    (gate,) = gates(tmp_path, files, "pkg.sub._spam")["pkg.sub._spam"]
    assert gate == Gate("pkg", "src/pkg/core.py", 2, False)


def test_a_fallback_on_the_way_counts(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "try:\n    from .fast import run\nexcept ImportError:\n    run = None",
        "pkg/fast.py": "from pkg._spam import run",
    }
    (gate,) = gates(tmp_path, files, "pkg._spam")["pkg._spam"]
    assert (gate.module, gate.fallback) == ("pkg", True)


def test_a_module_at_the_top_and_one_that_nobody_imports(tmp_path: Path) -> None:
    found = gates(tmp_path, {"spam.py": "from _spam import *"}, "_spam", "_eggs")
    assert found["_spam"] == (Gate("spam", "spam.py", 1, False),)
    assert found["_eggs"] == ()


def test_a_package_whose_folder_has_another_name(tmp_path: Path) -> None:
    found = gates(tmp_path, {"lib/__init__.py": "from pkg._spam import run"}, "pkg._spam")
    assert [each.module for each in found["pkg._spam"]] == ["pkg"]


def test_demonstrations_are_not_installed(tmp_path: Path) -> None:
    files = {"Demo/show.py": "import _spam", "Lib/spam/__init__.py": "import _spam"}
    assert [each.module for each in gates(tmp_path, files, "_spam")["_spam"]] == ["spam"]
    assert gates(tmp_path / "other", {"samples/show.py": "import _spam"}, "_spam")["_spam"] == ()
