"""Which interpreters are meant: by a version, by a path, or by what a project requires."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from isolate_ext.project.errors import ENVIRONMENT, ProjectError
from isolate_ext.project.floor import normal
from isolate_ext.project.interpreters import Interpreter, find_builds, find_interpreters, inspect

OLDEST = (3, 9)
WANTED = re.compile(r"(?:c?python)?(\d+)\.(\d+)(?:\.(\d+))?(t?d?)\Z")


def choose_interpreters(
    wanted: Sequence[str], requires_python: str | None = None
) -> tuple[Interpreter, ...]:
    """The interpreters that the user names; where none is named, all that fit the project.

    A name is a version (``3.9``, ``3.12.1``), with ``t`` or ``d`` for a free-threaded or a debug
    build (``3.13t``), a command (``python3.9``), or a path; that of a virtual environment stands
    for the interpreter it was made from. All that fit: of each minor version the newest regular
    build that has headers and that `requires_python` allows (a specifier that is not valid allows
    all). Each has headers and is not older than 3.9; else, or if there is none, a ProjectError.
    """
    if wanted:
        return tuple(dict.fromkeys(named(each) for each in wanted))
    fitting = {each.version[:2]: each for each in reversed(tuple(allowed_by(requires_python)))}
    if not fitting:
        rule = f"requires-python {requires_python}" if requires_python else "3.9 and later"
        raise ProjectError(f"no interpreter with headers fits; {there_are()}", rule, ENVIRONMENT)
    return tuple(sorted(fitting.values(), reverse=True))


def find_debug_build(interpreter: Interpreter) -> Interpreter | None:
    """A debug build with headers of the same minor version, as free-threaded as it; the newest."""
    if interpreter.debug:
        return interpreter
    return next(
        (
            each
            for each in find_builds()
            if each.debug
            and each.include is not None
            and each.version[:2] == interpreter.version[:2]
            and each.free_threaded == interpreter.free_threaded
        ),
        None,
    )


def named(wanted: str) -> Interpreter:
    match = WANTED.match(wanted)
    found = by_version(match) if match else at(wanted)
    if found is None:
        raise ProjectError(f"no such interpreter; {there_are()}", wanted, ENVIRONMENT)
    if found.version[:2] < OLDEST:
        raise ProjectError(f"is Python {found.label}; 3.9 is the oldest", wanted, ENVIRONMENT)
    if found.include is None:
        short = f"python{found.version[0]}.{found.version[1]}"
        raise ProjectError(
            f"{found.path} has no headers (Python.h); they come with {short}-dev or the like",
            wanted,
            ENVIRONMENT,
        )
    return found


def by_version(match: re.Match[str]) -> Interpreter | None:
    """The newest that fits, one with headers before one without."""
    version = tuple(int(part) for part in match.groups()[:3] if part is not None)
    fitting = [
        each
        for each in find_builds()
        if each.version[: len(version)] == version and each.flags == match[4]
    ]
    return next((each for each in fitting if each.include is not None), next(iter(fitting), None))


def at(wanted: str) -> Interpreter | None:
    """By a path, or by a command on PATH; None for what is no CPython 3."""
    path = Path(wanted).expanduser()
    if os.sep in wanted and path.is_dir():
        path = next((p for p in (path / "bin/python3", path / "bin/python") if p.exists()), path)
    found = path if os.sep in wanted else shutil.which(wanted)
    return inspect(Path(found).absolute()) if found else None


def allowed_by(specifier: str | None) -> Iterator[Interpreter]:
    try:
        allowed = SpecifierSet(normal(specifier or ""), prereleases=True)
    except InvalidSpecifier:
        allowed = SpecifierSet(prereleases=True)
    for each in find_interpreters():
        if each.include is not None and each.version[:2] >= OLDEST:
            if Version(each.label) in allowed:
                yield each


def there_are() -> str:
    labels = [
        each.label + ("" if each.include is not None else " (no headers)")
        for each in find_builds()
        if each.version[:2] >= OLDEST
    ]
    return f"found: {', '.join(labels)}" if labels else "none was found"
