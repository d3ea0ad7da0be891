"""Decide, schedule, render, check; remade with every refusal until nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from isolate_ext.engine.macro_bodies import written_bodies
from isolate_ext.engine.places import Places
from isolate_ext.engine.plan import Note, Plan
from isolate_ext.engine.prepare import plain_branches, spelled_out, written_out
from isolate_ext.engine.rule import Output, Pass, Rule, Settings, Violation
from isolate_ext.engine.stages import Stage
from isolate_ext.model.extension import Extension
from isolate_ext.placement.decisions import Decisions
from isolate_ext.placement.place import place, place_guarded
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.text import compose

Reparse = Callable[[Mapping[str, bytes]], Extension]


@dataclass(slots=True)
class Outcome:
    """What became of one extension.

    ``stage`` is the last one reached, None where nothing is changed; ``texts`` holds, per stage up
    to it, the new text of every changed or new file.
    """

    extension: Extension
    decisions: Decisions | None
    plan: Plan | None
    stage: Stage | None
    texts: dict[Stage, dict[str, bytes]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    already: bool = False
    guarded: bool = False

    @property
    def files(self) -> dict[str, bytes]:
        return self.texts.get(self.stage, {}) if self.stage is not None else {}


def migrate(
    extension: Extension,
    rules: Sequence[Rule],
    settings: Settings,
    upto: Stage = Stage.ISOLATED,
    every_stage: bool = False,
    reparse: Reparse | None = None,
) -> Outcome:
    """The migration of one extension.  Never raises for what the source holds.

    ``reparse`` models the extension anew with some texts changed; with it, Python 2 branches and
    macros that hide the init function are made plain first.
    """
    original = extension
    if settings.guarded:
        rules = [rule for rule in rules if rule.guarded]
    draft = _Draft(extension, reparse, settings.guarded)
    if reparse is not None:
        _prepare(draft, rules)
    extension = draft.extension
    outcome = _migrate(draft, rules, settings, upto, every_stage)
    outcome.notes = [*draft.notes, *outcome.notes]
    outcome.guarded = settings.guarded
    if extension is not original and outcome.stage is not None:
        outcome.texts = {
            stage: _against(original, extension, texts) for stage, texts in outcome.texts.items()
        }
    if extension is not original:
        places = Places(_texts(original), _texts(extension))
        outcome.refusals = [places.refusal(each) for each in outcome.refusals]
        outcome.notes = [places.note(each) for each in outcome.notes]
        outcome.extension = original
    return outcome


@dataclass(slots=True)
class _Draft:
    """An extension that is being made plain, and its placement as it now is."""

    extension: Extension
    reparse: Reparse | None
    guarded: bool = False
    notes: list[Note] = field(default_factory=list)
    _placed: Decisions | Refusal | None = None

    def placed(self, refused: frozenset[str] = frozenset()) -> Decisions | Refusal:
        """The placement, given the keys of types and variables that must stay."""
        if refused and not self.guarded:
            return place(self.extension, refused)
        if self._placed is None:
            decide = place_guarded if self.guarded else place
            self._placed = decide(self.extension)
        return self._placed

    def change(self, texts: Mapping[str, bytes]) -> bool:
        """Read the extension anew with these texts; False where there are none."""
        if not texts or self.reparse is None:
            return False
        before = self.extension
        self.extension = self.reparse({**_texts(before), **texts})
        before.forget()
        self._placed = None
        return True


def _prepare(draft: _Draft, rules: Sequence[Rule]) -> None:
    """Make plain what hides the parts of the extension."""
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
    for rule in rules:
        _prepare_by(rule, draft)


def _prepare_by(rule: Rule, draft: _Draft) -> None:
    decisions = draft.placed()
    if rule.prepare is None or isinstance(decisions, Refusal):
        return
    found = list(rule.prepare(draft.extension, decisions))
    edits = [each for preparation in found for each in preparation.replacements]
    draft.notes += [Note(rule.id, each.path, each.start, each.message, True) for each in found]
    if found:
        draft.change(compose(_texts(draft.extension), edits).files)


def _texts(extension: Extension) -> dict[str, bytes]:
    return {path: parsed.source.data for path, parsed in extension.files.items()}


def _against(original: Extension, prepared: Extension, texts: dict[str, bytes]) -> dict[str, bytes]:
    """Changed files with respect to the original, the preparation included."""
    whole = {**_texts(prepared), **texts}
    return {
        path: text
        for path, text in whole.items()
        if path not in original.files or text != original.files[path].source.data
    }


def _migrate(
    draft: _Draft, rules: Sequence[Rule], settings: Settings, upto: Stage, every_stage: bool
) -> Outcome:
    extension, reparse = draft.extension, draft.reparse
    refused: dict[str, Refusal] = {}
    while True:
        decisions = draft.placed(frozenset(refused))
        if isinstance(decisions, Refusal):
            return Outcome(extension, None, None, None, refusals=[decisions])
        plan = Plan()
        for rule in rules:
            rule.run(Pass(rule.id, extension, decisions, plan, settings))
        fresh = [each for each in plan.refusals if each.symbol and each.symbol not in refused]
        fresh = [each for each in fresh if each.symbol in decisions.fields]
        if fresh:
            for each in fresh:
                refused.setdefault(each.symbol, each)
            continue
        if decisions.init.multi_phase and not (plan.at(Stage.ISOLATED) or decisions.refusals):
            return Outcome(extension, decisions, None, None, already=True)
        refusals = _unique([*refused.values(), *decisions.refusals, *plan.refusals])
        stage = min(upto, Stage.ACCESS if refusals else Stage.ISOLATED)
        conflict = _render(extension, decisions, plan, stage, every_stage)
        if isinstance(conflict, dict):
            outcome = Outcome(extension, decisions, plan, stage, conflict, refusals, plan.notes)
            if stage is Stage.ISOLATED and reparse is not None:
                output = reparse({**_texts(extension), **conflict[stage]})
                outcome.violations = list(_violations(rules, Output(output, decisions)))
                output.forget()
            blamed = _blamed(outcome, refused)
            if not blamed:
                return outcome
            refused.update(blamed)
            continue
        if conflict.symbol in refused or conflict.symbol not in decisions.fields:
            return Outcome(extension, decisions, plan, None, refusals=[*refusals, conflict])
        refused[conflict.symbol] = conflict


def _violations(rules: Sequence[Rule], output: Output) -> Iterator[Violation]:
    """Every post-condition of every rule that the output breaks."""
    for rule in rules:
        if rule.verify is not None:
            yield from rule.verify(output)


def _blamed(outcome: Outcome, refused: Mapping[str, Refusal]) -> dict[str, Refusal]:
    """The types and variables that violations are the fault of, which stay where they were."""
    found = {}
    for each in outcome.violations:
        variable = outcome.extension.variables.get(each.symbol)
        if variable is not None and each.symbol not in refused:
            home = variable.home
            end = home.name_start + len(home.name)
            found[each.symbol] = Refusal(
                each.rule,
                Reason.POSTCONDITION,
                home.path,
                home.name_start,
                end,
                each.message,
                each.symbol,
            )
    return found


def _unique(refusals: Sequence[Refusal]) -> list[Refusal]:
    seen: set[tuple[object, ...]] = set()
    result = []
    for each in refusals:
        key = (each.reason, each.path, each.start, each.symbol)
        if key not in seen:
            seen.add(key)
            result.append(each)
    return sorted(result, key=lambda each: (each.path, each.start))


def _render(
    extension: Extension, decisions: Decisions, plan: Plan, last: Stage, every_stage: bool
) -> dict[Stage, dict[str, bytes]] | Refusal:
    texts: dict[Stage, dict[str, bytes]] = {}
    originals = {path: parsed.source.data for path, parsed in extension.files.items()}
    for stage in Stage:
        if stage > last or (stage < last and not every_stage):
            continue
        if decisions.adopted is not None and stage < Stage.ISOLATED:
            texts[stage] = {}
            continue
        composed = compose(originals, plan.at(stage))
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
        texts[stage] = {**changed, **plan.files_at(stage)}
    return texts
