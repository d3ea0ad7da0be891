"""Every example of every rule holds, at every stage, and a second run changes nothing."""

from __future__ import annotations

import pytest

from isolate_ext.engine import Refused, Rewrite, Rule
from isolate_ext.testing import check_example
from isolate_ext_rules import SUITE

CASES = [
    pytest.param(rule, example, id=f"{rule.id}-{number}")
    for rule in SUITE
    for number, example in enumerate(rule.examples, 1)
]


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_the_example_holds(rule: Rule, example: Rewrite | Refused) -> None:
    check_example(SUITE, rule, example)
