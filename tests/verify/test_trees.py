"""The tree before the migration: from the journal, a directory, an archive, a git revision."""

import shutil
import subprocess
import tarfile

import pytest

from isolate_ext.project import write_files
from isolate_ext.project.reading import read_file
from isolate_ext.verify import trees
from isolate_ext.verify.process import VerifyError


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "a project ü"
    (root / "src").mkdir(parents=True)
    (root / "src" / "spam.c").write_text("old\n")
    (root / "setup.py").write_text("pass\n")
    return root


def test_journal_gives_the_files_back(project, tmp_path):
    journal = tmp_path / "journal"
    known = {"src/spam.c": read_file(project, "src/spam.c")}
    write_files(project, {"src/spam.c": b"new\n", "src/state.h": b"more\n"}, known, journal)
    said = trees.before(project, None, journal, tmp_path / "before")
    assert "last migration" in said
    assert (tmp_path / "before/src/spam.c").read_text() == "old\n"
    assert not (tmp_path / "before/src/state.h").exists()
    assert (project / "src/spam.c").read_text() == "new\n"


def test_no_journal_is_no_baseline(project, tmp_path):
    assert trees.before(project, None, tmp_path / "journal", tmp_path / "before") == ""
    assert not (tmp_path / "before").exists()


def test_directory_and_archive(project, tmp_path):
    (project / "spam.so").write_text("left over")
    trees.before(project, str(project), tmp_path, tmp_path / "one")
    assert (tmp_path / "one/src/spam.c").exists()
    assert not (tmp_path / "one/spam.so").exists()
    with tarfile.open(tmp_path / "spam-1.tar.gz", "w:gz") as tar:
        tar.add(project, "spam-1")
    trees.before(project, str(tmp_path / "spam-1.tar.gz"), tmp_path, tmp_path / "two")
    assert (tmp_path / "two/setup.py").exists()


def test_git_revision_of_a_project_below_the_root(project, tmp_path):
    def git(*words):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True)

    git("init", "-q")
    git("add", project.name)
    git("commit", "-qm", "one")
    (project / "src/spam.c").write_text("new\n")
    said = trees.before(project, "HEAD", tmp_path / "none", tmp_path / "before")
    assert said.startswith("the git revision HEAD (")
    assert (tmp_path / "before/src/spam.c").read_text() == "old\n"


def test_tracked_folder_named_build_is_a_part_of_the_project(project, tmp_path):
    (project / "build").mkdir()
    (project / "build/flags.py").write_text("x = 1\n")
    shutil.copytree(project, tmp_path / "plain")
    assert not (trees.copy(tmp_path / "plain", tmp_path / "left") / "build").exists()
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    subprocess.run(["git", "-C", str(project), "add", "."], check=True)
    assert (trees.copy(project, tmp_path / "kept") / "build/flags.py").exists()


@pytest.mark.parametrize("wanted", ["gone-1.tar.gz", "v1.0"])
def test_what_is_not_there(project, tmp_path, wanted):
    with pytest.raises(VerifyError, match=f"--before {wanted}"):
        trees.before(project, wanted, tmp_path, tmp_path / "before")


def test_what_is_no_archive(project, tmp_path):
    with pytest.raises(VerifyError, match="not an archive"):
        trees.before(project, str(project / "setup.py"), tmp_path, tmp_path / "before")


def test_unpack_drops_the_single_folder(tmp_path):
    (tmp_path / "demo-1").mkdir()
    (tmp_path / "demo-1" / "setup.py").write_text("")
    with tarfile.open(tmp_path / "demo-1.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "demo-1", "demo-1")
    assert (trees.unpack(tmp_path / "demo-1.tar.gz", tmp_path / "out") / "setup.py").exists()
