"""Functions of two small trees, of which one changed, and those of the original corpus."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from isolate_ext.app.modelling import Library
from isolate_ext.project import discover, find_interpreters
from isolate_ext.verify.binary.machine_code import Sameness, Side, Validation, validate
from isolate_ext.verify.binary.untouched import untouched_by_unit
from isolate_ext.verify.compile_commands import CompileCommand, commands, recorded

CORPUS = Path(__file__).parents[3] / "corpus"
NAMES = sorted(path.parent.parent.name for path in CORPUS.glob("*/golden/result.txt"))
WHOLLY_CHANGED = "caches"
UNIT = """\
#include <assert.h>
#include <stdio.h>
#include <string.h>
struct box { HEAD int first; int second; };
static int counter;
static int used(int n) { return n * 3; }
static void helper(char **names) { puts(names[0]); }
EXTRA

int literals(int n)
{
    static char *words[] = {"alpha", "beta", 0};
    char *row[] = {"gamma", "delta", 0};
    double half = n * 0.5;
    puts("epsilon");
    helper(row);
    return words[n] != 0 && half > 1.25;
}
int jumps(int n)
{
    switch (n) {
    case 0: return used(1);
    case 1: return used(n + 40);
    case 2: puts("two"); return 4;
    case 3: return counter;
    case 4: return 17;
    case 5: return 29;
    case 6: counter++; return 31;
    }
    return literals(n);
}
int offset(struct box *box) { return box->second; }
int asserts(int n) { assert(n > 2); return n; }
int reads(void) { return VARIABLE; }
int says(void) { return puts(WORD); }
int works(int n) { return WORK; }
"""
PLAIN = {"HEAD": "", "EXTRA": "", "VARIABLE": "counter", "WORD": '"zeta"', "WORK": "n"}
MEMBER = "offset or constant, as of a member of a struct"
ALL = ("asserts", "jumps", "literals", "offset", "reads", "says", "used", "works")
Change = Callable[..., Validation]


def side(root: Path, text: str, **filled: str) -> Side:
    for name, value in {**PLAIN, **filled}.items():
        text = text.replace(name, value)
    root.mkdir()
    (root / "unit.c").write_text(text)
    return Side(root, tuple(commands(("gcc", "-fPIC", "-O3", "-c", "unit.c"), root)))


@pytest.fixture
def change(tmp_path: Path) -> Change:
    """change(names, **parts) -> the validation of the unit against itself with other parts."""

    def validated(names: Sequence[str] = ALL, **filled: str) -> Validation:
        before = side(tmp_path / "before", UNIT)
        return validate(before, side(tmp_path / "the other", UNIT, **filled), {"unit.c": names})

    return validated


def causes(found: Validation) -> dict[str, tuple[Sameness, str]]:
    assert found.problems == ()
    return {each.name: (each.sameness, each.cause) for each in found.exceptions}


def test_the_same_text_is_the_same_code(change: Change) -> None:
    found = change()
    assert [each.name for each in found.functions] == list(ALL)
    assert causes(found) == {}


def test_what_lies_around_a_function_does_not_count(change: Change) -> None:
    extra = """\
