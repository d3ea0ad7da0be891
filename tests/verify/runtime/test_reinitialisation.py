"""Three runtimes in one process: what outlives one is found, and a clean module passes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from isolate_ext.project import Interpreter, choose_interpreters
from isolate_ext.verify.drive import Rung, Subject
from isolate_ext.verify.process import VerifyError
from isolate_ext.verify.runtime.host import build_host
from isolate_ext.verify.runtime.reinitialisation import Host, Life, lasting, reinitialise

HERE = Path(__file__).parent
PYTHONS = choose_interpreters([])
NEWEST = PYTHONS[0]
RELIC = HERE / "relic.c"
Climb = Callable[..., Rung]

newest_and_oldest = pytest.mark.parametrize(
    "python", (NEWEST, PYTHONS[-1]), ids=lambda each: each.label
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def climb(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Climb:
    """climb(python, source, *macros) -> the rung of that extension, in a folder with a space."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))

    def climb(python: Interpreter, source: Path, *macros: str, timeout: float = 60.0) -> Rung:
        library = compiled(python, source, tmp_path / "a földer", *macros)
        name = library.stem
        subject = Subject(name, str(library), prefixes=(name,))
        return reinitialise(subject, python.path, tmp_path / "scratch", timeout=timeout)

    return climb


def compiled(python: Interpreter, source: Path, folder: Path, *macros: str) -> Path:
    folder.mkdir()
    library = folder / f"{source.stem.partition('_')[0]}.so"
    defined = [f"-D{each}" for each in macros]
    command = ["gcc", "-shared", "-fPIC", "-g", f"-I{python.include}", *defined, str(source)]
    subprocess.run([*command, "-o", str(library)], check=True)
    return library


@pytest.mark.parametrize("python", PYTHONS, ids=lambda each: each.label)
def test_a_clean_module_passes(climb: Climb, python: Interpreter) -> None:
    rung = climb(python, HERE.parent / "ticket_isolated.c")
    assert (rung.status, rung.problems) == ("ok", ())
    assert rung.data["runtimes"] == 3 and rung.data["calls"] > 100
    assert rung.data["memory"] == []
    assert rung.data.get("taken away", False) is (python.version >= (3, 12))


@pytest.mark.parametrize("python", PYTHONS, ids=lambda each: each.label)
def test_a_static_type_and_error_are_named(climb: Climb, python: Interpreter) -> None:
    rung = climb(python, HERE.parent / "ticket_legacy.c")
    assert rung.status == "failed"
    assert "static Ticket_Type still points to an object of runtime 1" in rung.problems
    assert not any("is not there" in line for line in rung.problems)


@newest_and_oldest
def test_an_object_that_a_static_keeps(climb: Climb, python: Interpreter) -> None:
    rung = climb(python, RELIC, "KEPT_OBJECT")
    assert rung.status == "failed"
    assert rung.problems == ("static cache still points to an object of runtime 1",)


def test_an_object_that_memory_elsewhere_keeps(climb: Climb) -> None:
    assert NEWEST.version >= (3, 12), "no Python here that uses nothing of an earlier runtime"
    rung = climb(NEWEST, RELIC, "HIDDEN_OBJECT")
    assert rung.status == "crashed"
    assert rung.problems == (
        "runtime 2 dies in the exercise (touch()): SIGSEGV, "
        "touches an object of runtime 1, in relic_touch of relic.so",
    )


@newest_and_oldest
def test_memory_that_is_no_object_is_told_of(climb: Climb, python: Interpreter) -> None:
    rung = climb(python, RELIC, "KEPT_BUFFER")
    assert rung.status == "ok" and rung.data["memory"] == ["buffer"]


def test_memory_that_is_freed_is_there_for_later_runtimes(climb: Climb) -> None:
    assert climb(NEWEST, RELIC, "MUCH_MEMORY").status == "ok"


@newest_and_oldest
def test_a_flag_that_is_never_reset(climb: Climb, python: Interpreter) -> None:
    rung = climb(python, RELIC, "LOAD_ONCE")
    assert rung.status == "failed"
    assert rung.problems == tuple(
        f"runtime {number}: builtins.ImportError: cannot load relic more than once a process"
        for number in (2, 3)
    )


def test_a_call_that_works_in_the_first_runtime_only(climb: Climb) -> None:
    rung = climb(NEWEST, RELIC, "WORKS_ONCE")
    assert rung.status == "failed"
    assert rung.problems == ("runtime 2: touch() ! builtins.RuntimeError, first -> builtins.int",)


