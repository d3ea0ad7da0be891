"""The original corpus, a stage at a time: each run goes on from what the one before has written."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from isolate_ext.engine import Stage
from isolate_ext.report.results import REFUSED


def load(name: str, path: Path) -> ModuleType:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


shared: Any = load("corpus_test_goldens", Path(__file__).parent / "test_goldens.py")
goldens = shared.goldens
SAME = ("caches", "csvlite", "dualpy", "fixednum", "halfway", "lineedit", "shapes", "structs")
"""Those that end in the text of a run at one go, but for blank lines."""
BEHAVING = ("caches", "csvlite", "dbwrap", "shapes")
Texts = dict[str, bytes]


def present(name: str, folder: Path) -> Texts:
    """Every file of a folder that the whole migration changes or makes."""
    paths = goldens.migration(name).files()
    return {path: (folder / path).read_bytes() for path in paths if (folder / path).exists()}


def lines(texts: Texts) -> dict[str, list[bytes]]:
    """What the texts say, without blank lines."""
    return {path: [it for it in text.split(b"\n") if it.strip()] for path, text in texts.items()}


def taken_on(name: str, folder: Path, upto: Stage) -> Any:
    """One more run over a folder, which is written."""
    found = goldens.migrated_folder(folder, upto=upto)
    for path, text in found.files().items():
        (folder / path).write_bytes(text)
    return found


@pytest.mark.parametrize("name", SAME)
def test_each_stage_is_that_of_one_run(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    whole = goldens.migration(name)
    whole.write({}, folder)
    for stage in Stage:
        taken_on(name, folder, stage)
        expected = goldens.merged(whole.planned, stage)
        assert lines(present(name, folder)) == lines(present(name, folder) | expected), stage
    assert lines(present(name, folder)) == lines(whole.files())


@pytest.mark.parametrize("name", BEHAVING)
def test_what_each_run_writes_behaves(name: str, tmp_path: Path) -> None:
    """Where the order of declarations differs too."""
    folder = tmp_path / name
    goldens.migration(name).write({}, folder)
    python = shared.PYTHONS[-1]
    for stage in Stage:
        found = taken_on(name, folder, stage)
        assert {each.stage for each in found.planned} == {stage}
        texts = present(name, folder)
        libraries = shared.built(texts, name, python, tmp_path / stage.label)
        shared.behaves(name, python, libraries)
    assert shared.isolation(name, python, libraries) == {}


@pytest.mark.parametrize("name", ["caches", "shapes"])
def test_no_run_goes_back(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    goldens.migration(name).write({}, folder)
    taken_on(name, folder, Stage.ACCESS)
    before = present(name, folder)
    found = taken_on(name, folder, Stage.STATE)
    assert [each.stage for each in found.planned] == [Stage.ACCESS]
    assert present(name, folder) == before


def test_what_a_converter_gets_is_not_taken_back(tmp_path: Path) -> None:
    """Stage access hands the state on in a struct of its own there, which is refused later."""
    folder = tmp_path / "hooks"
    goldens.migration("hooks").write({}, folder)
    taken_on("hooks", folder, Stage.ACCESS)
    before = present("hooks", folder)
    found = taken_on("hooks", folder, Stage.ISOLATED)
    hooks = next(each for each in found.planned if each.found.name == "hooks")
    assert hooks.result().status == REFUSED
    assert [each.reason for each in hooks.result().refusals] == ["staged"]
    assert lines(present("hooks", folder)) == lines(before)
