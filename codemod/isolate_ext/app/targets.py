"""PATHs from the command line to projects: a folder is one; C files given together are one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from isolate_ext.project import Discovery, ProjectError, discover
from isolate_ext.project.assemble import Assembler
from isolate_ext.project.discover import absolute, with_flags
from isolate_ext.project.fallback import guess_extensions
from isolate_ext.project.includes import IncludeGraph
from isolate_ext.project.records import C_SUFFIXES, CPP_SUFFIXES, Draft


@dataclass(frozen=True)
class Target:
    """A project and how the user named it; ``named`` are C files that were named one by one."""

    shown: str
    discovery: Discovery
    named: tuple[str, ...] = ()


def find_targets(paths: Sequence[Path], cflags: Sequence[str]) -> tuple[list[Target], list[str]]:
    """The projects, and one line for each path that is none."""
    found: list[Target] = []
    errors: list[str] = []
    files = [path for path in dict.fromkeys(paths) if path.is_file()]
    for path in dict.fromkeys(path for path in paths if path not in files):
        try:
            found.append(Target(str(path), discover(path, cflags=cflags)))
        except ProjectError as error:
            errors.append(str(error))
    if files:
        try:
            found.append(_files(files, cflags))
        except ProjectError as error:
            errors.append(str(error))
    return found, errors


def _files(files: Sequence[Path], cflags: Sequence[str]) -> Target:
    """C files as one project.  Raises ProjectError where they hold no extension."""
    if len(files) == 1:
        discovery = discover(files[0], cflags=cflags)
        return Target(str(files[0]), discovery, (files[0].name,))
    for path in files:
        if path.suffix not in C_SUFFIXES | CPP_SUFFIXES:
            raise ProjectError("not a C file", str(path))
    root = Path(os.path.commonpath([path.resolve().parent for path in files]))
    names = [path.resolve().relative_to(root).as_posix() for path in files]
    shown = str(root) if len(files) > 3 else " ".join(map(str, files))
    return Target(shown, discover_among(root, names, cflags), tuple(names))


def discover_among(root: Path, names: Sequence[str], cflags: Sequence[str]) -> Discovery:
    """The extensions that C files below ``root`` make up, whatever build files say.

    Raises ProjectError where none of them has an init function.
    """
    graph = IncludeGraph(root)
    assembler = Assembler(graph, [])
    drafts = _whole(guess_extensions(graph, list(names), []), names)
    found = assembler.assemble([with_flags(draft, absolute(cflags)) for draft in drafts])
    if not found:
        line = assembler.notes[0] if assembler.notes else "no file defines a PyInit_ function"
        raise ProjectError(f"no extension found: {line}", ", ".join(names))
    claimed = {path for each in found for path in each.files}
    notes = [
        f"{name}: belongs to no extension among the files given"
        for name in names
        if name not in claimed
    ]
    return Discovery(root, tuple(found), (*assembler.notes, *notes))


def _whole(drafts: list[Draft], names: Sequence[str]) -> list[Draft]:
    """Where the files hold one init function, all of them are its sources."""
    if len(drafts) != 1:
        return drafts
    first = drafts[0].sources[0]
    return [replace(drafts[0], sources=(first, *(name for name in names if name != first)))]


def roots_of(paths: Sequence[Path]) -> list[Path]:
    """The roots that these paths would have as projects."""
    folders = [path.resolve() for path in paths if path.is_dir()]
    files = [path.resolve().parent for path in paths if path.is_file()]
    return [*folders, *([Path(os.path.commonpath(files))] if files else [])]


def base_of(roots: Sequence[Path]) -> Path:
    """The folder that shown paths are relative to: here, or where the projects are."""
    here = Path.cwd()
    if not roots or all(root.is_relative_to(here) for root in roots):
        return here
    return Path(os.path.commonpath(roots))
