"""Finding builds of every kind, and choosing among them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from isolate_ext.project import (
    Interpreter,
    ProjectError,
    choose_interpreters,
    default_interpreters,
    find_builds,
    find_debug_build,
    find_interpreters,
)
from isolate_ext.project.interpreters import asked, inspect

CACHED = (find_builds, find_interpreters, asked)


@pytest.fixture
def only_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with nothing but what the test puts there; the running interpreter is found too."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for each in CACHED:
        each.cache_clear()
    yield tmp_path
    for each in CACHED:
        each.cache_clear()


def install(prefix: Path, version: str, flags: str = "", headers: bool = True) -> Path:
    """Files as an installation has them; the interpreter is never run."""
    name = f"python{version.rpartition('.')[0]}{flags}"
    include = prefix / "include" / name
    include.mkdir(parents=True)
    (include / "patchlevel.h").write_text(f'#define PY_VERSION "{version}"\n')
    if headers:
        (include / "Python.h").write_text("")
    executable = prefix / "bin" / name
    executable.parent.mkdir(exist_ok=True)
    executable.write_text("#!/bin/false\n")
    executable.chmod(0o755)
    return executable


def labels(found: tuple[Interpreter, ...]) -> list[str]:
    here = "{}.{}.{}".format(*sys.version_info[:3])
    return [each.label for each in found if each.label != here]


def test_builds_of_every_kind_and_place(only_here: Path) -> None:
    install(only_here, "3.90.1")
    install(only_here / ".pyenv/versions/3.91.0", "3.91.0", "t")
    install(only_here / ".local/share/uv/python/cpython-3.92", "3.92.3", "td")
    install(only_here / ".cache/isolate-ext/debug-python/3.93.4", "3.93.4", "d")
    assert labels(find_builds()) == ["3.93.4d", "3.92.3td", "3.91.0t", "3.90.1"]
    assert labels(find_interpreters()) == ["3.90.1"]
    kinds = {each.label: (each.debug, each.free_threaded) for each in find_builds()}
    assert kinds["3.93.4d"] == (True, False)
    assert kinds["3.92.3td"] == (True, True)
    assert kinds["3.91.0t"] == (False, True)
    assert all(not each.flags for each in default_interpreters())


def test_a_version_is_found_with_its_headers_before_one_without(only_here: Path) -> None:
    install(only_here, "3.90.1", headers=False)
    with_headers = install(only_here / ".pyenv/versions/3.90.0", "3.90.0")
    assert [each.path for each in choose_interpreters(["3.90"])] == [with_headers]


def test_a_version_may_name_its_flags_and_micro(only_here: Path) -> None:
    install(only_here, "3.90.1")
    install(only_here / ".pyenv/versions/a", "3.90.0")
    install(only_here / ".pyenv/versions/b", "3.90.2", "d")
    install(only_here / ".pyenv/versions/c", "3.90.2", "t")
    chosen = choose_interpreters(["3.90", "3.90.0", "3.90d", "python3.90t", "3.90"])
    assert labels(chosen) == ["3.90.1", "3.90.0", "3.90.2d", "3.90.2t"]


def test_a_path_is_taken_as_it_is(only_here: Path) -> None:
    apart = install(only_here / "elsewhere", "3.94.0")
    assert [each.path for each in choose_interpreters([str(apart)])] == [apart]
    link = only_here / "venv/bin/python"
    link.parent.mkdir(parents=True)
    link.symlink_to(apart)
    assert [each.path for each in choose_interpreters([str(link)])] == [apart]
    assert [each.path for each in choose_interpreters([str(only_here / "venv")])] == [apart]


def test_all_that_fit_are_the_newest_of_each_minor_version(
    only_here: Path,
) -> None:
    install(only_here, "3.90.1")
    install(only_here / ".pyenv/versions/a", "3.90.4")
    install(only_here / ".pyenv/versions/b", "3.91.0", headers=False)
    install(only_here / ".pyenv/versions/c", "3.92.0")
    install(only_here / ".pyenv/versions/d", "3.92.1", "d")
    install(only_here / ".pyenv/versions/e", "3.8.2")
    assert labels(choose_interpreters([], None)) == ["3.92.0", "3.90.4"]
    assert labels(choose_interpreters([], ">=3.89")) == ["3.92.0", "3.90.4"]
    assert labels(choose_interpreters([], ">=3.89,<3.91")) == ["3.90.4"]
    assert labels(choose_interpreters([], "^3.92")) == ["3.92.0"]
    assert labels(choose_interpreters([], "what?")) == ["3.92.0", "3.90.4"]


def test_a_debug_build_of_the_same_kind(only_here: Path) -> None:
    install(only_here, "3.90.1")
    install(only_here / ".pyenv/versions/a", "3.91.1")
    install(only_here / ".pyenv/versions/b", "3.90.3", "td")
    install(only_here / ".pyenv/versions/c", "3.90.2", "d")
    (regular,) = choose_interpreters(["3.90"])
    (other,) = choose_interpreters(["3.91"])
    debug = find_debug_build(regular)
    assert debug is not None and debug.label == "3.90.2d" and find_debug_build(debug) is debug
    assert find_debug_build(other) is None


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("3.95", "3.95: no such interpreter; found: "),
        ("3.90t", "3.90t: no such interpreter; found: "),
        ("./nowhere/python", "./nowhere/python: no such interpreter; found: "),
        ("nonesuch", "nonesuch: no such interpreter; found: "),
        ("3.8", "3.8: is Python 3.8.2; 3.9 is the oldest"),
        ("3.91", "3.91: {}/.pyenv/versions/b/bin/python3.91 has no headers (Python.h); "),
    ],
)
def test_what_is_not_there_is_said_in_one_line(only_here: Path, wanted: str, message: str) -> None:
    install(only_here, "3.90.1")
    install(only_here / ".pyenv/versions/b", "3.91.0", headers=False)
    install(only_here / ".pyenv/versions/e", "3.8.2")
    with pytest.raises(ProjectError) as raised:
        choose_interpreters([wanted])
    said = str(raised.value)
    assert said.startswith(message.format(only_here)) and "\n" not in said
    assert "found" not in said or ("3.91.0 (no headers), 3.90.1" in said and "3.8.2" not in said)
    assert raised.value.exit_code == 5


def test_nothing_fits(only_here: Path) -> None:
    with pytest.raises(ProjectError, match=r"requires-python >=3\.95: no interpreter with headers"):
        choose_interpreters([], ">=3.95")


def test_an_interpreter_is_asked_once(only_here: Path) -> None:
    log = only_here / "log"
    executable = only_here / "bin" / "python3.96"
    executable.parent.mkdir()
    executable.write_text(
        f"#!/bin/sh\necho asked >>{log}\necho cpython 3 96 0\necho {only_here}\necho d\n"
    )
    executable.chmod(0o755)
    first, second = inspect(executable), inspect(executable)
    assert first == second and first is not None and first.label == "3.96.0d"
    assert log.read_text() == "asked\n"


@pytest.mark.parametrize("answer", ["pypy 3 96 0", "cpython 2 7 18", "rubbish"])
def test_what_is_no_cpython_3_is_none(only_here: Path, answer: str) -> None:
    executable = only_here / "bin" / "python3.96"
    executable.parent.mkdir()
    executable.write_text(f"#!/bin/sh\necho {answer}\necho /nowhere\necho\n")
    executable.chmod(0o755)
    assert inspect(executable) is None
