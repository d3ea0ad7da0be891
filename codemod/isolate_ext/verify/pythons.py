"""The interpreters of this machine, by version."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path


@functools.cache
def find(version: str) -> Path | None:
    """The interpreter for ``3.13``: from PATH, or installed by a version manager below HOME."""
    candidates = [Path(found)] if (found := shutil.which(f"python{version}")) else []
    if f"{sys.version_info[0]}.{sys.version_info[1]}" == version:
        candidates.append(Path(sys.executable))
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates += sorted((root / "versions").glob(f"{version}.*/bin/python"))
    candidates += sorted(
        (Path.home() / ".local/share/uv/python").glob(f"cpython-{version}*/bin/python{version}")
    )
    for candidate in candidates:
        if _works(candidate, version):
            return candidate
    return None


@functools.cache
def ask(python: Path, expression: str) -> str:
    """The text of an expression under another interpreter; ``sysconfig`` and ``sys`` are there."""
    code = f"import sys, sysconfig; print({expression})"
    return subprocess.run(
        [str(python), "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def identity(python: Path) -> str:
    """What distinguishes builds for this interpreter from builds for another."""
    return ask(python, "sys.version.split()[0] + ' ' + sysconfig.get_config_var('SOABI')")


def include(python: Path) -> str:
    """Its folder of C headers."""
    return ask(python, "sysconfig.get_path('include')")


def _works(candidate: Path, version: str) -> bool:
    try:
        return (
            ask(candidate, "'%d.%d' % sys.version_info[:2]") == version
            and (Path(include(candidate)) / "Python.h").exists()
        )
    except (OSError, subprocess.CalledProcessError):
        return False
