"""The command line from outside: codes, streams, words."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from legacy import NOTED, clean, setup_py, snapshot, stubborn

from isolate_ext.cli.guard import guarded

Tree = Callable[[dict[str, str | bytes]], Path]
COMMAND = [sys.executable, "-c", "from isolate_ext.cli.main import run; run()"]


def outside(words: Sequence[str], **options: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **options}
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, env=environment, check=False
    )


@pytest.fixture
def project(tree: Tree) -> Path:
    return tree({"setup.py": setup_py("spam"), "spam.c": clean()})


def test_the_version_is_quick() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = outside(["--version"])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert done.stdout.startswith("isolate-ext ")
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


def test_heavy_libraries_wait_until_they_are_needed() -> None:
    code = (
        "import sys, isolate_ext.cli.commands\n"
        "heavy = {'libcst', 'tree_sitter', 'rich', 'isolate_ext.engine', 'isolate_ext.project'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("words", [["migrate"], ["migrate", "--dry-run"], ["audit"]])
def test_a_mistake_in_the_configuration_is_told_with_its_place(
    words: list[str], project: Path
) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.isolate-ext.symbols]\nspam_eror = { level = "module", reason = "so" }\n'
        'other = { level = "modul", reason = "so" }\n'
    )
    before = snapshot(project)
    done = outside([*words, str(project)])
    assert (done.returncode, done.stdout.count("diff --git")) == (2, 0)
    assert "pyproject.toml:3:11: 'level' cannot be 'modul'; did you mean 'module'?" in done.stderr
    (project / "pyproject.toml").write_text(
        '[tool.isolate-ext.symbols]\nspam_eror = { level = "module", reason = "so" }\n'
    )
    done = outside([*words, str(project)])
    assert done.returncode == 2
    assert (
        "pyproject.toml:2:1: no variable with static storage is called 'spam_eror'" in done.stderr
    )
    assert "did you mean 'spam_error'?" in done.stderr
    assert snapshot(project)["spam.c"] == before["spam.c"]


def test_the_proposed_configuration_alone_is_on_stdout(project: Path) -> None:
    (project / "spam.c").write_text(NOTED)
    before = snapshot(project)
    done = outside(["audit", str(project), "--write-config"])
    assert done.stdout.startswith("diff --git a/")
    assert "+[symbols.note]" in done.stdout
    assert "not written; --apply does" in done.stderr
    assert snapshot(project) == before
    done = outside(["audit", str(project), "--write-config", "--apply"])
    assert "written; give each entry its reason" in done.stderr
    done = outside(["audit", str(project)])
    assert done.returncode == 2
    assert "isolate-ext.toml:1:10: 'note' does not say why" in done.stderr
    assert outside(["audit", str(project), "--apply"]).returncode == 2


def test_the_patch_alone_is_on_stdout(project: Path) -> None:
    done = outside(["migrate", str(project), "--dry-run", "--no-compile"])
    assert done.returncode == 1
    assert done.stdout.startswith("diff --git a/")
    assert "Summary" in done.stderr
    assert "Summary" not in done.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 2),
        (["--help"], 0),
        (["migrate", "--help"], 0),
        (["migrate"], 2),
        (["nonsense"], 2),
        (["migrate", "--nonsense", "."], 2),
        (["migrate", ".", "--stage", "nonsense"], 2),
        (["migrate", ".", "--target", "four"], 2),
        (["migrate", ".", "--cflags", "'"], 2),
        (["migrate", ".", "--commit", "--dry-run"], 2),
        (["migrate", ".", "--rule", "nonsense"], 2),
        (["migrate", "nowhere"], 2),
        (["discover", "nowhere"], 2),
        (["parse", "nowhere"], 2),
        (["batch", "nowhere"], 2),
        (["rule", "nonsense"], 2),
    ],
)
def test_usage(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(words) == code
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    if words and code == 2:
        assert "isolate-ext: error: " in err
        assert out == ""


def test_the_codes_of_a_migration(tree: Tree, project: Path) -> None:
    run = ["migrate", str(project), "--no-compile"]
    assert guarded([*run, "--dry-run"]) == 1
    assert guarded(run) == 0
    assert guarded(run) == 0
    (project / "spam.c").write_text(stubborn())
    assert guarded(run) == 3


def test_an_interrupt_is_130_and_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(words: Sequence[str]) -> int:
        raise KeyboardInterrupt

    assert guarded(["migrate", "a b"], interrupt) == 130
    assert "isolate-ext migrate 'a b'" in capsys.readouterr().err


def test_a_real_interrupt(tree: Tree) -> None:
    files = {f"p{i}/{name}": text for i in range(40)
             for name, text in (("setup.py", setup_py("spam")), ("spam.c", clean()))}  # fmt: skip
    root = tree(dict(files))
    running = subprocess.Popen(
        [*COMMAND, "batch", str(root), "--no-compile", "--dry-run", "-j", "2"],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert running.stderr is not None
    running.stderr.readline()
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 130, err
    assert "Traceback" not in out + err


def test_an_internal_error_is_70_with_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(words: Sequence[str]) -> int:
        raise RecursionError("too deep")

    assert guarded(["migrate"], fail) == 70
    err = capsys.readouterr().err
    assert "Traceback" not in err
    report = Path(err.strip().rpartition("report: ")[2])
    assert "RecursionError: too deep" in report.read_text()


def test_a_closed_pipe_is_no_error(project: Path) -> None:
    words = " ".join(["migrate", str(project), "--dry-run", "--no-compile"])
    done = subprocess.run(
        ["bash", "-c", f'{sys.executable} -c "{COMMAND[2]}" {words} 2>err.txt | head -1'],
        capture_output=True, text=True, cwd=project.parent, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("diff --git")
    assert "Traceback" not in (project.parent / "err.txt").read_text() + done.stderr


def test_colour_follows_the_environment(project: Path) -> None:
    words = ["migrate", str(project), "--dry-run", "--no-compile"]
    assert "\x1b[" not in outside(words).stderr
    assert "\x1b[" in outside(words, FORCE_COLOR="1", NO_COLOR="").stderr
    assert "\x1b[" not in outside(words, NO_COLOR="1", FORCE_COLOR="1").stderr


def test_a_bare_ascii_terminal_does(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": "/* caf\u00e9 */\n" + stubborn()})
    done = outside(
        ["migrate", str(root), "--dry-run", "--no-compile"], PYTHONIOENCODING="ascii", LC_ALL="C"
    )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_a_folder_without_permission(project: Path, monkeypatch: pytest.MonkeyPatch,
                                     capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    before = snapshot(project)
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK and real(path, mode))
    assert guarded(["migrate", str(project), "--no-compile"]) == 2
    assert "no permission to write" in capsys.readouterr().err
    assert snapshot(project) == before


def test_a_killed_write_is_taken_back(project: Path) -> None:
    before = snapshot(project)
    code = (
        "import os, isolate_ext.project.writing as writing\n"
        "replace, seen = writing.replace_file, []\n"
        "def once(*words):\n"
        "    replace(*words)\n"
        "    os._exit(9)\n"
        "writing.replace_file = once\n"
        "import sys\n"
        f"sys.argv = ['isolate-ext', 'migrate', {str(project)!r}, '--no-compile']\n"
        "from isolate_ext.cli.main import run\n"
        "run()"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert snapshot(project) != before
    done = outside(["migrate", str(project), "--no-compile"])
    assert done.returncode == 0
    assert "taken back" in done.stderr
    assert b"PyModuleDef_Init" in (project / "spam.c").read_bytes()


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("full", ""),
        ("concise", ""),
        ("json", "{"),
        ("sarif", "{"),
        ("csv", "project,"),
        ("markdown", "# "),
    ],
)
def test_audit_pays_on_stdout_and_tells_on_stderr(
    form: str, start: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(project)
    assert guarded(["audit", str(project), "--output-format", form]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(start)
    assert "spam_error" in out
    assert err.startswith("Summary")
    assert snapshot(project) == before


def test_audit_wants_a_library_that_is_there(project: Path) -> None:
    assert guarded(["audit", str(project), "--binary", str(project / "none.so")]) == 2


def test_the_help_of_audit_names_its_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(["audit", "--help"]) == 0
    assert "Exit codes: 0 every extension is isolated" in " ".join(capsys.readouterr().out.split())
