"""The views of one ladder."""

from __future__ import annotations

import json
from importlib.resources import files
from xml.etree import ElementTree

import jsonschema
import pytest

from isolate_ext.report.as_json import verification
from isolate_ext.report.exits import Exit, verified
from isolate_ext.report.ladder import Ladder, ModuleLadder, PythonLadder, RungResult, Verdict
from isolate_ext.report.ladder_junit import junit
from isolate_ext.report.ladder_markdown import markdown
from isolate_ext.report.ladder_text import ladder

HOLDS = RungResult("reimport", Verdict.HOLDS, "failed", "ok", seconds=1.5)
FAILS = RungResult("own-gil", Verdict.FAILS, "failed", "crashed", ("SIGSEGV \x00 | <x>",))
OLD = RungResult("teardown-at-exit", Verdict.FAILED_BEFORE, "failed", "failed", ("it leaks",))


def climbed(*rungs: RungResult, absent: str = "", chosen: bool = False) -> Ladder:
    there = PythonLadder("3.13.0", "python3.13", [RungResult("built", Verdict.HOLDS, "ok", "ok")])
    there.modules.append(ModuleLadder("spam", "spam.so", list(rungs)))
    result = Ladder("project", "the git revision HEAD", chosen, [there])
    if absent:
        result.pythons.append(PythonLadder("3.9.18", "python3.9", absent=absent))
    return result


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (climbed(HOLDS, OLD), Exit.OK),
        (climbed(HOLDS, FAILS), Exit.BROKEN),
        (climbed(HOLDS, absent="no compiler"), Exit.OK),
        (climbed(HOLDS, absent="no compiler", chosen=True), Exit.ENVIRONMENT),
        (climbed(FAILS, absent="no compiler", chosen=True), Exit.ENVIRONMENT),
        (Ladder("project", pythons=[PythonLadder("3.9", "", absent="no")]), Exit.ENVIRONMENT),
        (Ladder("project"), Exit.ENVIRONMENT),
    ],
)
def test_exit_code(result: Ladder, code: Exit) -> None:
    assert verified(result).code == code


def test_text_says_what_holds_and_what_does_not() -> None:
    text = "\n".join(ladder(climbed(HOLDS, FAILS, OLD)))
    assert "re-import              holds         failed -> ok" in text
    assert "failed before failed -> failed" in text
    assert "result      failed: spam interpreters, own GIL on 3.13.0" in text
    assert "verified" in "\n".join(ladder(climbed(HOLDS, OLD)))


def test_junit_is_xml_whatever_a_problem_holds() -> None:
    root = ElementTree.fromstring(junit(climbed(HOLDS, FAILS, OLD)))
    (suite,) = root
    assert (suite.get("failures"), suite.get("skipped"), suite.get("tests")) == ("1", "1", "4")
    (failure,) = root.iter("failure")
    assert failure.get("message") == "SIGSEGV \ufffd | <x>"


def test_markdown_has_a_column_for_each_interpreter() -> None:
    result = climbed(HOLDS, FAILS)
    result.pythons.append(PythonLadder("3.9.18", "", modules=[ModuleLadder("spam", rungs=[HOLDS])]))
    text = markdown(result)
    assert "| rung | 3.13.0 | 3.9.18 | what it shows |" in text
    assert "| interpreters, own GIL | **fails** (failed -> crashed) | not offered |" in text
    assert "\\| &lt;x>" in text


def test_json_fits_the_schema() -> None:
    schema = json.loads(files("isolate_ext.report").joinpath("schema.json").read_text())
    for result in (climbed(HOLDS, FAILS, OLD, absent="no headers"), Ladder("project")):
        jsonschema.validate(json.loads(verification(result)), schema)
