"""Plan, check, and plan anew without what the result is at fault for, until nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from isolate_ext.engine.attempt import Draft, Job, Reparse, against, carry_out, prepare, texts_of
from isolate_ext.engine.blame import Blame
from isolate_ext.engine.outcome import Check, Complaint, Fault, Outcome, unique
from isolate_ext.engine.places import Places
from isolate_ext.engine.rule import Output, Rule, Settings, Violation
from isolate_ext.engine.stages import Stage
from isolate_ext.model.extension import Extension
from isolate_ext.placement.refusals import Reason, Refusal

_ATTEMPTS = 25


def migrate(
    extension: Extension,
    rules: Sequence[Rule],
    settings: Settings,
    upto: Stage = Stage.ISOLATED,
    every_stage: bool = False,
    reparse: Reparse | None = None,
    check: Check | None = None,
) -> Outcome:
    """The migration of one extension.  Never raises for what the source holds.

    ``reparse`` models the extension anew with some texts changed; with it, Python 2 branches and
    macros that hide the init function are made plain first, and post-conditions are checked.
    ``check`` is asked about every text that may be written.

    What a wrong result is the fault of is refused, and all is planned anew.  Where that is not to
    be found, the first result is the outcome, with what is wrong with it.
    """
    if settings.guarded:
        rules = [rule for rule in rules if rule.guarded]
    job = Job(rules, settings, upto, every_stage, reparse, check)
    kept: dict[str, Refusal] = {}
    faults: list[Fault] = []
    first: Outcome | None = None
    while True:
        outcome, blamed = _attempt(extension, job, kept)
        first = first or outcome
        fault = _fault(outcome)
        if fault is None:
            outcome.faults = faults
            return outcome
        faults.append(fault)
        fresh = {each.symbol: each for each in blamed if each.symbol not in kept}
        if not fresh or len(faults) == _ATTEMPTS:
            first.faults = faults
            return first
        kept = {symbol: each for symbol, each in (kept | fresh).items() if symbol or not kept}
        if reparse is not None:
            extension = reparse(texts_of(extension))


def _attempt(
    original: Extension, job: Job, kept: Mapping[str, Refusal]
) -> tuple[Outcome, list[Refusal]]:
    """One plan in terms of the original, and what is to be refused for what is wrong with it."""
    draft = Draft(original, job, frozenset(kept))
    if job.reparse is not None:
        prepare(draft)
    prepared = draft.extension
    outcome = carry_out(draft)
    outcome.notes = [*draft.notes, *outcome.notes]
    outcome.guarded = job.settings.guarded
    places = Places(texts_of(original), texts_of(prepared))
    if prepared is not original:
        for stage, texts in outcome.texts.items() if outcome.stage is not None else ():
            outcome.texts[stage] = against(original, prepared, texts)
        outcome.refusals = [places.refusal(each) for each in outcome.refusals]
        outcome.notes = [places.note(each) for each in outcome.notes]
        outcome.extension = original
    outcome.refusals = unique([*kept.values(), *outcome.refusals])
    blamed = _wrong(outcome, prepared, job)
    return outcome, [places.refusal(each) for each in blamed]


def _wrong(outcome: Outcome, prepared: Extension, job: Job) -> list[Refusal]:
    """Tell the outcome what is wrong with it; the refusals that take it away."""
    decisions, plan = outcome.decisions, outcome.plan
    if outcome.stage is None or decisions is None or plan is None:
        return []
    if outcome.stage is Stage.ISOLATED and job.reparse is not None:
        texts = texts_of(outcome.extension) | outcome.files
        output = Output(job.reparse(texts), decisions)
        outcome.violations = list(_violations(job.rules, output))
        output.extension.forget(prepared)
    if outcome.violations:
        blame = Blame(prepared, decisions, plan, outcome.stage)
        return [found for each in outcome.violations for found in blame.violation(each)]
    for stage, changed in outcome.texts.items():
        outcome.complaints = list(job.check(outcome, changed)) if job.check is not None else []
        if outcome.complaints:
            blame = Blame(prepared, decisions, plan, stage)
            return _first_blamed(blame, outcome.complaints)
    return []


def _first_blamed(blame: Blame, complaints: Sequence[Complaint]) -> list[Refusal]:
    """Only the first error counts that can be put down to something: others may follow from it."""
    return next((found for each in complaints if (found := blame.complaint(each))), [])


def _violations(rules: Sequence[Rule], output: Output) -> Iterator[Violation]:
    """Every post-condition of every rule that the output breaks."""
    for rule in rules:
        if rule.verify is not None:
            yield from rule.verify(output)


def _fault(outcome: Outcome) -> Fault | None:
    if outcome.violations:
        lines = [f"{each.path}: {each.rule}: {each.message}" for each in outcome.violations]
        return Fault(Reason.POSTCONDITION, tuple(lines), outcome.files)
    if outcome.complaints:
        lines = list(map(str, outcome.complaints))
        return Fault(Reason.COMPILE, tuple(lines), outcome.files)
    return None
