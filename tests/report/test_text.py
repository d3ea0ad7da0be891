"""What people read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from isolate_ext.report.paint import paint_patch, terminal
from isolate_ext.report.plain import diagnostics, extensions
from isolate_ext.report.results import (
    Compilation,
    ExtensionResult,
    Finding,
    MigrateResult,
    ProjectResult,
    Skipped,
)
from isolate_ext.report.summary import summary

REFUSAL = Finding(
    "state-access", "src/spam.c", 12, 5, "compare has no way to the state", "no-route",
    "pass the module", "compare", ("its address is taken",), "\tcompare(a);",
)  # fmt: skip


def made() -> MigrateResult:
    first = ExtensionResult("spam", status="partly", stage="access", files=("src/spam.c",))
    first.refusals.append(REFUSAL)
    first.levels = Counter(module=3, process=1)
    first.edits = Counter(safe=9, review=1)
    first.groups = {"state": 4, "field:x": 6}
    first.users = ["flags: no longer static, but made by each import: spam.Egg"]
    first.compilation = Compilation(
        ("3.13.0",), "not checked for Python 3.9.18: x", dead={"src/spam.c": (3, 4, 5, 9)}
    )
    second = ExtensionResult("eggs", status="isolated", stage="isolated", files=("eggs.c",))
    project = ProjectResult(Path("/base/p"), "p", [first, second], seen=4, parsed=3, partly=1)
    project.skipped.append(Skipped("ham", "C++"))
    project.floor_line = "Python floor: requires-python >=3.6, now >=3.9, in setup.py"
    return MigrateResult(Path("/base"), True, [project])


def test_a_diagnostic_has_place_snippet_cause_and_help() -> None:
    assert diagnostics(made()) == [
        "p/src/spam.c:12:5: state-access refused: compare has no way to the state",
        "    12 |     compare(a);",
        "       |        ^",
        "  because: its address is taken",
        "help: pass the module",
        "p/src/spam.c: edited, not compiled here: lines 3-5, 9",
    ]


def test_concise_is_a_line_each() -> None:
    assert diagnostics(made(), full=False) == [
        "p/src/spam.c:12:5: state-access refused: compare has no way to the state",
        "p/src/spam.c: edited, not compiled here: lines 3-5, 9",
    ]


def test_a_line_for_each_extension() -> None:
    assert extensions(made()) == [
        "spam: partly, up to stage access, 1 file, 1 refusal, compiles for Python 3.13.0, "
        "not checked for Python 3.9.18: x",
        "eggs: isolated, 1 file",
    ]


def test_the_summary_counts_everything() -> None:
    text = "\n".join(summary(made()))
    for part in (
        "4 seen, 3 parsed (1 of them in part), 1 without Python",
        "isolated 1, partly 1",
        "C++ 1",
        "module 3, process 1",
        "safe 9, review 1, in 2 groups",
        "no-route 1",
        "now >=3.9",
        "spam: flags: no longer static",
    ):
        assert part in text


def test_colour_is_around_the_same_text() -> None:
    paint = terminal()
    assert paint("red", "x") == "\x1b[31mx\x1b[0m"
    assert paint_patch("+a\n b\n", paint) == "\x1b[32m+a\x1b[0m\n b\n"
    assert any("\x1b[" in line for line in diagnostics(made(), paint))
