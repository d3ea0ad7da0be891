"""Rules the user left out: what they would have done is refused instead."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from isolate_ext.app.rulebook import check_names
from isolate_ext.engine import Outcome, Pass, Plan, Rule
from isolate_ext.placement.refusals import Reason, Refusal


def select(rules: Sequence[Rule], only: Sequence[str], without: Sequence[str]) -> tuple[Rule, ...]:
    """The rules in their order, those not selected disabled.  Raises ProjectError for no rule."""
    check_names([*only, *without])
    return tuple(
        rule if (not only or rule.id in only) and rule.id not in without else disabled(rule)
        for rule in rules
    )


def hole(outcome: Outcome, rules: Sequence[Rule]) -> Refusal | None:
    """The first refusal of a disabled rule without which the planned text makes no sense.

    What a rule of the last stage would have done is merely left out, and a variable that a rule
    may not touch stays where it is; all else belongs together.
    """
    stages = {rule.id: rule.stage for rule in rules}
    decisions = outcome.decisions
    moved = {**decisions.fields, **decisions.types} if decisions is not None else {}
    stays = outcome.extension.variables.keys() - moved.keys()
    for each in outcome.refusals:
        if each.reason is not Reason.DISABLED or each.symbol in stays:
            continue
        if outcome.stage is not None and stages[each.rule] <= outcome.stage:
            return each
    return None


def disabled(rule: Rule) -> Rule:
    """The rule, refusing every group of edits that it would have had a part in."""

    def run(given: Pass) -> None:
        scratch = Plan()
        rule.run(replace(given, plan=scratch))
        groups: set[str] = set()
        for edit in scratch.edits:
            change = edit.replacement
            if change.group not in groups:
                groups.add(change.group)
                given.refuse(
                    Reason.DISABLED,
                    change.path,
                    change.span.start,
                    change.span.end,
                    f"{rule.id} is not selected",
                    change.group.partition(":")[2],
                )

    return replace(rule, run=run)
