"""The rules, found through the entry-point group, and a selection of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import entry_points

from isolate_ext.engine import Rule
from isolate_ext.project import ProjectError

GROUP = "isolate_ext.rules"


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every installed rule, packs in order of name.  Raises ProjectError for a broken pack."""
    found: list[Rule] = []
    for point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        try:
            suite = point.load()
        except Exception as error:
            raise ProjectError(f"the rule pack does not load: {error}", point.value) from error
        found += [each for each in suite if each.id not in {rule.id for rule in found}]
    if not found:
        raise ProjectError("no rule is installed", GROUP)
    return tuple(found)


def rule_named(name: str) -> Rule:
    """Raises ProjectError for a name that no rule has."""
    rules = all_rules()
    for rule in rules:
        if rule.id == name:
            return rule
    raise ProjectError(f"no such rule; known are {', '.join(each.id for each in rules)}", name)


def check_names(names: Sequence[str]) -> None:
    """Raises ProjectError for the first that is no rule."""
    for name in names:
        rule_named(name)
