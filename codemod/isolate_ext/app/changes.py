"""The changes to a project's files: the C files, and the build files that must change with them."""

from __future__ import annotations

from collections.abc import Sequence

from isolate_ext.app.floors import raise_declared
from isolate_ext.app.headers import ship_headers
from isolate_ext.app.modelling import Library
from isolate_ext.app.planning import Planned, merged
from isolate_ext.app.targets import Target
from isolate_ext.engine import Stage
from isolate_ext.report.results import FileChange


def changes_of(
    target: Target, library: Library, planned: Sequence[Planned], floor: tuple[int, int],
    upto: Stage | None = None,
) -> tuple[list[FileChange], str | None]:  # fmt: skip
    """The changes in order of path, and one line about the floor where it is raised."""
    texts = merged(planned, upto)
    found = [
        FileChange(path, library.read[path].data if path in library.read else None, text)
        for path, text in texts.items()
    ]
    line = None
    if found and not target.named:
        raised, line = raise_declared(target.discovery, floor)
        build = ship_headers(target.discovery, planned, raised)
        found += [FileChange(path, before, after) for path, (before, after) in build.items()]
    return sorted(found, key=lambda each: each.path), line


def between(earlier: Sequence[FileChange], later: Sequence[FileChange]) -> list[FileChange]:
    """The changes that lead from one stage to the next; both are made against the originals."""
    before = {each.path: each for each in earlier}
    after = {each.path: each for each in later}
    found = []
    for path in sorted(before.keys() | after.keys()):
        old = before[path].after if path in before else after[path].before
        new = after[path].after if path in after else before[path].before
        if old != new:
            found.append(FileChange(path, old, new))
    return found
