"""`isolate-ext verify` from outside: whole projects, and all that can be wrong with them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from legacy import MODULE, clean, git, repository, setup_py, write_tree

from isolate_ext.cli.guard import guarded
from isolate_ext.project import find_interpreters

COMMAND = [sys.executable, "-c", "from isolate_ext.cli.main import run; run()"]
NEWEST = find_interpreters()[0]
CORPUS = Path(__file__).parents[2] / "corpus"
BUILD = """\
set -e
include=$(python -c "import sysconfig; print(sysconfig.get_path('include'))")
eval $CC $CFLAGS -Wall -fPIC -I$include -c spam.c -o spam.o
eval $CC -shared spam.o -o spam.so
"""
FAILING_TEST = "import spam\n\ndef test_error():\n    assert issubclass(spam.Error, KeyError)\n"
UNITTEST = """\
import unittest
import spam

class Errors(unittest.TestCase):
    def test_fails(self):
        with self.assertRaises(spam.Error):
            spam.fail()

    def test_is_broken(self):
        self.assertTrue(issubclass(spam.Error, KeyError))
"""
PLAIN = """\
import signal
import spam

def test_raises():
    try:
        spam.fail()
    except spam.Error:
        return
    raise AssertionError

def test_signal():
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)

def test_with_fixture(fixture):
    pass

class TestPlain:
    def test_name(self):
        assert spam.Error.__name__ == "Error"

    def test_broken(self):
        assert spam.Error.__name__ == "Wrong"
"""
Result = tuple[int, dict[str, Any], str]
Run = Callable[..., Result]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Builds of these tests go to one folder, whose name a shell would split."""
    folder = tmp_path_factory.mktemp("a cache")
    kept = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    yield folder
    if kept is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = kept


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """run(project, *words) -> exit code, the JSON document, stderr; no traceback anywhere."""

    def verify(
        root: Path, *words: str, build: str = "sh build.sh", rung: str = "surface"
    ) -> Result:
        capsys.readouterr()
        given = ["verify", str(root), "--output-format", "json", "--python", NEWEST.label]
        chosen = ["--rung", rung] if rung else []
        command = ["--build-command", build] if build else []
        code = guarded([*given, *chosen, *command, *words])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        document = json.loads(out)
        assert document["exit_code"] == code
        return code, document, err

    return verify


def spam(root: Path, code: str = "", at_import: str = "") -> Path:
    """A project of one module, which does something when it is imported."""
    includes = "#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
    source = MODULE.format(name="spam", code=includes + code, methods="", body=at_import)
    return write_tree(root, {"spam.c": source, "build.sh": BUILD})


def legacy(root: Path) -> Path:
    files = {"spam.c": clean(), "build.sh": BUILD, "setup.py": setup_py("spam")}
    return write_tree(root, dict(files))


