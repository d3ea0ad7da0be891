"""What the sources of a project say of each of its modules, before and after a migration."""

from __future__ import annotations

from pathlib import Path

from isolate_ext.app.modelling import Library, model_with
from isolate_ext.engine.prepare import spelled_out
from isolate_ext.model.extension import Extension
from isolate_ext.placement.process_wide import loaded_once
from isolate_ext.placement.suppressions import suppressions
from isolate_ext.project import DiscoveredExtension, ProjectError, discover
from isolate_ext.project.configuration import configuration
from isolate_ext.verify.access_paths import access_paths
from isolate_ext.verify.binary.placement_list import placement_list
from isolate_ext.verify.binary.untouched import untouched_by_unit
from isolate_ext.verify.settings import SourceFacts
from isolate_ext.verify.source_rung import sources

PASSES = 5
"""A macro that is written out may show another; no more often than a migration looks."""


def source_facts(before: Path | None, after: Path) -> dict[str, SourceFacts]:
    """By the names of the modules; none where the build files say nothing that helps."""
    found = _extensions(after)
    earlier = _extensions(before) if before is not None else {}
    return {name: facts_of(before, earlier.get(name), after, each) for name, each in found.items()}


def facts_of(
    before: Path | None, one: DiscoveredExtension | None, after: Path, other: DiscoveredExtension
) -> SourceFacts:
    """Of one extension, which ``before`` may not have had."""
    models = _Models(before, one, after, other)
    choices = configuration(after).choices.joined(suppressions(models.now).choices)
    try:
        return SourceFacts(
            other.python_sources or other.files,
            untouched_by_unit(models.was, models.now) if models.was is not None else {},
            before is None or one is None or _changed(before, one, after, other),
            "" if other.built else f"{other.origin.path} does not pass it to setup()",
            sources(models.was, models.now),
            placement_list(models.plain_now, choices),
            access_paths(models.plain_was, choices) if models.plain_was is not None else {},
            loaded_once(models.plain_now),
        )
    finally:
        models.forget()


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


class _Models:
    """The two models of an extension, and those without macros that hide variables or types."""

    def __init__(
        self, before: Path | None, one: DiscoveredExtension | None,
        after: Path, other: DiscoveredExtension,
    ) -> None:  # fmt: skip
        self.was: Extension | None = None
        self.plain_was: Extension | None = None
        if before is not None and one is not None:
            self.was = Library(before).model(one)
            self.plain_was = _plain(one, self.was)
        self.now = Library(after).model(other)
        self.plain_now = _plain(other, self.now)

    def forget(self) -> None:
        for each in (self.was, self.plain_was, self.now, self.plain_now):
            if each is not None:
                each.forget()


def _plain(found: DiscoveredExtension, model: Extension) -> Extension:
    """A model without macros that hide variables or types."""
    for _ in range(PASSES):
        changed = spelled_out(model.files)
        if not changed:
            break
        texts = {path: parsed.source.data for path, parsed in model.files.items()}
        model = model_with(found, texts | changed, model)
    return model
