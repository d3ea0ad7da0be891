"""The C compiler and the Python interpreters of this machine, found without a fixed path."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from isolate_ext.project.cache import debug_pythons

NAME = re.compile(r"python3\.(\d+)(t?d?)\Z")
VERSION = re.compile(r'^#\s*define\s+PY_VERSION\s+"(\d+)\.(\d+)\.(\d+)', re.M)
COMPILERS = ("cc", "gcc", "clang")


class Interpreter(msgspec.Struct, frozen=True, order=True):
    """`include` is the folder of its Python.h; None where the headers are not installed.

    `flags` are those of its ABI: ``t`` free-threaded, ``d`` a debug build, ``td`` both; a regular
    build has none.
    """

    version: tuple[int, int, int]
    path: Path
    include: Path | None
    flags: str = ""

    @property
    def label(self) -> str:
        return ".".join(map(str, self.version)) + self.flags

    @property
    def debug(self) -> bool:
        """Whether it counts references (``sys.gettotalrefcount``) and checks assertions."""
        return "d" in self.flags

    @property
    def free_threaded(self) -> bool:
        return "t" in self.flags


@cache
def find_compiler() -> tuple[str, ...] | None:
    """The command of the C compiler: $CC with its arguments, else cc, gcc or clang."""
    given = shlex.split(os.environ.get("CC", ""))
    if given and (found := shutil.which(given[0])):
        return (found, *given[1:])
    return next(((found,) for name in COMPILERS if (found := shutil.which(name))), None)


def python_include(executable: Path | None = None) -> Path | None:
    """The folder of Python.h of the interpreter (default: the running one); None when it is not
    there."""
    if executable is None or Path(executable) == Path(sys.executable):
        folder = Path(sysconfig.get_paths()["include"])
    else:
        code = "import sysconfig; print(sysconfig.get_paths()['include'])"
        try:
            done = subprocess.run(
                [str(executable), "-I", "-c", code],
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        folder = Path(done.stdout.strip())
    return folder if (folder / "Python.h").is_file() else None


@cache
def find_interpreters() -> tuple[Interpreter, ...]:
    """Every regular CPython 3 found, newest first, one a version; see `find_builds`."""
    return tuple(each for each in find_builds() if not each.flags)


@cache
def find_builds() -> tuple[Interpreter, ...]:
    """Every CPython 3 found, debug and free-threaded builds too, newest first, one a version and
    ABI: the running one, on PATH, of pyenv and of uv, and the debug builds that were made here."""
    found: dict[tuple[tuple[int, int, int], str], Interpreter] = {}
    for executable in candidates():
        made = inspect(executable)
        if made is not None:
            known = found.get((made.version, made.flags))
            if known is None or known.include is None:
                found[made.version, made.flags] = made
    return tuple(sorted(found.values(), reverse=True))


def candidates() -> Iterator[Path]:
    yield Path(sys.executable)
    home = Path.home()
    managed = [
        Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions",
        Path(
            os.environ.get("UV_PYTHON_INSTALL_DIR")
            or Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "uv" / "python"
        ),
        debug_pythons(),
    ]
    pyenv = shutil.which("pyenv")
    if pyenv:
        managed.append(Path(pyenv).resolve().parent.parent / "versions")
    folders = [Path(p) for p in os.environ.get("PATH", "").split(os.pathsep) if p]
    for parent in managed:
        folders += [version / "bin" for version in sorted(listing(parent))]
    for folder in folders:
        if folder.name == "shims":
            managed_here = folder.parent / "versions"
            for version in sorted(listing(managed_here)):
                yield from sorted(p for p in listing(version / "bin") if NAME.match(p.name))
            continue
        yield from sorted(p for p in listing(folder) if NAME.match(p.name))


def listing(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def inspect(executable: Path) -> Interpreter | None:
    """The interpreter by its installed headers, else by asking it."""
    try:
        real = executable.resolve(strict=True)
    except OSError:
        return None
    match = NAME.search(real.name)
    if match and real.parent.name == "bin":
        include = real.parent.parent / "include" / real.name
        header = include / "patchlevel.h"
        if header.is_file() and (found := VERSION.search(header.read_text(errors="replace"))):
            version = (int(found[1]), int(found[2]), int(found[3]))
            headers = include if (include / "Python.h").is_file() else None
            return Interpreter(version, real, headers, match[2])
    return asked(executable)


@cache
def asked(executable: Path) -> Interpreter | None:
    """The interpreter by its own word: one process, once a run; None for what is no CPython 3."""
    code = (
        "import sys, sysconfig; print(sys.implementation.name, *sys.version_info[:3]); "
        "print(sysconfig.get_paths()['include']); print(getattr(sys, 'abiflags', ''))"
    )
    try:
        done = subprocess.run(
            [str(executable), "-I", "-c", code],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        what, where, flags = done.stdout.splitlines()
        name, major, minor, micro = what.split()
        include = Path(where)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if name != "cpython" or major != "3":
        return None
    return Interpreter(
        (int(major), int(minor), int(micro)),
        executable,
        include if (include / "Python.h").is_file() else None,
        "".join(flag for flag in "td" if flag in flags),
    )
