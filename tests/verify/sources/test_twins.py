"""The extensions that other rungs find mistakes in: without those, their sources show nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from isolate_ext.testing import extension_of
from isolate_ext.verify.source_rung import own_findings

FAULTY = Path(__file__).parents[1] / "faulty"
CHOICE = re.compile(
    r"^#\s*if(n?)def FAULTY\n(.*?)(?:^#\s*else[^\n]*\n(.*?))?^#\s*endif[^\n]*\n",
    re.MULTILINE | re.DOTALL,
)
SHOWN = {
    "type_released_early": "goes on after it has released the type",
    "unvisited_content": "does not visit content",
    "kept_content": "keeps content, which",
    "unvisited_member": "module_traverse leaves out hooks",
}
"""Mistakes that the sources show as well, and what they say."""


def chosen(name: str, *, faulty: bool) -> str:
    """The text of one side of ``#ifdef FAULTY``."""
    text = (FAULTY / f"{name}.c").read_text()
    return CHOICE.sub(lambda it: (it[3] or "") if bool(it[1]) is faulty else it[2], text)


@pytest.mark.parametrize("name", sorted(each.stem for each in FAULTY.glob("*.c")))
def test_the_twin_has_nothing_wrong(name: str) -> None:
    assert own_findings(extension_of(chosen(name, faulty=False))) == []


@pytest.mark.parametrize("name", SHOWN)
def test_a_mistake_shows(name: str) -> None:
    assert SHOWN[name] in " ".join(own_findings(extension_of(chosen(name, faulty=True))))
