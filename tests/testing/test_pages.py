"""The pages of the rules are the rules' own words."""

from pathlib import Path

import pytest

from isolate_ext.testing.pages import pages, write
from isolate_ext_rules import SUITE

FOLDER = Path(__file__).parents[2] / "docs" / "rules"


def test_making_the_pages_anew_changes_nothing() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    again = "run: python -m isolate_ext.testing.pages docs/rules"
    assert found == pages(SUITE), again


@pytest.mark.parametrize("rule", SUITE, ids=lambda rule: rule.id)
def test_a_page_says_what_why_and_when_not(rule: object) -> None:
    text = pages([rule])[f"{rule.id}.md"]  # type: ignore[attr-defined, list-item]
    assert all(f"**{label}**: " in text for label in ("What", "Why", "Declines when"))


def test_pages_of_rules_that_are_gone_go(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("")
    write(tmp_path, SUITE[:1])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(pages(SUITE[:1]))
