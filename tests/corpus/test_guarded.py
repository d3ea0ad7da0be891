"""`--init guarded` on the original corpus: loaded once in a process, and once in each runtime."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from isolate_ext.project import Interpreter
from isolate_ext.report.results import GUARDED


def load(name: str, path: Path) -> ModuleType:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


HERE = Path(__file__).parent
shared: Any = load("corpus_test_goldens", HERE / "test_goldens.py")
check, goldens = shared.check, shared.goldens
PYTHONS: list[Interpreter] = shared.PYTHONS
SLOTS_BEFORE = "halfway"
LOOKED_UP = "csvlite"
ONCE = [name for name in shared.NAMES if name not in (SLOTS_BEFORE, LOOKED_UP)]
LOADED_ONCE = [*((name, True) for name in ONCE), ("lineedit", False)]
"""On the user's word, and the one that opts out without it."""

ROUND = """
import sys
sys.path.insert(0, {folder!r})
for name in {names!r}:
    first = __import__(name)  # once the collector took it, another may be loaded
    del sys.modules[name]
    try:
        __import__(name)
    except ImportError:
        pass
    else:
        raise SystemExit(f"{{name}} was loaded twice")
"""


def built(name: str, python: Interpreter, folder: Path, guarded: bool) -> Path:
    """The libraries of an extension of the corpus, its init functions alone converted or not."""
    made = goldens.migration(name, guarded=guarded)
    source = folder / "source"
    made.write(made.files(), source)
    libraries: Path = check.build(source, python.path, folder / "libraries")
    return libraries


def modules(name: str) -> list[str]:
    return [each.found.name for each in goldens.migration(name, guarded=True).planned]


def scene(name: str, module: str, python: Interpreter, libraries: Path) -> dict[str, Any]:
    """What the attempts to load a module said, the behaviour tests having passed after them."""
    behaviour = check.folder(name) / "behaviour.py"
    done = subprocess.run(
        [str(python.path), "-B", str(HERE / "guarded_scene.py"), module, str(behaviour)],
        env={**os.environ, "PYTHONPATH": str(libraries)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[0])
    return answers


@pytest.mark.parametrize("name", ONCE)
def test_only_the_init_function_is_converted(name: str) -> None:
    made = goldens.migration(name, guarded=True)
    for each in made.planned:
        assert each.result().status == GUARDED, made.result()
    text = b"".join(made.files().values())
    assert b"PyType_FromModuleAndSpec" not in text
    assert text.count(b"Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED") == len(made.planned)


@pytest.mark.parametrize("python", PYTHONS, ids=lambda it: it.label)
@pytest.mark.parametrize(("name", "guarded"), LOADED_ONCE)
def test_every_other_load_is_refused(
    name: str, guarded: bool, python: Interpreter, tmp_path: Path
) -> None:
    """Each time anew: a copy that was refused does not open the way for the next one."""
    libraries = built(name, python, tmp_path, guarded)
    for module in modules(name):
        found = scene(name, module, python, libraries)
        once = f"refused: {module} can be loaded only once in a process"
        assert found["first"] == "loaded"
        assert found["again"] == [once] * 3
        assert found["elsewhere"]["legacy"] == [once] * 2
        assert all(said.startswith("refused: ") for said in found["elsewhere"]["isolated"])
        assert found["at last"] == [once]


@pytest.mark.parametrize("python", PYTHONS, ids=lambda it: it.label)
@pytest.mark.parametrize(("name", "guarded"), LOADED_ONCE)
def test_a_new_runtime_loads_it_again(
    name: str, guarded: bool, python: Interpreter, tmp_path: Path
) -> None:
    libraries = built(name, python, tmp_path, guarded)
    script = tmp_path / "round.py"
    text = ROUND.format(folder=str(libraries), names=modules(name))
    script.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [str(embedding(python, tmp_path)), str(script), "3"],
        env={**os.environ, "PYTHONHOME": home(python)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_module_with_slots_keeps_its_import_behaviour() -> None:
    made = goldens.migration(SLOTS_BEFORE, guarded=True)
    text = b"".join(made.files().values())
    assert b"Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED" in text
    assert b"PER_INTERPRETER_GIL" not in text and b"loaded_" not in text


def test_a_module_that_is_looked_up_is_refused() -> None:
    made = goldens.migration(LOOKED_UP, guarded=True)
    assert made.planned[0].stage is None and not made.files()
    assert "PyState_FindModule" in made.result()


def ask(python: Interpreter, expression: str) -> str:
    code = f"import sys, sysconfig; print({expression})"
    done = subprocess.run(
        [str(python.path), "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def home(python: Interpreter) -> str:
    return ask(python, "sys.base_prefix")


def embedding(python: Interpreter, folder: Path) -> Path:
    """A program that holds this Python, built from `embedding.c`."""
    flags = ask(
        python,
        "'-I' + sysconfig.get_paths()['include'], '-L' + sysconfig.get_config_var('LIBDIR'),"
        " '-L' + sysconfig.get_config_var('LIBPL'), '-Wl,-rpath,' +"
        " sysconfig.get_config_var('LIBDIR'), '-lpython' + sysconfig.get_config_var('LDVERSION'),"
        " sysconfig.get_config_var('LIBS'), sysconfig.get_config_var('SYSLIBS'),"
        " sysconfig.get_config_var('LINKFORSHARED')",
    )
    program = folder / "embedding"
    command = [os.environ.get("CC", "cc"), str(HERE / "embedding.c"), "-o", str(program)]
    subprocess.run([*command, *flags.split()], check=True)
    return program
