"""The plans of one project: each extension by itself, then what they share.

A file that several extensions read gets one text that all of them agree on, or none: an extension
that would edit it otherwise is refused, and so is, in turn, whatever agreed with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from isolate_ext.app.modelling import Library, model_of
from isolate_ext.engine import Outcome, Rule, Settings, Stage, migrate
from isolate_ext.model.extension import Extension
from isolate_ext.placement.refusals import Reason
from isolate_ext.project import DiscoveredExtension
from isolate_ext.report.results import Compilation, Finding
from isolate_ext.syntax import Source, scan


@dataclass(slots=True)
class Planned:
    """One extension on its way.

    ``whole`` are refusals of all of it; ``compilation`` and ``report`` come from the compile check.
    """

    found: DiscoveredExtension
    outcome: Outcome
    owned: frozenset[str]
    whole: list[Finding] = field(default_factory=list)
    compilation: Compilation | None = None
    report: str | None = None

    @property
    def stage(self) -> Stage | None:
        return None if self.whole else self.outcome.stage

    def texts(self, upto: Stage | None = None) -> dict[str, bytes]:
        """Changed and new files; after stage ``upto`` where one is named."""
        if self.stage is None:
            return {}
        return self.outcome.texts.get(min(self.stage, upto or self.stage), {})

    def refuse(self, reason: str, path: str, message: str, help: str) -> None:
        """Leave the whole extension as it is."""
        self.whole.append(Finding("engine", path, 1, 1, message, reason, help))


def reason_id(reason: Reason) -> str:
    """The reason as users see it, in words and hyphens."""
    return reason.name.lower().replace("_", "-")


def plan(
    library: Library, found: DiscoveredExtension, rules: Sequence[Rule], settings: Settings,
    upto: Stage, every_stage: bool,
) -> Planned:  # fmt: skip
    """Raises ProjectError where a file cannot be read."""
    extension = library.model(found)

    def reparse(texts: Mapping[str, bytes]) -> Extension:
        scans = {path: scan(Source(path, data)) for path, data in texts.items()}
        return model_of(found, scans)

    outcome = migrate(extension, rules, settings, upto, every_stage, reparse)
    return Planned(found, outcome, frozenset(found.files))


def settle(planned: Sequence[Planned]) -> None:
    """Refuse what does not agree on a shared file, until all that is left agrees."""
    while True:
        at_odds = [(each, *odds) for each in planned if (odds := _at_odds(each, planned))]
        if not at_odds:
            return
        for each, path, other in at_odds:
            message = f"{other} uses this file too, and its migration does not make the same of it"
            each.refuse(reason_id(Reason.SHARED_FILE), path, message, Reason.SHARED_FILE.value)


def _at_odds(each: Planned, planned: Iterable[Planned]) -> tuple[str, str] | None:
    """A file that another extension reads without giving it the same text, and that extension."""
    for path, text in each.texts().items():
        for other in planned:
            theirs = other.texts()
            if (path in other.owned or path in theirs) and theirs.get(path) != text:
                return path, other.found.name
    return None


def merged(planned: Iterable[Planned], upto: Stage | None = None) -> dict[str, bytes]:
    """The changed files of all extensions, which agree."""
    return {path: text for each in planned for path, text in each.texts(upto).items()}