def rungs(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rungs of all modules and of the build, by name."""
    (python,) = document["pythons"]
    modules = [rung for module in python["modules"] for rung in module["rungs"]]
    return {rung["name"]: rung for rung in [*python["rungs"], *modules]}


def problems(document: dict[str, Any], name: str) -> str:
    return " | ".join(rungs(document)[name]["problems"])


def test_a_migration_is_verified_against_its_journal(run: Run, tmp_path: Path, cache: Path) -> None:
    root = legacy(tmp_path / "a proj\u00e9ct")
    code, document, _ = run(root, rung="reimport")
    assert (code, rungs(document)["reimport"]["verdict"]) == (4, "fails")
    assert guarded(["migrate", str(root), "--no-compile"]) == 0
    code, document, _ = run(root, rung="reimport")
    assert (code, document["before"]) == (0, "the files as they were before the last migration")
    assert rungs(document)["reimport"]["before"] == "failed"
    made = {path: path.stat().st_mtime_ns for path in cache.rglob("build.json")}
    again = run(root, rung="reimport")[1]
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("build.json")} == made
    assert [(each["name"], each["verdict"]) for each in rungs(again).values()] == [
        (each["name"], each["verdict"]) for each in rungs(document).values()
    ]


def test_the_text_of_a_pull_request(run: Run, tmp_path: Path, capsys: Any) -> None:
    root = legacy(tmp_path / "p")
    words = ["--python", NEWEST.label, "--build-command", "sh build.sh", "--rung", "reimport"]
    assert guarded(["verify", str(root), "--pr-body", *words]) == 2
    assert "--pr-body needs the original" in capsys.readouterr().err
    write_tree(root, {"setup.py": setup_py("spam", "eggs"), "eggs.c": clean("eggs")})
    assert guarded(["migrate", str(root), "--no-compile"]) == 0
    (root / "spam.c").write_text((root / "spam.c").read_text() + "/* more */\n")
    capsys.readouterr()
    assert guarded(["verify", str(root), "--pr-body", *words]) == 0
    text = capsys.readouterr().out
    assert text.startswith("## Why\n\nWhat the C code of `spam` and `eggs` keeps in globals")
    assert "`spam`, re-import: `shared: type spam.Error`" in text
    assert "Edited by hand after the migration: `spam.c`." in text
    assert "Result: verified, without eggs." in text
    assert "### eggs\n\n| rung |" in text and "| built | not judged |" in text
    assert "| re-import | holds (failed -> ok) |" in text


def test_what_is_not_built_here_is_not_proved(run: Run, tmp_path: Path) -> None:
    root = legacy(tmp_path / "p")
    extra = "Extension('eggs', ['eggs.c'])\n"
    write_tree(root, {"setup.py": setup_py("spam") + extra, "eggs.c": clean("eggs")})
    assert guarded(["migrate", str(root), "--no-compile"]) == 0
    code, document, _ = run(root)
    modules = {each["module"]: each for each in document["pythons"][0]["modules"]}
    (row,) = modules["eggs"]["rungs"]
    assert (code, row["name"], row["verdict"]) == (0, "built", "not judged")
    assert row["problems"] == ["not built here: setup.py does not pass it to setup()"]
    (root / "eggs.c").write_text(clean("eggs"))
    assert guarded(["migrate", str(root), "--no-compile"]) == 0
    document = run(root, "--before", str(root))[1]
    assert [each["module"] for each in document["pythons"][0]["modules"]] == ["spam"]
    assert document["notes"] == [
        "eggs did not change, and the project's build did not make it here"
    ]


def test_an_extension_of_the_corpus_is_verified(run: Run, tmp_path: Path) -> None:
    root = tmp_path / "csvlite"
    root.mkdir()
    for name in ("csvlite.c", "setup.py"):
        shutil.copy(CORPUS / "csvlite" / name, root)
    (root / "build.sh").write_text(BUILD.replace("spam", "csvlite"))
    assert guarded(["migrate", str(root), "--no-compile"]) == 0
    chosen = ["--rung", "surface", "--rung", "binary", "--rung", "cycles", "--cycles", "20"]
    code, document, _ = run(root, *chosen, rung="reimport")
    assert (code, document["exit_reason"]) == (0, "verified")
    told = {name: (rung["before"], rung["after"]) for name, rung in rungs(document).items()}
    assert told["reimport"] == told["cycles"] == ("failed", "ok")
    assert told["binary"] == ("3 objects", "0 objects")


def test_a_git_revision_is_the_baseline(run: Run, tmp_path: Path) -> None:
    root = repository(legacy(tmp_path / "p"))
    (root / "spam.c").write_text(clean().replace("spam.Error", "spam.Other"))
    code, document, _ = run(root, "--before", "HEAD")
    assert code == 4
    assert document["before"].startswith("the git revision HEAD (")
    assert git(root, "status", "--short").split() == ["M", "spam.c"]
    assert "Other" in problems(document, "surface")


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("raise(SIGSEGV);", "SIGSEGV"),
        ("abort();", "SIGABRT"),
        ("exit(0);", "ended with status 0"),
        ("for (;;) { sleep(1); }", "no result within the time limit"),
    ],
    ids=["segfault", "abort", "exit", "hang"],
)
def test_an_import_that_ends_the_process(
    run: Run, tmp_path: Path, statement: str, word: str
) -> None:
    sound, bad = spam(tmp_path / "sound"), spam(tmp_path / "bad", at_import=statement)
    code, document, _ = run(bad, "--before", str(sound), "--timeout", "3")
    assert code == 4
    assert word in problems(document, "import")
    code, document, _ = run(bad, "--before", str(bad), "--timeout", "3")
    assert code == 5
    (module,) = document["pythons"][0]["modules"]
    assert module["absent"].startswith("the original does not import: ")
    assert word in module["absent"]


def test_what_an_extension_prints_is_not_in_the_document(run: Run, tmp_path: Path) -> None:
    noise = 'for (int i = 0; i < 40000; i++) { puts("out"); fputs("err\\n", stderr); }'
    code, document, _ = run(spam(tmp_path / "p", at_import=noise + " fflush(stdout);"))
    assert (code, rungs(document)["import"]["verdict"]) == (0, "holds")


def test_a_build_that_fails(run: Run, tmp_path: Path) -> None:
    sound, bad = spam(tmp_path / "sound"), spam(tmp_path / "bad", code="#error no such luck")
    code, document, _ = run(bad, "--before", str(sound))
    assert code == 4
    assert "spam.c:7:2: error: #error no such luck" in problems(document, "built")
    code, document, _ = run(sound, "--before", str(bad))
    assert code == 5
    (python,) = document["pythons"]
    assert python["absent"].startswith("the original does not build: spam.c:7:2: error: ")
    assert Path(python["log"].rpartition("log: ")[2]).read_text().count("no such luck")


def test_a_build_that_hangs_talks_for_ever_or_gives_nothing(run: Run, tmp_path: Path) -> None:
    root = spam(tmp_path / "p")
    started = time.monotonic()
    code, document, _ = run(root, "--build-timeout", "2", build="sleep 600 & wait")
    assert (code, time.monotonic() - started < 60) == (4, True)
    assert "did not end within 2 s (see --build-timeout)" in problems(document, "built")
    code, document, _ = run(root, build="head -c 30000000 /dev/zero | tr '\\0' x; exit 3")
    assert (code, len(json.dumps(document)) < 20000) == (4, True)
    code, document, _ = run(root, build="true")
    assert code == 4
    assert problems(document, "built").endswith("the build gave no extension module")


def test_no_compiler(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = spam(tmp_path / "p")
    monkeypatch.setenv("CC", "nocc")
    code, _, err = run(root)
    assert (code, err) == (
        5,
        "isolate-ext: error: CC=nocc: no such compiler; install it, or set CC\n",
    )
    monkeypatch.delenv("CC")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    code, _, err = run(root)
    assert code == 5
    assert err.startswith("isolate-ext: error: no C compiler on PATH (gcc, cc, clang)")


def test_a_compiler_with_arguments_is_used(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = spam(tmp_path / "p", code="#ifndef WANTED\n#error no macro\n#endif")
    monkeypatch.setenv("CC", "gcc -DWANTED")
    assert run(root)[0] == 0
    monkeypatch.setenv("CC", "gcc")
    assert run(root)[0] == 4


def test_interpreters_that_are_not_there(run: Run, tmp_path: Path) -> None:
    root = spam(tmp_path / "p")
    code, _, err = run(root, "--python", "3.99")
    assert (code, err.count("\n")) == (5, 1)
    assert "3.99: no such interpreter" in err


def test_an_interpreter_without_headers(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "bare" / "bin"
    bare.mkdir(parents=True)
    script = f"#!/bin/sh\necho cpython 3 11 0\necho {bare}\necho ''\n"
    (bare / "python3.11").write_text(script)
    (bare / "python3.11").chmod(0o755)
    code, _, err = run(spam(tmp_path / "p"), "--python", str(bare / "python3.11"))
    assert (code, err.count("\n")) == (5, 1)
    assert "headers" in err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--before", "gone"], "--before gone: no such directory or file"),
        (["--workload", "gone.py"], "gone.py: no such workload file"),
        (["--rung", "nonsense"], "nonsense: no such rung"),
    ],
)
def test_usage(run: Run, tmp_path: Path, words: list[str], line: str) -> None:
    code, _, err = run(spam(tmp_path / "p"), *words)
    assert (code, err.count("\n")) == (2, 1)
    assert line in err


def test_a_module_that_the_build_does_not_make(run: Run, tmp_path: Path) -> None:
    code, document, _ = run(spam(tmp_path / "p"), "--module", "eggs")
    assert code == 5
    assert document["pythons"][0]["absent"] == "no module eggs in the build, but spam"


def test_a_cache_that_cannot_be_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    code, _, err = run(spam(tmp_path / "p"))
    assert (code, err.count("\n")) == (5, 1)
    assert "XDG_CACHE_HOME names another folder" in err


def test_nothing_can_be_installed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    code, document, _ = run(legacy(tmp_path / "p"), build="")
    assert code == 5
    absent = document["pythons"][0]["absent"]
    assert absent.startswith("cannot install build setuptools wheel for ")
    assert "--build-command 'python setup.py build_ext --inplace'" in absent


def test_a_read_only_project(run: Run, tmp_path: Path) -> None:
    root = spam(tmp_path / "p")
    os.mkfifo(root / "pipe")
    for path in (root / "spam.c", root / "build.sh", root):
        path.chmod(0o555)
    assert run(root, build="test -w . && test -w spam.c && sh build.sh")[0] == 0
    assert sorted(path.name for path in root.iterdir()) == ["build.sh", "pipe", "spam.c"]


@pytest.mark.parametrize(
    ("command", "code", "word"),
    [
        ("python -c 'import os, spam; os.kill(os.getpid(), 9)'", 5, "died of SIGKILL"),
        ("true", 5, "the test process did not load the built library"),
        ("cd fallback && PYTHONPATH= python -m unittest test_it", 5, "did not load"),
        (
            "cd other && cp ../spam.so . && python -m unittest test_it",
            5,
            "in place of the built spam",
        ),
    ],
)
def test_tests_that_do_not_count(
    run: Run, tmp_path: Path, command: str, code: int, word: str
) -> None:
    root = spam(tmp_path / "p")
    test = "import spam, unittest\nclass T(unittest.TestCase):\n    def test_a(self): pass\n"
    write_tree(
        root, {"fallback/spam.py": "", "fallback/test_it.py": test, "other/test_it.py": test}
    )
    found, document, _ = run(root, "--before", str(root), "--tests", command)
    assert found == code
    assert word in problems(document, "tests")


def test_tests_are_compared_by_their_ids(run: Run, tmp_path: Path) -> None:
    one = legacy(tmp_path / "one")
    (one / "test_spam.py").write_text(UNITTEST)
    other = tmp_path / "other"
    shutil.copytree(one, other)
    (other / "spam.c").write_text(clean().replace("{spam_error}", "PyExc_OSError").replace(
        "PyErr_SetString(spam_error,", "PyErr_SetString(PyExc_OSError,"))  # fmt: skip
    words = ["--before", str(one), "--tests", "python -m unittest test_spam"]
    code, document, _ = run(other, *words)
    assert code == 4
    assert problems(document, "tests") == "test_spam.Errors.test_fails: passed -> error"
    assert rungs(document)["tests"]["notes"][0] == "1 failed before, too"


def test_plain_tests_are_run_inside_sub_interpreters(run: Run, tmp_path: Path) -> None:
    root = legacy(tmp_path / "p")
    write_tree(root, {"tests/test_plain.py": PLAIN, "tests/test_case.py": UNITTEST})
    words = ["--tests-inside", "tests/test_*.py"]
    code, document, _ = run(root, *words)
    assert code == 4
    told = problems(document, "tests-inside")
    assert "own GIL: tests/test_plain.py::test_raises: passed in the main" in told
    assert "own GIL: spam was not loaded there: something else took its place" in told
    assert guarded(["migrate", str(root), "--no-compile"]) == 0
    code, document, _ = run(root, *words)
    rung = rungs(document)["tests-inside"]
    assert (code, rung["problems"]) == (0, [])
    assert (rung["before"], rung["after"]) == ("5 of 6, 0 of 6", "5 of 6, 5 of 6")
    assert [note for note in rung["notes"] if "own GIL" in note or "not run" in note] == [
        "own GIL: tests/test_plain.py::test_signal: passed in the main interpreter, here failed: "
        "ValueError: signal only works in main thread of the main interpreter",
        "1 not run, it takes arguments",
    ]


def test_tests_inside_that_prove_nothing(run: Run, tmp_path: Path) -> None:
    root = legacy(tmp_path / "p")
    write_tree(root, {"a.py": "def test_a(): pass\n", "b.py": "import nothing_of_that_name\n"})
    for pattern, code, word in (
        ("a.py", 5, "the tests did not load the built library"),
        ("b.py", 5, "no plain test passes in the main interpreter: b.py: failed: ModuleNotFound"),
    ):
        found, document, _ = run(root, "--tests-inside", pattern)
        assert (found, word in problems(document, "tests-inside")) == (code, True)
    dies = "import os, _interpreters, spam\ndef test_a(): _interpreters.get_current()[0] and "
    (root / "d.py").write_text(dies + "os.abort()\n")
    found, document, _ = run(root, "--tests-inside", "d.py")
    assert found == 4
    assert "shared GIL: the process died of SIGABRT in d.py::test_a" in problems(
        document, "tests-inside"
    )
    found, document, _ = run(root, "--tests-inside", "c.py")
    assert found == 5
    assert document["pythons"][0]["absent"] == "--tests-inside c.py: no such Python file here"


def test_two_at_a_time_and_a_cache_of_which_a_part_is_gone(
    run: Run, tmp_path: Path, cache: Path
) -> None:
    root = spam(tmp_path / "p", code="static int alone;")
    assert run(root)[0] == 0
    for venv in (cache / "isolate-ext/verify/builds").glob("*/venv"):
        shutil.rmtree(venv)
    words = ["verify", str(root), "--python", NEWEST.label, "--rung", "surface"]
    command = [*COMMAND, *words, "--build-command", "sh build.sh"]
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [each.wait() for each in both] == [0, 0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind(
    tmp_path: Path, cache: Path, number: signal.Signals
) -> None:
    root = spam(tmp_path / "p", at_import="for (;;) { sleep(1); }")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    words = ["verify", str(root), "--python", NEWEST.label, "--build-command", "sh build.sh"]
    environment = {**os.environ, "TMPDIR": str(scratch), "XDG_CACHE_HOME": str(cache)}
    running = subprocess.Popen(
        [*COMMAND, *words], stderr=subprocess.PIPE, text=True, env=environment
    )
    assert running.stderr is not None
    while not running.stderr.readline().startswith("probing"):
        assert running.poll() is None
    while not (probes := _mentioning(scratch)):
        time.sleep(0.1)
    running.send_signal(number)
    err = running.communicate(timeout=30)[1]
    assert running.returncode == 130
    assert err.startswith("isolate-ext: interrupted; to run it again: isolate-ext verify ")
    assert [pid for pid in probes if Path(f"/proc/{pid}").exists()] == []
    assert list(scratch.iterdir()) == []


def test_an_interrupt_ends_a_build(tmp_path: Path, cache: Path) -> None:
    root = spam(tmp_path / "p")
    mark = tmp_path / "mark"
    build = f"sh -c 'touch {mark}; sleep 600; true {mark}' & wait"
    words = ["verify", str(root), "--python", NEWEST.label, "--build-command", build]
    running = subprocess.Popen([*COMMAND, *words], stderr=subprocess.DEVNULL)
    while not mark.exists():
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 130
    deadline = time.monotonic() + 30
    while _mentioning(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _mentioning(mark) == []


def _mentioning(folder: Path) -> list[int]:
    """The processes with the folder on their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if (
                entry.name.isdigit()
                and os.fsencode(str(folder)) in (entry / "cmdline").read_bytes()
            ):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
