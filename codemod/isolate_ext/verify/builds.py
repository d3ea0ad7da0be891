"""Builds: one per source text, interpreter and recipe, kept and found again by that key."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from isolate_ext.verify import environments
from isolate_ext.verify.process import VerifyError

FORMAT = "8"
"""Changes when builds made by an older version must not be used any more."""

RECORDER = Path(__file__).parent / "recorder" / "isolate_ext_recorder.py"
COMPILER_CALLS = "cc.log"
JOURNALS = (".isolate-ext", ".git")
COMPILERS = {"CC": ("gcc", "cc", "clang"), "CXX": ("g++", "c++", "clang++")}
ERROR = re.compile(r"\berror: |(?<=: )No such file|not found", re.IGNORECASE)
CHOSEN = ("CC", "CXX", "CFLAGS", "CPPFLAGS", "LDFLAGS")


@dataclass(frozen=True)
class Library:
    """One built extension module and how the probe loads it (``by_path``, or by its name)."""

    module: str
    path: str
    by_path: bool


@dataclass(frozen=True)
class Build:
    """What came of a build; ``failure`` is the tail of its log. All paths are absolute."""

    key: str
    ok: bool
    failure: str
    warnings: tuple[str, ...]
    libraries: tuple[Library, ...]
    python: str
    venv: str
    source: str
    sys_path: tuple[str, ...]
    prefixes: tuple[str, ...]
    companions: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0

    @property
    def calls(self) -> Path:
        """What the compiler's stand-in recorded, in the folder that is called by the key."""
        libraries = [Path(each.path) for each in self.libraries]
        folders = [it for each in libraries for it in each.parents if it.name == self.key]
        return (folders[0] if folders else Path(self.source).parent) / COMPILER_CALLS

    @property
    def headline(self) -> str:
        """What a failure comes down to: the first error, else the last line before the log's."""
        lines = [line for line in self.failure.splitlines() if line.strip()]
        told = [line for line in lines if not line.startswith("log: ")] or ["no library"]
        return next((line for line in told if ERROR.search(line)), told[-1]).strip()


def fingerprint(tree: Path, only: str = "") -> str:
    """The hash of all files below ``tree/only``, names included; journals of a run are not."""
    total = hashlib.sha256()
    for folder, names, files in os.walk(tree / only):
        names[:] = sorted(name for name in names if name not in JOURNALS)
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_symlink() or not path.is_file():
                continue
            total.update(f"{path.relative_to(tree)}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def key_of(*parts: str) -> str:
    """The name of a build's folder."""
    return hashlib.sha256("\0".join((FORMAT, *parts)).encode()).hexdigest()[:20]


def stored(folder: Path) -> Build | None:
    """The finished build in ``folder``, if there is one and nothing of it is gone."""
    path = folder / "build.json"
    if not path.exists():
        return None
    data = json.loads(path.read_text())
    data["libraries"] = tuple(Library(**entry) for entry in data["libraries"])
    data["companions"] = tuple((name, where) for name, where in data["companions"])
    for name in ("warnings", "sys_path", "prefixes"):
        data[name] = tuple(data[name])
    build = Build(**data)
    needed = (build.python, build.source, *(library.path for library in build.libraries))
    return build if all(Path(each).exists() for each in needed) else None


def store(folder: Path, build: Build) -> Build:
    """Keep the result; a build without this file is done again."""
    (folder / "build.json").write_text(json.dumps(asdict(build), indent=1))
    return build


def fresh(folder: Path) -> Path:
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def install_recorder(venv: Path) -> None:
    """Every Python process of the environment shall be able to record."""
    target = environments.site_packages(venv)
    shutil.copyfile(RECORDER, target / RECORDER.name)
    (target / "isolate_ext_recorder.pth").write_text(f"import {RECORDER.stem}\n")


def chosen_flags() -> str:
    """What the user's environment says about compiling; "" where it says nothing."""
    chosen = {name: os.environ[name] for name in CHOSEN if os.environ.get(name)}
    return repr(sorted(chosen.items())) if chosen else ""


def compilers() -> dict[str, list[str]]:
    """The commands for CC and CXX: of the environment, else those that are here.

    Raises VerifyError where there is no C compiler.
    """
    found = {}
    for variable, names in COMPILERS.items():
        given = shlex.split(os.environ.get(variable, ""))
        if given and shutil.which(given[0]) is None:
            raise VerifyError(f"{variable}={given[0]}: no such compiler; install it, or set CC")
        here = next((path for name in names if (path := shutil.which(name))), None)
        if given or here:
            found[variable] = given or [str(here)]
    if "CC" not in found:
        raise VerifyError(f"no C compiler on PATH ({', '.join(COMPILERS['CC'])}); install one")
    return found


def compiler_wrappers(cache: Path, python: str) -> dict[str, str]:
    """CC and CXX for a build: programs that log their calls and reuse objects."""
    script = Path(__file__).parent / "compiler_shim.py"
    found = {}
    for variable, compiler in compilers().items():
        command = shlex.join([python, "-I", "-S", str(script), *compiler])
        text = f'#!/bin/sh\nexec {command} "$@"\n'
        folder = cache / "bin" / hashlib.sha256(text.encode()).hexdigest()[:8]
        wrapper = folder / Path(compiler[0]).name
        if not wrapper.exists():
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / f"{wrapper.name}.{os.getpid()}.{threading.get_ident()}"
            part.write_text(text)
            part.chmod(0o755)
            part.replace(wrapper)
        found[variable] = shlex.quote(str(wrapper))
    return found


def failed(key: str, python: str, failure: str, seconds: float, source: str = "") -> Build:
    """A build that gave no library."""
    return Build(key, False, failure, (), (), python, "", source, (), (), (), seconds)
