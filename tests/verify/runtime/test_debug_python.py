"""Building a debug Python, with a tree that has the steps of CPython's build and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from isolate_ext.cli.debug_python import Teller
from isolate_ext.cli.guard import guarded
from isolate_ext.project import ProjectError, find_builds, find_debug_build, find_interpreters
from isolate_ext.verify.process import VerifyError
from isolate_ext.verify.runtime.debug_python import Progress, make_debug_python

CONFIGURE = """#!/bin/sh
echo checking for a compiler
echo "$@" > options
prefix=${1#--prefix=}
sed "s|@prefix@|$prefix|g" Makefile.in > Makefile
"""
MAKEFILE = """
all:
\t@echo compiling one
\t@echo compiling two
install:
\tmkdir -p $(DESTDIR)@prefix@/bin $(DESTDIR)@prefix@/include/python3.90d
\tcp Include/*.h $(DESTDIR)@prefix@/include/python3.90d
\tcp python.sh $(DESTDIR)@prefix@/bin/python3.90d
\tchmod +x $(DESTDIR)@prefix@/bin/python3.90d
\techo built >> counter
\tcp counter options $(DESTDIR)@prefix@
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A tree that builds, with traces of an earlier build; the cache is the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "a tree"
    for folder in ("Include", "Lib/__pycache__", "Tools/build", "build"):
        (root / folder).mkdir(parents=True)
    (root / "Include/patchlevel.h").write_text('#define PY_VERSION "3.90.1+"\n')
    (root / "Include/Python.h").write_text("")
    (root / "configure").write_text(CONFIGURE)
    (root / "configure").chmod(0o755)
    (root / "Makefile.in").write_text(MAKEFILE)
    (root / "Makefile").write_text("all install:\n\tfalse\n")
    (root / "python.sh").write_text("#!/bin/sh\nexit 0\n")
    (root / "Tools/build/needed").write_text("")
    for each in (find_builds, find_interpreters):
        each.cache_clear()
    yield root
    for each in (find_builds, find_interpreters):
        each.cache_clear()


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def quiet(_: Progress) -> None:
    """For whoever wants no report."""


def made_in(cache: Path) -> list[Path]:
    return sorted((cache / "isolate-ext" / "debug-python").glob("*"))


def test_it_is_built_once_and_found(source: Path, tmp_path: Path) -> None:
    before = contents(source)
    reports: list[Progress] = []
    made = make_debug_python(source, reports.append, jobs=1)
    assert made.label == "3.90.1d" and made.include is not None
    assert [each.phase for each in reports if each.lines == 0 and not each.last] == [
        "copying",
        "configuring",
        "compiling",
        "installing",
        "checking",
        "checking",
    ]
    assert Progress("compiling", 2, "compiling two") in reports
    prefix = made.path.parent.parent
    assert "--with-pydebug" in (prefix / "options").read_text()
    assert contents(source) == before
    assert made in find_builds() and made not in find_interpreters()
    assert find_debug_build(made) == made

    assert make_debug_python(source, quiet) == made
    assert (prefix / "counter").read_text() == "built\n"
    (source / "Makefile").unlink()
    assert make_debug_python(source, quiet) == made
    (source / "Include/Python.h").write_text("/* changed */\n")
    assert make_debug_python(source, quiet) != made
    assert len(made_in(tmp_path / "cache")) == 2


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("configure", "#!/bin/sh\necho hm\nexit 3\n", "configuring ended with 3: hm; the log is "),
        (
            "Makefile.in",
            "all:\n\t@echo 'x.c:1: error: what' && echo more && false\ninstall:\n",
            "compiling ended with 2: x.c:1: error: what; the log is ",
        ),
        ("Makefile.in", "all:\n", "installing ended with 2: make: *** No rule to make"),
        ("python.sh", "#!/bin/sh\nexit 1\n", "checking ended with 1: no output; the log is "),
    ],
)
def test_a_build_that_fails_leaves_nothing_and_starts_anew(
    source: Path, tmp_path: Path, file: str, text: str, said: str
) -> None:
    good = (source / file).read_text()
    (source / file).write_text(text)
    with pytest.raises(VerifyError) as raised:
        make_debug_python(source, quiet)
    message = str(raised.value)
    assert said in message and "\n" not in message
    assert Path(message.rpartition("the log is ")[2]).is_file()
    assert made_in(tmp_path / "cache") == []
    (source / file).write_text(good)
    assert make_debug_python(source, quiet).path.is_file()


def test_a_build_that_was_killed_is_not_used(source: Path, tmp_path: Path) -> None:
    made = make_debug_python(source, quiet)
    prefix = made.path.parent.parent
    left = tmp_path / "cache" / "isolate-ext" / "making" / prefix.name
    left.parent.mkdir(exist_ok=True)
    prefix.rename(left)
    (left / "counter").write_text("half\n")
    assert make_debug_python(source, quiet) == made
    assert (prefix / "counter").read_text() == "built\n" and not left.exists()


def test_an_interrupted_build_leaves_nothing(source: Path, tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.phase == "installing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_debug_python(source, interrupt)
    assert made_in(tmp_path / "cache") == []
    assert not [p for p in (tmp_path / "cache/isolate-ext/making").iterdir() if p.is_dir()]


def test_what_is_no_source_tree(tmp_path: Path, source: Path) -> None:
    with pytest.raises(ProjectError, match="is no unpacked source tree of CPython") as raised:
        make_debug_python(tmp_path, quiet)
    assert raised.value.exit_code == 2
    (source / "Include/patchlevel.h").write_text('#define PY_VERSION "3.8.1"\n')
    with pytest.raises(ProjectError, match=r"is CPython 3\.8\.1; 3\.9 is the oldest"):
        make_debug_python(source, quiet)


def test_without_make(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(source))
    monkeypatch.setenv("CC", "")
    with pytest.raises(VerifyError, match="cannot build a debug Python: "):
        make_debug_python(source, quiet)


def test_the_command_tells_the_phases_and_prints_the_path(
    source: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert guarded(["verify", "--make-debug-python", str(source)]) == 0
    out, err = capfd.readouterr()
    assert out.endswith("/bin/python3.90d\n") and Path(out.strip()).is_file()
    assert err.splitlines() == ["copying", "configuring", "compiling", "installing", "checking"]


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [("Lib", 2, "is no unpacked source tree of CPython"), ("", 5, "compiling ended with 2: ")],
)
def test_the_command_fails_with_one_line(
    source: Path, capfd: pytest.CaptureFixture[str], name: str, code: int, said: str
) -> None:
    (source / "Makefile.in").write_text("all:\n\tfalse\n")
    assert guarded(["verify", "--make-debug-python", str(source / name)]) == code
    last = capfd.readouterr().err.splitlines()[-1]
    assert last.startswith("isolate-ext: error: ") and said in last


def test_on_a_terminal_lines_are_counted(capfd: pytest.CaptureFixture[str]) -> None:
    teller = Teller(counting=True)
    for progress in (Progress("copying"), Progress("compiling"), Progress("compiling", 12, "x")):
        teller.tell(progress)
    teller.end()
    shown = "".join(line.rstrip(" ") for line in capfd.readouterr().err)
    assert shown == "copying\ncompiling\rcompiling:12lines\n"
