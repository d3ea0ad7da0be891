"""The plans of one project: each extension by itself, then what they share.

A file that several extensions read gets one text that all of them agree on, or none: an extension
that would edit it otherwise is refused, and so is, in turn, whatever agreed with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from isolate_ext.app.crash import write_report
from isolate_ext.app.describe import describe, reason_id
from isolate_ext.app.modelling import Library, model_of
from isolate_ext.app.selection import hole
from isolate_ext.engine import Outcome, Rule, Settings, Stage, migrate
from isolate_ext.model.extension import Extension
from isolate_ext.placement.refusals import Reason
from isolate_ext.project import DiscoveredExtension
from isolate_ext.report.results import REFUSED, Compilation, ExtensionResult, Finding
from isolate_ext.syntax import Source, scan


@dataclass(slots=True)
class Planned:
    """One extension on its way: its texts by stage and what there is to say, without its trees.

    ``whole`` are refusals of all of it; ``compilation`` and ``report`` come from the compile check.
    ``partly`` counts its files with regions that could not be parsed.
    """

    found: DiscoveredExtension
    described: ExtensionResult
    reached: Stage | None
    by_stage: Mapping[Stage, Mapping[str, bytes]]
    owned: frozenset[str]
    partly: int = 0
    whole: list[Finding] = field(default_factory=list)
    compilation: Compilation | None = None
    report: str | None = None

    @property
    def stage(self) -> Stage | None:
        return None if self.whole else self.reached

    def texts(self, upto: Stage | None = None) -> Mapping[str, bytes]:
        """Changed and new files; after stage ``upto`` where one is named."""
        if self.stage is None:
            return {}
        return self.by_stage.get(min(self.stage, upto or self.stage), {})

    def refuse(self, reason: str, path: str, message: str, help: str) -> None:
        """Leave the whole extension as it is."""
        self.whole.append(Finding("engine", path, 1, 1, message, reason, help))

    def result(self) -> ExtensionResult:
        """What became of it in the end."""
        told = replace(self.described, compilation=self.compilation, report=self.report)
        if not self.whole:
            return told
        return ExtensionResult(
            told.name, told.sources, REFUSED, levels=told.levels, report=told.report,
            refusals=[*self.whole, *told.refusals], compilation=told.compilation,
        )  # fmt: skip


def plan(
    library: Library, found: DiscoveredExtension, rules: Sequence[Rule], settings: Settings,
    upto: Stage, every_stage: bool,
) -> Planned:  # fmt: skip
    """Raises ProjectError where a file cannot be read."""
    extension = library.model(found)
    models = [extension]

    def reparse(texts: Mapping[str, bytes]) -> Extension:
        scans = {path: scan(Source(path, data)) for path, data in texts.items()}
        models.append(model_of(found, scans))
        return models[-1]

    try:
        outcome = migrate(extension, rules, settings, upto, every_stage, reparse)
        return _planned(outcome, library, found, rules, settings)
    finally:
        for each in models:
            each.forget()


def _planned(
    outcome: Outcome, library: Library, found: DiscoveredExtension, rules: Sequence[Rule],
    settings: Settings,
) -> Planned:  # fmt: skip
    planned = Planned(
        found,
        describe(outcome, found, rules, library, settings.floor),
        outcome.stage,
        outcome.texts,
        frozenset(found.files),
        sum(1 for parsed in outcome.extension.files.values() if parsed.fences),
    )
    if outcome.violations:
        _faulty(planned, outcome)
    missing = hole(outcome, rules)
    if missing is not None:
        message = f"{missing.rule} is not selected, and the other rules build on it"
        planned.refuse(reason_id(Reason.DISABLED), missing.path, message, Reason.DISABLED.value)
    return planned


def _faulty(planned: Planned, outcome: Outcome) -> None:
    """The result breaks a rule of ours: it is not used, and a file tells what is wrong with it."""
    lines = [f"{it.path}: {it.rule}: {it.message}" for it in outcome.violations]
    name = f"violation-{planned.found.short_name}"
    planned.report = write_report(name, "\n".join(lines), planned.texts())
    first = outcome.violations[0]
    help = f"{Reason.POSTCONDITION.value}: {planned.report}"
    planned.refuse("postcondition", first.path, first.message, help)


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
