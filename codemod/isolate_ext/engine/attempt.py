"""One plan of an extension: prepare, decide, schedule, render, until no rule refuses more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from isolate_ext.engine.branches import plain_branches
from isolate_ext.engine.macro_bodies import written_bodies
from isolate_ext.engine.outcome import Check, Outcome
from isolate_ext.engine.plan import Note, Plan
from isolate_ext.engine.prepare import spelled_out, written_out
from isolate_ext.engine.rule import Pass, Rule, Settings
from isolate_ext.engine.stages import Stage
from isolate_ext.model.extension import Extension
from isolate_ext.placement.decisions import Decisions
from isolate_ext.placement.place import place, place_guarded
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.text import compose

Reparse = Callable[[Mapping[str, bytes]], Extension]


class Job(msgspec.Struct, frozen=True):
    """What is wanted of each attempt: see ``migrate``."""

    rules: Sequence[Rule]
    settings: Settings
    upto: Stage
    every_stage: bool
    reparse: Reparse | None
    check: Check | None


class Draft(msgspec.Struct):
    """An extension that is being made plain, and its placement as it now is.

    ``kept`` are the keys of types and variables that must stay; "" is the last stage.
    ``reached`` is the stage that an earlier run wrote, which this one does not go behind.
    """

    extension: Extension
    job: Job
    kept: frozenset[str]
    notes: list[Note] = msgspec.field(default_factory=list)
    reached: Stage = Stage.STATE
    _placed: Decisions | Refusal | None = None

    def placed(self, refused: frozenset[str] = frozenset()) -> Decisions | Refusal:
        """The placement, given the keys of more that must stay."""
        extension, settings = self.extension, self.job.settings
        if refused and not settings.guarded:
            return place(extension, self.kept | refused, settings.choices)
        if self._placed is None:
            self._placed = (
                place_guarded(extension)
                if settings.guarded
                else place(extension, self.kept, settings.choices)
            )
        return self._placed

    def change(self, texts: Mapping[str, bytes]) -> bool:
        """Read the extension anew with these texts; False where there are none."""
        if not texts or self.job.reparse is None:
            return False
        before = self.extension
        self.extension = self.job.reparse({**texts_of(before), **texts})
        before.forget(self.extension)
        self._placed = None
        return True


def texts_of(extension: Extension) -> dict[str, bytes]:
    return {path: parsed.source.data for path, parsed in extension.files.items()}


def against(original: Extension, prepared: Extension, texts: dict[str, bytes]) -> dict[str, bytes]:
    """Changed files with respect to the original, the preparation included."""
    whole = {**texts_of(prepared), **texts}
    return {
        path: text
        for path, text in whole.items()
        if path not in original.files or text != original.files[path].source.data
    }


def prepare(draft: Draft) -> None:
    """Make plain what hides the parts of the extension."""
    for rule in draft.job.rules:
        _resume_by(rule, draft)
    for _ in range(5):
        if not draft.change(spelled_out(draft.extension.files)):
            break
    for _ in range(8):
        decisions = draft.placed()
        if isinstance(decisions, Refusal):
            return
        if not draft.change(written_out(draft.extension, decisions)) and not draft.change(
            written_bodies(draft.extension, decisions)
        ):
            break
    decisions = draft.placed()
    if isinstance(decisions, Decisions):
        draft.change(plain_branches(draft.extension, decisions))
    for rule in draft.job.rules:
        _prepare_by(rule, draft)


def _resume_by(rule: Rule, draft: Draft) -> None:
    resumption = rule.resume(draft.extension) if rule.resume is not None else None
    if resumption is None:
        return
    composed = compose(texts_of(draft.extension), resumption.replacements)
    if not composed.conflicts and draft.change(composed.files):
        draft.reached = max(draft.reached, resumption.stage)


def _prepare_by(rule: Rule, draft: Draft) -> None:
    decisions = draft.placed()
    if rule.prepare is None or isinstance(decisions, Refusal):
        return
    found = list(rule.prepare(draft.extension, decisions))
    edits = [each for preparation in found for each in preparation.replacements]
    draft.notes += [Note(rule.id, each.path, each.start, each.message, True) for each in found]
    if found:
        draft.change(compose(texts_of(draft.extension), edits).files)


def carry_out(draft: Draft) -> Outcome:
    """The furthest plan in which nothing conflicts and what is refused stays."""
    extension, job = draft.extension, draft.job
    refused: dict[str, Refusal] = {}
    while True:
        decisions = draft.placed(frozenset(refused))
        if isinstance(decisions, Refusal):
            return Outcome(extension, None, None, None, refusals=[decisions])
        plan = Plan()
        for rule in job.rules:
            rule.run(Pass(rule.id, extension, decisions, plan, job.settings))
        fresh = [each for each in plan.refusals if each.symbol and each.symbol not in refused]
        fresh = [each for each in fresh if each.symbol in decisions.fields]
        if fresh:
            for each in fresh:
                refused.setdefault(each.symbol, each)
            continue
        if decisions.init.multi_phase and not (plan.at(Stage.ISOLATED) or decisions.refusals):
            return Outcome(extension, decisions, None, None, already=True)
        refusals = [*refused.values(), *decisions.refusals, *plan.refusals]
        stage = min(job.upto, Stage.ACCESS if refusals or draft.kept else Stage.ISOLATED)
        stage = max(stage, draft.reached)
        rendered = _render(draft, decisions, plan, stage)
        if isinstance(rendered, dict):
            return Outcome(extension, decisions, plan, stage, rendered, refusals, plan.notes)
        if rendered.symbol in refused or rendered.symbol not in decisions.fields:
            return Outcome(extension, decisions, plan, None, refusals=[*refusals, rendered])
        refused[rendered.symbol] = rendered


def _render(
    draft: Draft, decisions: Decisions, plan: Plan, last: Stage
) -> dict[Stage, dict[str, bytes]] | Refusal:
    """The texts of the stages that are wanted, or the first conflict."""
    texts: dict[Stage, dict[str, bytes]] = {}
    originals = texts_of(draft.extension)
    first = draft.reached if draft.job.every_stage else last
    for stage in Stage:
        if not first <= stage <= last:
            continue
        shown = _shown(decisions, stage)
        if shown is None:
            texts[stage] = {}
            continue
        composed = compose(originals, plan.at(shown))
        if composed.conflicts:
            lost = composed.conflicts[0]
            span = lost.dropped.span
            symbol = lost.dropped.group.partition(":")[2]
            return Refusal(
                "engine",
                Reason.CONFLICT,
                lost.dropped.path,
                span.start,
                span.end,
                str(lost),
                symbol,
            )
        changed = {p: text for p, text in composed.files.items() if text != originals[p]}
        texts[stage] = {**changed, **plan.files_at(shown)}
    return texts


def _shown(decisions: Decisions, stage: Stage) -> Stage | None:
    """The stage of the plan that makes the text of a stage; None for no change.

    A module with a state struct of its own has ways to it, which do not change before the last.
    """
    if decisions.adopted is None or stage is Stage.ISOLATED:
        return stage
    return None if decisions.at_once else min(stage, Stage.HEAP_TYPES)
