"""The text of a pull request."""

from __future__ import annotations

from pathlib import Path

from isolate_ext.report.ladder import Ladder, ModuleLadder, PythonLadder, RungResult, Verdict
from isolate_ext.report.pull_request import PullRequest, body
from isolate_ext.report.results import (
    ISOLATED,
    PARTLY,
    ExtensionResult,
    FileChange,
    Finding,
    MigrateResult,
    ProjectResult,
)

GROUPS = {
    "state": 2,
    "global:src/spam.c:table": 3,
    "global:src/spam.c:find:cache": 1,
    "type:Egg_Type": 9,
    "access:src/spam.c:#IS_EGG": 1,
    "access:src/spam.c:spam_find": 2,
    "init": 5,
}


def ladder(*labels: str) -> Ladder:
    problems = ("shared: type `Egg`",)
    rung = RungResult("reimport", Verdict.HOLDS, "failed", "ok", problems_before=problems)
    old = RungResult("blank", Verdict.HOLDS, "failed", "ok", problems_before=("SIGSEGV",))
    expected = {"a heap type's layout": ["type Egg / layout / heap"], "pickles": ["type Egg / p"]}
    modules = [ModuleLadder("spam", rungs=[rung, old], expected=expected)]
    return Ladder("p", "v1.0", pythons=[PythonLadder(it, "", [], modules) for it in labels])


def migration(after: bytes = b"", **more: object) -> MigrateResult:
    extension = ExtensionResult(
        "spam", (), ISOLATED, "isolated", groups=dict(GROUPS), users=["flags: spam.Egg"]
    )
    for name, value in more.items():
        setattr(extension, name, value)
    changes = [FileChange("src/spam.c", b"", after)]
    project = ProjectResult(Path("p"), "p", [extension], changes, floor_line="floor 3.9")
    return MigrateResult(Path(), True, [project])


def test_it_says_what_was_seen_of_the_original_and_where() -> None:
    text = body(PullRequest(ladder("3.13.0", "3.9.18"), migration()))
    assert "Measured on the original (v1.0):" in text
    assert "- `spam`, re-import: `` shared: type `Egg` `` (CPython 3.9.18 and 3.13.0)" in text
    assert "SIGSEGV" not in text.partition("## Verification")[0]


def test_it_says_what_it_is_for() -> None:
    text = body(PullRequest(ladder("3.13.0"), migration()))
    assert text.startswith("## Why\n\nWhat the C code of `spam` keeps in globals")
    assert "This change gives each copy of the module its own state." in text


def test_each_kind_of_change_names_its_symbols() -> None:
    text = body(PullRequest(ladder("3.13.0"), migration()))
    assert "- `table`, `cache` of `find()`\n" in text
    assert "- `Egg_Type`\n" in text
    assert "- `spam_find`, macro `IS_EGG`\n" in text
    assert "Callbacks of libraries" not in text
    assert "Edited by hand" not in text


def test_it_claims_no_more_than_the_new_text_does() -> None:
    claim = "supports interpreters with their own GIL"
    given = migration(b"{Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},")
    assert claim in body(PullRequest(ladder("3.13.0"), given))
    assert claim not in body(PullRequest(ladder("3.13.0"), migration()))


def test_users_read_what_changes_for_them() -> None:
    text = body(PullRequest(ladder("3.13.0"), migration(), ("src/spam.c",)))
    assert "- floor 3.9\n- flags: spam.Egg\n- pickles: `Egg`\n" in text
    assert "layout" not in text
    assert "Edited by hand after the migration: `src/spam.c`." in text


def test_what_is_refused_is_not_hidden() -> None:
    refusal = Finding("state-access", "src/spam.c", 7, 1, "a callback | has no way", "callback")
    partly = migration(refusals=[refusal], status=PARTLY, stage="access")
    text = body(PullRequest(ladder("3.13.0"), partly))
    assert "This change is a step on the way" in text
    assert "Initialisation is multi-phase" not in text
    assert "- `spam` is changed up to the stage `access`, and works as before." in text
    assert "## What is not migrated" in text
    assert "- `spam`, src/spam.c:7: a callback \\| has no way." in text
