"""The suite as a whole: complete, documented, and every reason given somewhere is tested."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import isolate_ext_rules
from isolate_ext.engine import Refused, Rewrite, Rule
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules import SUITE

FOLDER = Path(isolate_ext_rules.__file__).parent
PACKAGE = Path(isolate_ext_rules.__file__).parents[2]
TESTS = Path(__file__).parents[1]


def sources() -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py")}


def test_identifiers_are_unique_and_name_their_file() -> None:
    assert len({rule.id for rule in SUITE}) == len(SUITE)
    assert {rule.id.replace("-", "_") for rule in SUITE} <= set(sources())


def test_every_rule_file_is_listed() -> None:
    defining = {name for name, text in sources().items() if re.search(r"^RULE = ", text, re.M)}
    assert defining == {rule.id.replace("-", "_") for rule in SUITE}


@pytest.mark.parametrize("rule", SUITE, ids=lambda rule: rule.id)
def test_a_rule_says_what_why_and_when_not(rule: Rule) -> None:
    assert rule.title.endswith(".") and len(rule.title) < 100
    for heading in ("What: ", "Why: ", "Declines when: "):
        assert f"\n{heading}" in rule.doc, f"{rule.id} does not say {heading!r}"
    assert rule.doc.strip().endswith(".")
    assert rule.patterns, "the handbook patterns it carries out"
    assert any(isinstance(each, Rewrite | Refused) for each in rule.examples)


def test_every_reason_is_given_somewhere() -> None:
    given = "".join(
        path.read_text(encoding="utf-8")
        for root in (FOLDER, FOLDER.parents[1] / "codemod" / "isolate_ext")
        for path in root.rglob("*.py")
        if path.name != "refusals.py"
    )
    dead = [each.name for each in Reason if f"Reason.{each.name}" not in given]
    assert not dead, f"no code gives {', '.join(dead)}"


def test_every_reason_is_tested() -> None:
    """By an example of a rule, or by name in a test."""
    tested = {each.reason for rule in SUITE for each in rule.examples if isinstance(each, Refused)}
    text = "".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    left = [
        each.name
        for each in Reason
        if each not in tested
        and f"Reason.{each.name}" not in text
        and f'"{each.name.lower().replace("_", "-")}"' not in text
    ]
    assert not left, f"no test gives {', '.join(left)}"


def test_every_reason_says_what_lifts_it() -> None:
    for each in Reason:
        assert each.value and not each.value.endswith(".")
