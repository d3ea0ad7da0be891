"""The result of one extension, from what the engine made of it, for people to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from isolate_ext.app.modelling import Library
from isolate_ext.app.places import Places
from isolate_ext.app.users import for_users
from isolate_ext.engine import Note, Outcome, Rule, Stage
from isolate_ext.model.extension import Extension
from isolate_ext.placement.decisions import Decisions, Level
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.project import DiscoveredExtension
from isolate_ext.project.includes import generator_of
from isolate_ext.report.results import (
    ALREADY,
    GUARDED,
    ISOLATED,
    OPTED_OUT,
    PARTLY,
    REFUSED,
    STAGED,
    UNCHANGED,
    ExtensionResult,
    Finding,
)

CLINIC = "Argument Clinic"


def describe(
    outcome: Outcome, found: DiscoveredExtension, rules: Sequence[Rule], library: Library,
    floor: tuple[int, int],
) -> ExtensionResult:  # fmt: skip
    """Everything there is to say about an extension, provided that its plan is carried out."""
    texts = outcome.files
    places = Places(outcome.extension.files, library.read)
    result = ExtensionResult(
        found.name, found.sources, _status(outcome), files=tuple(sorted(texts))
    )
    result.refusals = [_refusal(it, places) for it in outcome.refusals]
    if outcome.decisions is not None:
        decisions = outcome.decisions
        result.levels[Level.MODULE.value] = len(decisions.fields) + len(decisions.types)
        result.levels.update(stay.level.value for stay in decisions.stays)
    if not texts or outcome.stage is None or outcome.decisions is None or outcome.plan is None:
        return result
    stage = outcome.stage
    result.stage = stage.label
    result.notes = [_note(it, places) for it in outcome.notes]
    result.notes += _chosen(outcome.extension, outcome.decisions, places)
    result.notes += [_clinic(path) for path in sorted(texts) if _by_clinic(library, path)]
    if stage >= Stage.HEAP_TYPES:
        result.types = tuple(it.name or it.variable.name for it in outcome.decisions.types.values())
        result.users = for_users(outcome.decisions.types.values(), texts, floor)
    safety = {rule.id: rule.safety.value for rule in rules}
    made = [it for it in outcome.plan.edits if it.since <= stage <= it.until]
    result.edits = Counter(safety.get(it.rule, "safe") for it in made)
    result.groups = dict(Counter(it.replacement.group for it in made))
    return result


def _status(outcome: Outcome) -> str:
    if outcome.already:
        return ALREADY
    if not outcome.files:
        return REFUSED if outcome.refusals else UNCHANGED
    if outcome.refusals:
        return PARTLY
    if outcome.stage is not Stage.ISOLATED:
        return STAGED
    if outcome.guarded:
        return GUARDED
    hooked = outcome.decisions is not None and outcome.decisions.resources
    return OPTED_OUT if hooked else ISOLATED


def reason_id(reason: Reason) -> str:
    """The reason as users see it, in words and hyphens."""
    return reason.name.lower().replace("_", "-")


def _refusal(refusal: Refusal, places: Places) -> Finding:
    line, column, snippet = places.of(refusal.path, refusal.start)
    message = refusal.message or refusal.reason.name.lower().replace("_", " ")
    return Finding(
        refusal.rule, refusal.path, line, column, message, reason_id(refusal.reason),
        refusal.help, refusal.symbol, tuple(refusal.chain), snippet,
    )  # fmt: skip


def _note(note: Note, places: Places) -> Finding:
    line, column, snippet = places.of(note.path, note.start)
    return Finding(
        note.rule, note.path, line, column, note.message, snippet=snippet, review=note.review
    )


def _chosen(extension: Extension, decisions: Decisions, places: Places) -> Iterator[Finding]:
    """What stays static by the user's decision, and what that comes to."""
    for stay in decisions.stays:
        choice, variable = decisions.chosen.get(stay.symbol), extension.variables.get(stay.symbol)
        if choice is None or variable is None:
            continue
        comes = "interpreters share it" if stay.shared else f"it is at level {stay.level.value}"
        home = variable.home
        line, column, snippet = places.of(home.path, home.name_start)
        text = f"{variable.name} stays static, and {comes}; {choice.told}"
        yield Finding("configuration", home.path, line, column, text, snippet=snippet, review=True)


def _by_clinic(library: Library, path: str) -> bool:
    return path in library.read and generator_of(library.read[path].data) == CLINIC


def _clinic(path: str) -> Finding:
    return Finding(
        "engine", path, 1, 1, review=True,
        message="written by Argument Clinic: make the same edit in its input, or it is lost",
    )  # fmt: skip
