"""The source trees that are compared: copies of the project as it is, and as it was before."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from isolate_ext.project.errors import USAGE
from isolate_ext.project.journal import DONE, Journal, journals, load
from isolate_ext.project.vcs import output
from isolate_ext.verify.process import VerifyError

LEFT_OUT = (
    ".git", ".hg", ".isolate-ext", ".venv", "venv", ".tox", ".nox", "__pycache__", ".mypy_cache",
    ".pytest_cache", ".ruff_cache", "*.so", "*.o", "*.egg-info", "build", "dist",
)  # fmt: skip
"""What a build or a tool left in a working tree: the copy is built from sources alone."""

ARCHIVES = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".zip")


def copy(root: Path, target: Path) -> Path:
    """A copy of a project's tree without what earlier builds left there."""
    tracked = _tracked_leftovers(root)
    patterns = shutil.ignore_patterns(*LEFT_OUT)

    def ignored(folder: str, names: list[str]) -> set[str]:
        below = Path(folder)
        left_over = {name for name in patterns(folder, names) if below / name not in tracked}
        return left_over | {name for name in names if _is_special(below / name)}

    try:
        shutil.copytree(root, target, symlinks=True, ignore=ignored)
    except OSError as error:
        raise VerifyError(f"{root}: cannot be copied: {_first(error)}") from error
    _make_writable(target)
    return target


def _is_special(path: Path) -> bool:
    """A socket, a pipe or a device."""
    return path.exists() and not path.is_dir() and not path.is_file()


def _first(error: OSError) -> str:
    """Of a copy that met several, the first."""
    several = error.args[0] if isinstance(error, shutil.Error) else None
    return str(several[0][2]) if isinstance(several, list) else str(error)


def _make_writable(tree: Path) -> None:
    """A build writes beside the sources, which may be read-only."""
    for folder, _, files in os.walk(tree):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | stat.S_IWUSR)


def _tracked_leftovers(root: Path) -> set[Path]:
    """Files that look left over and are part of the project, with the folders that hold them."""
    listed = output("git", root, "ls-files", "-z") if shutil.which("git") else None
    if not listed:
        return {path for name in ("build", "dist") if _is_source(path := root / name)}
    files = [root / name for name in listed.split("\0") if name]
    return {parent for file in files for parent in (file, *file.parents) if parent != root}


def _is_source(folder: Path) -> bool:
    return (folder / "__init__.py").exists()


def before(root: Path, wanted: str | None, journal: Path, target: Path) -> str:
    """Make the tree before the migration in ``target``; what it is, in words; "" for none.

    ``wanted`` is a directory, an sdist or a git revision; None means the last migration that the
    ``journal`` folder recorded.  Raises VerifyError for what is none of these.
    """
    if wanted is None:
        return _from_journal(root, journal, target)
    path = Path(wanted).expanduser()
    if path.is_dir():
        copy(path.resolve(), target)
        return f"the directory {wanted}"
    if path.is_file():
        unpack(path, target)
        return f"the archive {wanted}"
    if wanted.endswith(ARCHIVES):
        raise VerifyError(f"--before {wanted}: no such file", USAGE)
    return _from_git(root, wanted, target)


def unpack(archive: Path, target: Path) -> Path:
    """Unpack into ``target``, without the folder that the archive holds everything in."""
    inner = target.with_name(target.name + ".unpack")
    inner.mkdir(parents=True)
    try:
        if archive.suffix == ".zip":
            with zipfile.ZipFile(archive) as file:
                file.extractall(inner)
        else:
            with tarfile.open(archive) as tar:
                tar.extractall(inner, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, OSError) as error:
        raise VerifyError(f"{archive}: not an archive that can be unpacked: {error}") from error
    entries = list(inner.iterdir())
    single = entries[0] if len(entries) == 1 and entries[0].is_dir() else inner
    single.rename(target)
    if single is not inner:
        inner.rmdir()
    return target


def _from_journal(root: Path, folder: Path, target: Path) -> str:
    done = [load(each) for each in reversed(journals(folder))] if folder.is_dir() else []
    last = next((each for each in done if each.state == DONE), None)
    if last is None:
        return ""
    copy(root, target)
    _put_back(last, target)
    return "the files as they were before the last migration"


def _put_back(journal: Journal, tree: Path) -> None:
    for change in journal.changes:
        path = tree / change.path
        path.unlink(missing_ok=True)
        if change.before is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(change.before)
            path.chmod(change.mode)


def _from_git(root: Path, revision: str, target: Path) -> str:
    if output("git", root, "rev-parse", "--is-inside-work-tree") is None:
        raise VerifyError(f"--before {revision}: no such directory or file, and no git here", USAGE)
    commit = output("git", root, "rev-parse", "--verify", "-q", f"{revision}^{{commit}}")
    if commit is None:
        raise VerifyError(f"--before {revision}: no such directory, file or git revision", USAGE)
    prefix = (output("git", root, "rev-parse", "--show-prefix") or "").strip()
    top = (output("git", root, "rev-parse", "--show-toplevel") or "").rstrip("\n")
    _extract(["git", "-C", top, "archive", f"{commit.strip()}:{prefix}"], target)
    return f"the git revision {revision} ({commit[:10]})"


def _extract(command: Sequence[str], target: Path) -> None:
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise VerifyError(f"git archive: {done.stderr.decode(errors='replace').strip()}")
    target.mkdir(parents=True)
    with tarfile.open(fileobj=BytesIO(done.stdout)) as tar:
        tar.extractall(target, filter="data")