@newest_and_oldest
def test_a_result_that_hangs_on_addresses_is_not_compared(
    climb: Climb, python: Interpreter
) -> None:
    assert climb(python, RELIC, "ADDRESSES").problems == ()


def life(first: str, second: str, **more: str) -> Life:
    results = [
        {"ok": True, "outcomes": {"touch()": outcome}, "unsteady": []}
        for outcome in (first, second)
    ]
    return Life(more.get("status", "ok"), more.get("ending", ""), (), tuple(results))


@pytest.mark.parametrize(
    ("again", "told"),
    [
        (life("-> int", "-> str"), ["runtime 2: touch() -> str, first -> int"]),
        (life("-> str", "-> int"), []),
        (life("-> int", "-> int"), []),
        (life("-> int", "-> int", status="crashed", ending="it dies"), ["it dies"]),
    ],
)
def test_a_result_must_change_in_another_process_too(again: Life, told: list[str]) -> None:
    host = cast(Host, SimpleNamespace(live=lambda take: again))
    assert lasting(host, life("-> int", "-> str"), take=False) == told


@newest_and_oldest
@pytest.mark.parametrize(
    ("macro", "said"),
    [
        ("CRASHES", "dies in the exercise (touch()): SIGSEGV, in relic_touch of relic.so"),
        ("LEAVES", "dies in the exercise (touch()): exit status 3"),
        ("DIES_AT_THE_END", "dies in ending it: SIGSEGV, in relic_free of relic.so"),
    ],
)
def test_how_a_process_dies(climb: Climb, python: Interpreter, macro: str, said: str) -> None:
    rung = climb(python, RELIC, macro)
    assert rung.status == "crashed" and rung.problems[0] == f"runtime 2 {said}"


def test_the_fatal_error_is_told(climb: Climb) -> None:
    rung = climb(NEWEST, RELIC, "ABORTS")
    (line,) = rung.problems
    assert line.startswith("runtime 2 dies in the exercise (touch()): SIGABRT, Fatal Python error")
    assert "no more" in line and line.endswith(", in relic_touch of relic.so")


def test_one_that_hangs(climb: Climb) -> None:
    rung = climb(NEWEST, RELIC, "HANGS", timeout=12.0)
    assert rung.status == "hung"
    assert rung.problems == ("runtime 2 hangs in the exercise (touch())",)


def test_by_name_and_with_a_module_that_does_not_survive(
    climb: Climb, tmp_path: Path, cache: Path
) -> None:
    """What the extension imports is to blame, so nothing is said of the extension."""
    compiled(NEWEST, RELIC, tmp_path / "site", "LOAD_ONCE", "DIES_AT_THE_END")
    (tmp_path / "site" / "package").mkdir()
    (tmp_path / "site" / "package" / "__init__.py").write_text("import relic\n")
    subject = Subject("package", None, (str(tmp_path / "site"),), ("package",))
    rung = reinitialise(subject, NEWEST.path, tmp_path / "scratch")
    assert rung.status == "absent"
    assert rung.data["why"].startswith("modules that it imports do not survive re-initialisation: ")


def test_calls_may_be_left_out(climb: Climb, tmp_path: Path) -> None:
    library = compiled(NEWEST, RELIC, tmp_path / "folder", "CRASHES")
    subject = Subject("relic", str(library), prefixes=("relic",))
    rung = reinitialise(subject, NEWEST.path, tmp_path / "scratch", skip=["touch"])
    assert rung.status == "ok"


def test_the_host_is_built_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    first = build_host(NEWEST.path)
    made = first.stat().st_mtime_ns
    assert build_host(NEWEST.path) == first and first.stat().st_mtime_ns == made


def test_an_interpreter_without_its_library(climb: Climb, tmp_path: Path) -> None:
    facts = {"identity": ["3.13.0", "", ""], "prefix": str(tmp_path), "include": []}
    names = "Py_ENABLE_SHARED LDLIBRARY LIBRARY LDVERSION LIBDIR LIBPL LIBS SYSLIBS LINKFORSHARED"
    answer = json.dumps({**dict.fromkeys(names.split(), ""), **facts, "LDLIBRARY": "libpy.so"})
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{answer}'\n")
    python.chmod(0o755)
    with pytest.raises(VerifyError, match=r"comes without libpy\.so"):
        build_host(python)
    rung = reinitialise(Subject("relic"), python, tmp_path / "scratch")
    assert rung.status == "absent" and "comes without libpy.so" in rung.data["why"]
