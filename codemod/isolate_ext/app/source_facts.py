"""What the sources of a project say of each of its modules, before and after a migration."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from isolate_ext.app.modelling import Library
from isolate_ext.project import DiscoveredExtension, ProjectError, discover
from isolate_ext.verify.binary.untouched import untouched_by_unit
from isolate_ext.verify.settings import SourceFacts


def source_facts(before: Path | None, after: Path) -> dict[str, SourceFacts]:
    """By the names of the modules; none where the build files say nothing that helps."""
    found = _extensions(after)
    earlier = _extensions(before) if before is not None else {}
    return {
        name: SourceFacts(
            each.python_sources or each.files, _untouched(before, earlier.get(name), after, each)
        )
        for name, each in found.items()
    }


def _extensions(root: Path) -> dict[str, DiscoveredExtension]:
    try:
        return {each.name: each for each in discover(root).extensions}
    except ProjectError:
        return {}


def _untouched(
    before: Path | None, one: DiscoveredExtension | None, after: Path, other: DiscoveredExtension
) -> Mapping[str, Collection[str]]:
    if before is None or one is None:
        return {}
    models = Library(before).model(one), Library(after).model(other)
    try:
        return untouched_by_unit(*models)
    finally:
        for each in models:
            each.forget()
