"""Rules the user left out: what they would have done is refused instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from isolate_ext.app.rulebook import check_names
from isolate_ext.engine import Pass, Plan, Rule
from isolate_ext.placement.refusals import Reason


def select(rules: Sequence[Rule], only: Sequence[str], without: Sequence[str]) -> tuple[Rule, ...]:
    """The rules in their order, those not selected disabled.  Raises ProjectError for no rule."""
    check_names([*only, *without])
    return tuple(
        rule if (not only or rule.id in only) and rule.id not in without else disabled(rule)
        for rule in rules
    )


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
