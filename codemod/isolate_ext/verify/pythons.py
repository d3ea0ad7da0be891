"""The interpreters of this machine, by version."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

from isolate_ext.project import ProjectError, choose_interpreters


@functools.cache
def find(version: str) -> Path | None:
    """The newest regular build of ``3.13`` that has headers."""
    try:
        (found,) = choose_interpreters([version])
    except ProjectError:
        return None
    return found.path


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
