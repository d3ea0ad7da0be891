"""The interpreter's own modules: they pass, but for flaws that are upstream's and proven here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "corpus")]

from controls.cli import own_module  # noqa: E402
from controls.known import FLAWS, MODULES, unknown  # noqa: E402

from isolate_ext.verify import pythons  # noqa: E402

RUNGS = ("reimport", "cycles", "protocol", "references", "blank", "teardown-self-cycle")


@pytest.fixture(scope="module")
def python() -> Path:
    found = pythons.find("3.13")
    assert found is not None, "no Python 3.13 here: its own modules cannot be judged"
    return found


@pytest.mark.parametrize("module", MODULES)
def test_own_modules_pass(module: str, python: Path) -> None:
    assert own_module(module, python, 24, RUNGS) == []


@pytest.mark.parametrize("proof", sorted({each.proof for each in FLAWS}))
def test_known_flaws_are_the_interpreters(proof: str, python: Path) -> None:
    done = subprocess.run([str(python), "-c", proof], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_only_what_is_known_is_forgiven() -> None:
    line = "Error: traverse does not visit the type"
    assert unknown("_csv", "protocol", [line, "other"]) == ["other"]
    assert unknown("zlib", "protocol", [line]) == [line]
    assert unknown("_csv", "reimport", [line]) == [line]
