"""The user's decisions are read with their places, and every mistake is a line with its own."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from isolate_ext.project.configuration import configuration
from isolate_ext.project.toml_places import places

Tree = Callable[[dict[str, str]], Path]

WHOLE = """\
[project]
name = "spam"  # [tool.isolate-ext]
text = '''
[tool.isolate-ext.symbols.no]
'''

[tool.isolate-ext.symbols]
count = { level = "process", reason = "the library counts too" }
"spam.c:step:last" = { reason = "as above", level = "module" }

[tool.isolate-ext.types.Egg_Type]
policy = "static"
reason = "its methods need no state, and\\nnothing changes it"

[tool.isolate-ext]
extensions."pkg._spam".policy = "guard"
extensions."pkg._spam".reason = "the terminal is one"
"""


def test_every_table_is_read(tree: Tree) -> None:
    found = configuration(tree({"pyproject.toml": WHOLE}))
    assert found.problems == ()
    entries = (*found.symbols, *found.types, *found.extensions)
    assert [(each.name, each.value, each.line, each.column) for each in entries] == [
        ("count", "process", 8, 1),
        ("spam.c:step:last", "module", 9, 1),
        ("Egg_Type", "static", 11, 25),
        ("pkg._spam", "guard", 16, 12),
    ]
    assert found.types[0].reason == "its methods need no state, and nothing changes it"


def test_the_example_of_the_docs_is_right(tree: Tree) -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    found = configuration(tree({"pyproject.toml": page.split("```toml\n")[1].split("```")[0]}))
    assert found.problems == ()
    assert (len(found.symbols), len(found.types), len(found.extensions)) == (2, 1, 1)


def test_a_file_of_its_own_has_the_tables_at_its_top(tree: Tree) -> None:
    own = '[symbols]\ncount = { level = "module", reason = "each its own" }\n'
    found = configuration(tree({"isolate-ext.toml": own, "pyproject.toml": "[project]\n"}))
    assert found.symbols[0].told == "isolate-ext.toml:2 decides: each its own"


def test_two_files_are_one_too_many(tree: Tree) -> None:
    (line,) = configuration(tree({"isolate-ext.toml": "", "pyproject.toml": WHOLE})).problems
    assert line.startswith("pyproject.toml:7:7: ")
    assert "keep one" in line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[symbol]", "1:2: 'symbol' is no key here; did you mean 'symbols'?"),
        ("[rules]", "1:2: 'rules' is no key here; there are 'symbols', 'types', 'extensions'"),
        ("symbols = 3", "1:1: 'symbols' is no table"),
        ("[symbols]\nn = 'process'", "2:1: 'n' is no table; write { level = '...', reason"),
        ("[symbols]\nn = { reason = 'so' }", "2:1: 'n' has no level; there are 'process', "),
        (
            "[symbols]\nn = { level = 'proces', reason = 'so' }",
            "2:7: 'level' cannot be 'proces'; did you mean 'process'?",
        ),
        (
            "[symbols.n]\nlevel = 'module'\nreasons = 'so'",
            "3:1: 'reasons' is no key here; did you mean 'reason'?",
        ),
        ("[types.T]\npolicy = 'static'", "1:8: 'T' does not say why; give it a reason"),
        ("[types.T]\npolicy = 'static'\nreason = ' '", "1:8: 'T' does not say why"),
        ("[types.T]\npolicy = ['static']\nreason = 'so'", "2:1: 'policy' cannot be ['static']"),
        ("[extensions.e]\npolicy = 'guarded'\nreason = ''", "did you mean 'guard'?"),
        ("[symbols.n]\n[symbols.n]", "Cannot declare"),
        ("[symbols]\nn = {}\nn = {}", "3:1: Cannot overwrite a value"),
        ("symbols = {", "isolate-ext.toml:"),
    ],
)
def test_a_mistake_has_its_place_and_a_suggestion(text: str, line: str, tree: Tree) -> None:
    problems = configuration(tree({"isolate-ext.toml": text})).problems
    assert line in "\n".join(problems)
    assert all(each.startswith("isolate-ext.toml:") for each in problems)


def test_a_broken_pyproject_counts_where_it_may_hold_decisions(tree: Tree) -> None:
    root = tree({"pyproject.toml": "[project\n"})
    assert configuration(root).problems == ()
    (root / "pyproject.toml").write_text("[tool.isolate-ext\n")
    (line,) = configuration(root).problems
    assert line.startswith("pyproject.toml:1:18: ")


def test_no_configuration_is_none(tree: Tree) -> None:
    assert configuration(tree({"setup.py": ""})) == configuration(tree({"pyproject.toml": "a = 1"}))


def test_keys_have_places_whatever_stands_around_them() -> None:
    text = 'a = [ { b = "}" }, """\nx = 1\n""" ]\n"c.d".e = 1 # f = 2\n[[g]]\nh = {i.j = 1}\n'
    tomllib.loads(text)
    assert places(text) == {
        ("a",): (1, 1),
        ("a", "b"): (1, 9),
        ("c.d",): (4, 1),
        ("c.d", "e"): (4, 7),
        ("g",): (5, 3),
        ("g", "h"): (6, 1),
        ("g", "h", "i"): (6, 6),
        ("g", "h", "i", "j"): (6, 8),
    }
