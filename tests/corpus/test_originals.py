"""The original corpus: builds without a warning, behaves, and its build files tell the truth."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from isolate_ext.project import Interpreter, discover, find_interpreters

ROOT = Path(__file__).resolve().parents[2]
OLDEST, NEWEST = (3, 9), (3, 13)

READ_SETUP = """
import json, os, sys
from distutils.core import run_setup
answers = {}
for directory in sys.argv[1:]:
    os.chdir(directory)
    made = run_setup("setup.py", stop_after="init").ext_modules
    answers[directory] = [
        [e.name, sorted(e.sources), sorted(e.include_dirs), sorted(e.define_macros)] for e in made]
json.dump(answers, sys.stdout)
"""


def load_check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("corpus_check", ROOT / "corpus" / "check.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


check = load_check()
NAMES: list[str] = check.names()


def one_a_version() -> list[Interpreter]:
    """The interpreters with headers, the newest of each supported minor version."""
    found: dict[tuple[int, int], Interpreter] = {}
    for interpreter in find_interpreters():
        if interpreter.include is not None and OLDEST <= interpreter.version[:2] <= NEWEST:
            found.setdefault(interpreter.version[:2], interpreter)
    return list(found.values())


INTERPRETERS = one_a_version()


def declared(name: str) -> list[list[object]]:
    """What `corpus.toml` says, in the shape in which setuptools is asked."""
    return [
        [
            extension.name,
            sorted(extension.sources),
            sorted(extension.include),
            sorted([key, value] for key, value in extension.define),
        ]
        for extension in check.extensions(check.folder(name))
    ]


def test_the_corpus_is_there() -> None:
    assert len(NAMES) >= 9
    assert INTERPRETERS, "no interpreter with headers was found"


@pytest.mark.parametrize("interpreter", INTERPRETERS, ids=lambda it: it.label)
@pytest.mark.parametrize("name", NAMES)
def test_builds_without_a_warning_and_behaves(
    name: str, interpreter: Interpreter, tmp_path: Path
) -> None:
    libraries = check.build(name, interpreter.path, tmp_path, werror=True)
    outcome = check.run_behaviour(name, interpreter.path, libraries)
    assert outcome.passed, outcome.output
    assert set(outcome.results.values()) == {"ok"}, outcome.output
    assert f"Ran {len(outcome.results)} tests" in outcome.output


@pytest.mark.parametrize("interpreter", INTERPRETERS, ids=lambda it: it.label)
def test_the_legacy_reader_has_the_csv_bug(interpreter: Interpreter, tmp_path: Path) -> None:
    libraries = check.build("csvlite", interpreter.path, tmp_path)
    done = subprocess.run(
        [str(interpreter.path), "-B", str(ROOT / "corpus" / "csvlite" / "scene.py")],
        env={**os.environ, "PYTHONPATH": str(libraries)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "did not catch it" in done.stdout


def test_every_setup_py_says_what_corpus_toml_says() -> None:
    folders = [
        str(check.folder(name)) for name in NAMES if (check.folder(name) / "setup.py").exists()
    ]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "import setuptools\n" + READ_SETUP, *folders],
        capture_output=True,
        text=True,
        check=True,
    )
    answers = {Path(folder).name: answer for folder, answer in json.loads(done.stdout).items()}
    assert {name: sorted(answer) for name, answer in answers.items()} == {
        name: sorted(declared(name)) for name in answers
    }
    assert len(answers) >= len(NAMES) - 1


@pytest.mark.parametrize(
    "name", [name for name in NAMES if not (check.folder(name) / "setup.py").exists()]
)
def test_a_pyproject_says_what_corpus_toml_says(name: str) -> None:
    text = (check.folder(name) / "pyproject.toml").read_text(encoding="utf-8")
    modules = tomllib.loads(text)["tool"]["setuptools"]["ext-modules"]
    assert [[it["name"], sorted(it["sources"]), [], []] for it in modules] == declared(name)


@pytest.mark.parametrize("name", NAMES)
def test_discovery_finds_what_corpus_toml_says(name: str) -> None:
    found = [
        [
            it.name,
            sorted(it.sources),
            sorted(it.include_dirs),
            sorted(list(macro) for macro in it.macros),
        ]
        for it in discover(check.folder(name)).extensions
    ]
    assert sorted(found) == sorted(declared(name))


def test_the_styles_differ() -> None:
    """One source has CRLF line ends, some indent with tabs, some with spaces."""
    texts = {
        name: next(iter(sorted(check.folder(name).rglob("*.c")))).read_bytes() for name in NAMES
    }
    assert texts["caches"].count(b"\r\n") == texts["caches"].count(b"\n")
    assert sum(b"\r" in text for text in texts.values()) == 1
    assert sum(b"\n\t" in text for text in texts.values()) >= 2
    assert sum(b"\n    " in text for text in texts.values()) >= 4


def test_mistakes_are_told_in_a_line(tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "corpus" / "check.py")]
    for arguments, words in (
        (["nonsense"], "no corpus extension 'nonsense'; known: caches, csvlite"),
        (["structs", "--python", str(tmp_path / "python")], "cannot run"),
        (["structs", "--source", str(tmp_path)], "no corpus extension"),
    ):
        done = subprocess.run([*script, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_a_failing_behaviour_is_told(tmp_path: Path) -> None:
    for path in check.folder("structs").iterdir():
        if path.is_dir():
            continue
        text = path.read_bytes().replace(b"PyLong_FromLong(days / 7)", b"PyLong_FromLong(days / 8)")
        (tmp_path / path.name).write_bytes(text)
    libraries = check.build(tmp_path, INTERPRETERS[0].path, tmp_path / "out")
    outcome = check.run_behaviour("structs", INTERPRETERS[0].path, libraries)
    assert not outcome.passed
    assert outcome.results["__main__.SpanTests.test_between"] == "FAIL"