static int more[400] = {1}; static char *first[] = {"omega", "beta"};
int early(int n)
{
    static char *words[] = {"mu", "alpha", "nu"};
    char *row[] = {"gamma", "xi", "rho", words[n]};
    puts("epsilon and more"); puts("zeta"); helper(row); helper(first);
    return more[n] * 0.125 > 7.5;
}"""
    found = change(EXTRA=extra.replace("\n", " "))
    assert causes(found) == {}


def test_line_numbers_are_told_apart(change: Change) -> None:
    found = change(EXTRA="\n\n\n")
    assert causes(found) == {"asserts": (Sameness.LINE_NUMBER, "a line number, as in an assertion")}
    assert found.differing == ()


@pytest.mark.parametrize(
    ("name", "part", "cause"),
    [
        ("offset", {"HEAD": "void *state;"}, f"another {MEMBER}"),
        ("reads", {"VARIABLE": 'counter + strlen("")'}, None),
        ("says", {"WORD": '"eta"'}, "another literal"),
        ("works", {"WORK": "n > 3 ? n * n : -n"}, "other instructions"),
        ("works", {"WORK": "used(n)"}, "refers to used"),
        (
            "reads",
            {"EXTRA": "extern struct { int counter; } kept;", "VARIABLE": "kept.counter"},
            "refers to counter no more; refers to kept",
        ),
    ],
)
def test_a_difference_has_its_cause(
    change: Change, name: str, part: dict[str, str], cause: str | None
) -> None:
    expected = {} if cause is None else {name: (Sameness.DIFFERS, cause)}
    assert causes(change(**part)) == expected


def test_data_without_a_name_counts_by_content(tmp_path: Path) -> None:
    text = "void g(char **, double); void f(void) { char *row[] = {ROW}; g(row, NUMBER); }\n"
    before = side(tmp_path / "a", text.replace("ROW", '"x", "y"').replace("NUMBER", "1.5"))
    for number, (row, value) in enumerate([('"x", "z"', "1.5"), ('"x", "y"', "1.75")]):
        other = side(tmp_path / str(number), text.replace("ROW", row).replace("NUMBER", value))
        found = validate(before, other, {"unit.c": ("f",)})
        assert causes(found) == {"f": (Sameness.DIFFERS, "another literal")}


def test_functions_of_one_side_are_listed(tmp_path: Path) -> None:
    before = side(tmp_path / "a", "static int f(void) { return 1; } int g(void) { return f(); }")
    after = side(tmp_path / "b", "static int f(void) { return 1; } int h(void) { return 2; }")
    names = ("f", "g", "h", "neither")
    there, back = (
        {each.name: each.sameness for each in validate(*sides, {"unit.c": names}).functions}
        for sides in ((before, after), (after, before))
    )
    gone, come = Sameness.ONLY_BEFORE, Sameness.ONLY_AFTER
    assert there == {"f": gone, "g": gone, "h": come}
    assert back == {"f": come, "g": come, "h": gone}


def test_what_cannot_be_compared_is_a_problem(tmp_path: Path) -> None:
    good = side(tmp_path / "good", "int f(void) { return 1; }")
    bad = side(tmp_path / "bad", "int f(void) { return one; }")
    none = Side(tmp_path / "none", ())
    gone = Side(good.root, tuple(commands(("no such compiler", "unit.c"), good.root)))
    for other, words in ((bad, "one"), (none, "no compile command"), (gone, "no such compiler")):
        found = validate(good, other, {"unit.c": ("f",)})
        assert found.functions == ()
        assert len(found.problems) == 1 and words in found.problems[0]


@pytest.mark.parametrize("name", NAMES)
def test_untouched_functions_of_the_corpus_are_the_same(name: str, tmp_path: Path) -> None:
    include = next(each.include for each in find_interpreters() if each.include is not None)
    before, after = tmp_path / "before", tmp_path / "after"
    for root in (before, after):
        shutil.copytree(CORPUS / name, root, ignore=shutil.ignore_patterns("golden"))
    shutil.copytree(CORPUS / name / "golden", after, dirs_exist_ok=True)
    same = 0
    for old, new in zip(discover(before).extensions, discover(after).extensions, strict=True):
        names = untouched_by_unit(Library(before).model(old), Library(after).model(new))
        flags = [f"-D{n}" if value is None else f"-D{n}={value}" for n, value in old.macros]
        flags += [f"-I{folder}" for folder in (include, ".", *old.include_dirs)]
        sides = [
            Side(root, tuple(commands(("gcc", "-fPIC", *flags, *old.sources), root)))
            for root in (before, after)
        ]
        found = validate(sides[0], sides[1], names)
        assert found.problems == ()
        assert found.differing == ()
        same += sum(each.sameness is Sameness.IDENTICAL for each in found.functions)
    assert same or name == WHOLLY_CHANGED


def test_recorded_commands(tmp_path: Path) -> None:
    log = tmp_path / "cc.log"
    calls = [
        {"args": ["-c", "src/a.c", "-o", "a.o"], "cwd": "/x", "status": 0, "text": ""},
        {"args": ["-c", "src/bad.c"], "cwd": "/x", "status": 1, "text": ""},
        {"args": ["-shared", "a.o", "-o", "m.so"], "cwd": "/x", "status": 0, "text": ""},
        {"args": ["-shared", "../b.c", "/y/c.cpp"], "cwd": "/x/z", "status": 0, "text": ""},
    ]
    log.write_text("".join(json.dumps(call) + "\n" for call in calls))
    found = recorded(log, ("ccache", "gcc"))
    assert [str(each.source) for each in found] == ["/x/src/a.c", "/x/b.c", "/y/c.cpp"]
    assert found[0] == CompileCommand(
        ("ccache", "gcc", "-c", "src/a.c", "-o", "a.o"), Path("/x"), Path("/x/src/a.c")
    )
    assert recorded(tmp_path / "none.log", ("gcc",)) == ()
