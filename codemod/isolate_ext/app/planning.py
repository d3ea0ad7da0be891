"""The plans of one project: each extension by itself, then what they share.

A file that several extensions read gets one text that all of them agree on, or none: an extension
that would edit it otherwise is refused, and so is, in turn, whatever agreed with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from isolate_ext.app.modelling import Library
from isolate_ext.engine import Outcome, Rule, Settings, Stage, migrate
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.project import DiscoveredExtension


@dataclass(slots=True)
class Planned:
    """One extension on its way.  ``refusals`` are those that refuse all of it."""

    found: DiscoveredExtension
    outcome: Outcome
    owned: frozenset[str]
    refusals: list[Refusal] = field(default_factory=list)
    report: str | None = None

    @property
    def stage(self) -> Stage | None:
        return None if self.refusals else self.outcome.stage

    def texts(self, upto: Stage | None = None) -> dict[str, bytes]:
        """Changed and new files; after stage ``upto`` where one is named."""
        if self.stage is None:
            return {}
        return self.outcome.texts.get(min(self.stage, upto or self.stage), {})


def plan(
    library: Library, found: DiscoveredExtension, rules: Sequence[Rule], settings: Settings,
    upto: Stage, every_stage: bool,
) -> Planned:
    """Raises ProjectError where a file cannot be read."""
    extension = library.model(found)
    outcome = migrate(extension, rules, settings, upto, every_stage)
    return Planned(found, outcome, frozenset(found.files))


def settle(planned: Sequence[Planned]) -> None:
    """Refuse what does not agree on a shared file, until all that is left agrees."""
    while True:
        refused = [
            (each, path, other)
            for each in planned
            for path in each.texts()
            if (other := _at_odds(each, path, planned)) is not None
        ]
        if not refused:
            return
        for each, path, other in refused:
            if not each.refusals:
                each.refusals.append(_shared(path, other.found.name))


def _at_odds(each: Planned, path: str, planned: Iterable[Planned]) -> Planned | None:
    """An extension that reads the file too, and does not give it the same text."""
    text = each.texts()[path]
    for other in planned:
        if other is each:
            continue
        if path in other.owned or path in other.texts():
            if other.texts().get(path) != text:
                return other
    return None


def _shared(path: str, other: str) -> Refusal:
    return Refusal("engine", Reason.SHARED_FILE, path, 0, 0,
                   f"{other} uses this file too, and its migration does not make the same of it")


def merged(planned: Iterable[Planned], upto: Stage | None = None) -> dict[str, bytes]:
    """The changed files of all extensions, which agree."""
    return {path: text for each in planned for path, text in each.texts(upto).items()}
