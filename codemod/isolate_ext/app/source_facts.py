"""What the sources of a project say of each of its modules, before and after a migration."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from isolate_ext.app.modelling import Library
from isolate_ext.project import DiscoveredExtension, ProjectError, discover
from isolate_ext.report.ladder import RungResult
from isolate_ext.verify.binary.untouched import untouched_by_unit
from isolate_ext.verify.settings import SourceFacts
from isolate_ext.verify.source_rung import sources


def source_facts(before: Path | None, after: Path) -> dict[str, SourceFacts]:
    """By the names of the modules; none where the build files say nothing that helps."""
    found = _extensions(after)
    earlier = _extensions(before) if before is not None else {}
    return {name: facts_of(before, earlier.get(name), after, each) for name, each in found.items()}


def facts_of(
    before: Path | None, one: DiscoveredExtension | None, after: Path, other: DiscoveredExtension
) -> SourceFacts:
    """Of one extension, which ``before`` may not have had."""
    untouched, shown = _modelled(before, one, after, other)
    return SourceFacts(
        other.python_sources or other.files,
        untouched,
        before is None or one is None or _changed(before, one, after, other),
        "" if other.built else f"{other.origin.path} does not pass it to setup()",
        shown,
    )


def _extensions(root: Path) -> dict[str, DiscoveredExtension]:
    try:
        return {each.name: each for each in discover(root).extensions}
    except ProjectError:
        return {}


def _changed(
    before: Path, one: DiscoveredExtension, after: Path, other: DiscoveredExtension
) -> bool:
    files = {*one.files, *other.files}
    return any(_bytes(before / path) != _bytes(after / path) for path in files)


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _modelled(
    before: Path | None, one: DiscoveredExtension | None, after: Path, other: DiscoveredExtension
) -> tuple[Mapping[str, Collection[str]], RungResult | None]:
    """The functions that were left alone, and what the sources show of references."""
    was = Library(before).model(one) if before is not None and one is not None else None
    now = Library(after).model(other)
    try:
        return untouched_by_unit(was, now) if was is not None else {}, sources(was, now)
    finally:
        for each in (was, now):
            if each is not None:
                each.forget()
