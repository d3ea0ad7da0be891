"""Builds: one per source text, interpreter and recipe, kept and found again by that key."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from isolate_ext.verify import environments
from isolate_ext.verify.process import VerifyError

FORMAT = "6"
"""Changes when builds made by an older version must not be used any more."""

RECORDER = Path(__file__).parent / "recorder" / "isolate_ext_recorder.py"
JOURNALS = (".isolate-ext", ".git")


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
    """The finished build in ``folder``, if there is one."""
    path = folder / "build.json"
    if not path.exists():
        return None
    data = json.loads(path.read_text())
    data["libraries"] = tuple(Library(**entry) for entry in data["libraries"])
    data["companions"] = tuple((name, where) for name, where in data["companions"])
    for name in ("warnings", "sys_path", "prefixes"):
        data[name] = tuple(data[name])
    return Build(**data)


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


def compiler_wrappers(cache: Path, python: str) -> dict[str, str]:
    """CC and CXX for a build: programs that log their calls and reuse objects."""
    folder = cache / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for variable, name in (("CC", "gcc"), ("CXX", "g++")):
        compiler = os.environ.get(variable) or shutil.which(name)
        if compiler is None:
            if variable == "CC":
                raise VerifyError("no C compiler here (gcc)")
            continue
        wrapper = folder / name
        script = Path(__file__).parent / "compiler_shim.py"
        text = f'#!/bin/sh\nexec "{python}" -I -S "{script}" "{compiler}" "$@"\n'
        if not wrapper.exists() or wrapper.read_text() != text:
            part = wrapper.with_name(f"{name}.{os.getpid()}")
            part.write_text(text)
            part.chmod(0o755)
            part.replace(wrapper)
        found[variable] = str(wrapper)
    return found


def failed(key: str, python: str, failure: str, seconds: float, source: str = "") -> Build:
    """A build that gave no library."""
    return Build(key, False, failure, (), (), python, "", source, (), (), (), seconds)
