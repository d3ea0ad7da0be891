"""Without a build file: every PyInit_ found, with the sources that belong to it by include and by
name."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from isolate_ext.project.includes import IncludeGraph
from isolate_ext.project.inits import inits_of
from isolate_ext.project.records import C_SUFFIXES, CPP_SUFFIXES, DiscoveredExtension, Draft, Origin

PRUNED = frozenset(
    {".git", ".hg", ".svn", ".tox", ".venv", "venv", "node_modules", "__pycache__", "build", "dist"}
)
MAX_FILES = 50_000


def c_files(root: Path) -> list[str]:
    """The C and C++ sources below the root, sorted; build folders and environments left out."""
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in PRUNED and not f.endswith(".egg-info"))
        base = os.path.relpath(folder, root)
        for name in sorted(names):
            if PurePosixPath(name).suffix in C_SUFFIXES | CPP_SUFFIXES:
                found.append(name if base == "." else f"{base}/{name}".replace(os.sep, "/"))
        if len(found) > MAX_FILES:
            break
    return found


def named(graph: IncludeGraph, path: str) -> list[tuple[str, int]]:
    return [(init.name, init.line) for init in inits_of(graph, path)]


def guess_extensions(graph: IncludeGraph, files: list[str], notes: list[str]) -> list[Draft]:
    """One draft for every PyInit_ below the root."""
    found: list[Draft] = []
    owners = {path: named(graph, path) for path in files}
    for path, inits in owners.items():
        for name, line in inits:
            origin = Origin(path, line, f"PyInit_{name}")
            found.append(
                Draft(dotted(graph.root, path, name), origin, companions(graph, path, owners))
            )
    if found:
        notes.append(
            "no build file names these extensions: they were found by their PyInit_ functions"
        )
    return found


def dotted(root: Path, path: str, name: str) -> str:
    """The import name by the packages (folders with __init__.py) the file lies in."""
    parts = []
    folder = PurePosixPath(path).parent
    while folder.name and (root / folder / "__init__.py").is_file():
        parts.append(folder.name)
        folder = folder.parent
    return ".".join([*reversed(parts), name])


def companions(
    graph: IncludeGraph, path: str, owners: dict[str, list[tuple[str, int]]]
) -> tuple[str, ...]:
    """The source itself, and those of its folder that share a header of their own name with it:
    foo.c belongs to it when it, or a file it reaches, includes foo.h."""
    folder = PurePosixPath(path).parent
    reached = {PurePosixPath(p) for p in graph.reached([path], ())}
    included_sources = {str(p) for p in reached if p.suffix in C_SUFFIXES}
    alone = [p for p in owners if PurePosixPath(p).parent == folder and owners[p]] == [path]
    found = [path]
    for other in owners:
        candidate = PurePosixPath(other)
        if (
            other == path
            or owners[other]
            or other in included_sources
            or candidate.parent != folder
        ):
            continue
        header = any(p.stem == candidate.stem for p in reached)
        shares = alone and any(
            PurePosixPath(h).parent == folder
            for h in graph.reached([other], ())
            if PurePosixPath(h) in reached
        )
        if header or shares:
            found.append(other)
    return tuple(found)


def unclaimed(
    graph: IncludeGraph, files: list[str], extensions: list[DiscoveredExtension]
) -> list[str]:
    """A note for every PyInit_ that belongs to no extension found."""
    owned = {path for e in extensions for path in (*e.sources, *e.headers)}
    notes = []
    for path in files:
        if path in owned or graph.scan(path).generator:
            continue
        notes += [
            f"{path}:{line}: PyInit_{name} belongs to no extension of the build files"
            for name, line in named(graph, path)
        ]
    return notes
