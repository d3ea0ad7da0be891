"""Discover: the extensions of some projects, and where each was read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from isolate_ext.app.floors import floor_of
from isolate_ext.app.targets import Target, find_targets
from isolate_ext.project import DiscoveredExtension
from isolate_ext.report.views import DiscoverResult, ExtensionView, ProjectView


def discover(paths: Sequence[Path], cflags: Sequence[str] = ()) -> DiscoverResult:
    """Errors are lines of the result."""
    targets, errors = find_targets(paths, cflags)
    return DiscoverResult([_project(each) for each in targets], errors)


def _project(target: Target) -> ProjectView:
    found = target.discovery
    major, minor = floor_of(found, None)
    return ProjectView(
        target.shown, f"{major}.{minor}", tuple(map(_extension, found.extensions)), found.notes
    )


def _extension(found: DiscoveredExtension) -> ExtensionView:
    defined = [name if value is None else f"{name}={value}" for name, value in found.macros]
    undefined = [f"-U{name}" for name in found.undef]
    return ExtensionView(
        found.name, str(found.origin), found.language, found.sources, found.python_sources,
        found.headers, found.include_dirs, (*defined, *undefined), found.flags, found.depends,
        found.init_files, found.undecided, found.built,
    )  # fmt: skip
