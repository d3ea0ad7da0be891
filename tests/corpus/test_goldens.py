"""The original corpus, migrated: as recorded, sound at every stage, and isolated where it says so.

`UPDATE_GOLDEN=1` records what the engine makes now, of every extension whose new text compiles,
behaves, and passes the probe.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from isolate_ext.project import Interpreter, find_interpreters
from isolate_ext.report.results import ALREADY, OPTED_OUT


def load(name: str, path: Path) -> ModuleType:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


HERE = Path(__file__).parent
CORPUS = HERE.parents[1] / "corpus"
check: Any = load("corpus_check", CORPUS / "check.py")
goldens: Any = load("corpus_goldens", HERE / "goldens.py")
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
NAMES: list[str] = check.names()
ISOLATED = ("caches", "csvlite", "dbwrap", "dualpy", "fixednum", "halfway", "shapes", "structs")
"""Those that reach the last stage; a change that loses one is a regression."""


def oldest_and_newest() -> list[Interpreter]:
    found = [it for it in find_interpreters() if it.include is not None]
    wanted = ((3, 9), (3, 13))
    return [
        next(it for it in found if it.version[:2] == each)
        for each in wanted
        if any(it.version[:2] == each for it in found)
    ]


PYTHONS = oldest_and_newest()


def built(texts: dict[str, bytes], name: str, python: Interpreter, folder: Path) -> Path:
    """The libraries of a copy of the extension's folder with some texts in place."""
    source = folder / "source"
    goldens.migration(name).write(texts, source)
    libraries: Path = check.build(source, python.path, folder / "libraries")
    return libraries


def behaves(name: str, python: Interpreter, libraries: Path) -> None:
    outcome = check.run_behaviour(name, python.path, libraries)
    assert outcome.passed, outcome.output
    assert set(outcome.results.values()) == {"ok"}, outcome.output


def isolation(name: str, python: Interpreter, libraries: Path) -> dict[str, list[str]]:
    """Per isolated extension what the probe found wrong."""
    from isolate_ext.verify.drive import probe

    rungs = ["reimport", "cycles", "protocol"]
    if python.version >= (3, 13):
        rungs.append("own-gil")
    problems = {}
    for extension in goldens.migration(name).isolated:
        library = next(libraries.glob(f"{extension}.*"))
        result = probe(library, python.path, rungs=rungs, cycles=200)
        problems[extension] = [
            f"{rung}: {found['status']}: {'; '.join(found['problems'])}"
            for rung, found in result["rungs"].items()
            if found["status"] != "ok"
        ] + result["crashes"]
        missing = {*rungs} - set(result["rungs"])
        problems[extension] += [f"{rung}: not tried" for rung in sorted(missing)]
    return {extension: found for extension, found in problems.items() if found}


def test_the_pythons_are_there() -> None:
    assert PYTHONS, "no Python 3.9 or 3.13 with headers was found"


@pytest.mark.parametrize("python", PYTHONS, ids=lambda it: it.label)
@pytest.mark.parametrize("name", NAMES)
def test_every_stage_builds_and_behaves(name: str, python: Interpreter, tmp_path: Path) -> None:
    """Without a warning, as the original does; the last one also passes the probe."""
    stages = goldens.migration(name).stages()
    for stage, texts in stages.items():
        libraries = built(texts, name, python, tmp_path / stage.label)
        behaves(name, python, libraries)
    if goldens.migration(name).isolated:
        assert isolation(name, python, libraries) == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_text_is_as_recorded(name: str, tmp_path: Path) -> None:
    made = goldens.migration(name)
    new = {**made.files(), "result.txt": made.result().encode()}
    if UPDATE and made.golden() != new:
        for python in PYTHONS:
            libraries = built(made.files(), name, python, tmp_path / python.label)
            behaves(name, python, libraries)
            assert isolation(name, python, libraries) == {}
        made.record()
    assert made.golden() == new


@pytest.mark.parametrize("name", ISOLATED)
def test_these_are_isolated(name: str) -> None:
    made = goldens.migration(name)
    assert made.isolated == tuple(each.found.name for each in made.planned), made.result()


def test_what_hooks_into_the_process_opts_out() -> None:
    """The line editor keeps one function pointer a process: nothing pretends to isolate it."""
    made = goldens.migration("lineedit")
    (result,) = [each.result() for each in made.planned]
    assert result.status == OPTED_OUT and not result.refusals
    hooked = [each.message for each in result.notes if each.rule == "load-once"]
    assert "termline_complete_word" in hooked[0]
    assert "termline_before_line" in hooked[1]
    (text,) = made.files().values()
    assert b"Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED" in text and b"PER_INTERPRETER" not in text


@pytest.mark.parametrize("python", PYTHONS, ids=lambda it: it.label)
def test_the_csv_bug_is_gone(python: Interpreter, tmp_path: Path) -> None:
    libraries = built(goldens.migration("csvlite").files(), "csvlite", python, tmp_path)
    done = subprocess.run(
        [str(python.path), "-B", str(CORPUS / "csvlite" / "scene.py")],
        env={**os.environ, "PYTHONPATH": str(libraries)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_second_run_changes_nothing(name: str, tmp_path: Path) -> None:
    """Over what is isolated; the rest is refused again, for the same reasons."""
    made = goldens.migration(name)
    again = tmp_path / name
    made.write(made.files(), again)
    outcomes = goldens.migrated_folder(again)
    for each in outcomes.planned:
        if each.found.name in made.finished:
            assert each.result().status == ALREADY, outcomes.result()
            assert not each.texts()
