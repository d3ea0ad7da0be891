"""The plans of one project: each extension by itself, then what they share.

A file that several extensions read gets one text that all of them agree on, or none: an extension
that would edit it otherwise is refused, and so is, in turn, whatever agreed with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from msgspec import structs

from isolate_ext.app.compiling import Checked
from isolate_ext.app.crash import write_report
from isolate_ext.app.describe import describe, reason_id
from isolate_ext.app.modelling import Library, remodelled
from isolate_ext.app.selection import hole
from isolate_ext.engine import Outcome, Rule, Settings, Stage, migrate
from isolate_ext.model.extension import Extension
from isolate_ext.placement.choices import Choices
from isolate_ext.placement.refusals import Reason
from isolate_ext.project import CompileCheck, DiscoveredExtension
from isolate_ext.report.results import REFUSED, Compilation, ExtensionResult, Finding

Decide = Callable[[Extension], Choices]


@dataclass(slots=True)
class Planned:
    """One extension on its way: its texts by stage and what there is to say, without its trees.

    ``whole`` are refusals of all of it; ``report`` tells of faults of ours.
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
    upto: Stage, every_stage: bool, check: CompileCheck | None = None,
    decide: Decide | None = None,
) -> Planned:  # fmt: skip
    """Raises ProjectError where a file cannot be read.  Without ``check`` nothing is compiled.

    ``decide`` gives the user's choices for an extension.
    """
    with remodelled(library, found) as (extension, reparse):
        if decide is not None:
            settings = structs.replace(settings, choices=decide(extension))
        checked = Checked(check, found, rules) if check is not None else None
        outcome = migrate(extension, rules, settings, upto, every_stage, reparse, checked)
        planned = _planned(outcome, library, found, rules, settings)
        if checked is not None and outcome.plan is not None:
            planned.compilation = checked.compilation(outcome)
        return planned


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
    if outcome.faults:
        planned.report = _report(outcome, found)
    _faulty(planned, outcome)
    missing = hole(outcome, rules)
    if missing is not None:
        message = f"{missing.rule} is not selected, and the other rules build on it"
        planned.refuse(reason_id(Reason.DISABLED), missing.path, message, Reason.DISABLED.value)
    return planned


def _report(outcome: Outcome, found: DiscoveredExtension) -> str:
    """The path of a file that tells what was wrong, with the first text that was."""
    first = outcome.faults[0]
    parts = [f"{_WRONG[it.reason]}\n\n" + "\n".join(it.lines) for it in outcome.faults]
    text = "\n\n".join([f"The migration of {found.name}", *parts])
    return write_report(f"{reason_id(first.reason)}-{found.short_name}", text, first.files)


_WRONG = {
    Reason.COMPILE: "The result does not compile:",
    Reason.POSTCONDITION: "The result breaks a rule of isolation:",
}


def _faulty(planned: Planned, outcome: Outcome) -> None:
    """A result of which something is wrong that nothing could be blamed for is not used."""
    if outcome.violations:
        first = outcome.violations[0]
        reason, path, message = Reason.POSTCONDITION, first.path, first.message
    elif outcome.complaints:
        error = outcome.complaints[0]
        path = error.path if error.path in planned.owned else planned.found.sources[0]
        reason, message = Reason.COMPILE, f"the result does not compile: {error}"
    else:
        return
    planned.refuse(reason_id(reason), path, message, f"{reason.value}: {planned.report}")


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
