"""Rules: what each does, why, and when it declines, from the rules themselves."""

from __future__ import annotations

from isolate_ext.app.describe import reason_id
from isolate_ext.app.rulebook import all_rules, rule_named
from isolate_ext.engine import Refused, Rewrite, Rule
from isolate_ext.report.views import ExampleView, RuleView


def rules() -> list[RuleView]:
    """All installed rules in the order in which they run."""
    return [view(rule) for rule in all_rules()]


def rule(name: str) -> RuleView:
    """Raises ProjectError for a name that no rule has."""
    return view(rule_named(name))


def view(rule: Rule) -> RuleView:
    major, minor = getattr(rule, "minimum", (3, 9))
    return RuleView(
        rule.id, rule.title, rule.doc.strip(), rule.patterns, rule.stage.label, rule.safety.value,
        f"{major}.{minor}", tuple(map(_example, rule.examples)),
    )  # fmt: skip


def _example(example: Rewrite | Refused) -> ExampleView:
    if isinstance(example, Rewrite):
        return ExampleView(example.before, example.after)
    return ExampleView(example.before, reason=reason_id(example.reason), help=example.reason.value)
