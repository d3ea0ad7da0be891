"""Virtual environments: one a set of requirements, cloned for every build."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from isolate_ext.verify import process, pythons
from isolate_ext.verify.process import VerifyError

WITHOUT = "; without a network, build by --build-command 'python setup.py build_ext --inplace'"
PIP = "pip<26"
"""The newest that runs on every Python that is judged; what comes with one may be too old."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold ``path`` (a lock file) against other threads and processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def base(python: Path, requires: Sequence[str], cache: Path) -> Path:
    """An environment with the requirements in it; made once."""
    options = [item for item in requires if item.startswith("-")]
    wanted = sorted({item for item in requires if not item.startswith("-")})
    facts = repr(("upgraded", pythons.identity(python), wanted))
    key = hashlib.sha256(facts.encode()).hexdigest()[:16]
    folder = cache / "venvs" / key
    with locked(cache / "venvs" / f"{key}.lock"):
        if (folder / "complete").exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        log = cache / "venvs" / f"{key}.log"
        log.unlink(missing_ok=True)
        done = process.run([str(python), "-m", "venv", str(folder)], log=log)
        if not done.ok:
            raise VerifyError(f"{python}: cannot make a virtual environment (ensurepip): see {log}")
        if wanted:
            pip = [str(folder / "bin/python"), "-m", "pip", "install", "-q", "-U"]
            done = process.run([*pip, *options, *wanted], log=log)
            if not done.ok and process.run([*pip, PIP], log=log).ok:
                done = process.run([*pip, *options, *wanted], log=log)
        if not done.ok:
            without = WITHOUT if "build" in wanted else ""
            raise VerifyError(f"cannot install {' '.join(wanted)} for {python}: see {log}{without}")
        (folder / "complete").touch()
    return folder


def clone(folder: Path, target: Path) -> Path:
    """A copy of an environment by hard links, its scripts made to run in the copy."""
    shutil.copytree(folder, target, symlinks=True, copy_function=_link)
    for script in (target / "bin").iterdir():
        if script.is_symlink() or not script.is_file():
            continue
        data = script.read_bytes()
        if os.fsencode(str(folder)) in data:
            mode = script.stat().st_mode
            script.unlink()
            script.write_bytes(data.replace(os.fsencode(str(folder)), os.fsencode(str(target))))
            script.chmod(mode)
    return target


def variables(venv: Path) -> dict[str, str]:
    """The process environment with the virtual environment active."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return {**kept, "VIRTUAL_ENV": str(venv), "PATH": f"{venv / 'bin'}:{kept.get('PATH', '')}"}


def site_packages(venv: Path) -> Path:
    """Its folder of installed distributions."""
    return next((venv / "lib").glob("python*")) / "site-packages"


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
