"""The commands that only look: discover, parse, rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from legacy import clean, setup_py

from isolate_ext.app.discover import discover
from isolate_ext.app.parse import parse
from isolate_ext.app.rulebook import all_rules
from isolate_ext.app.rules import rule, rules
from isolate_ext.project import ProjectError

Tree = Callable[[dict[str, str | bytes]], Path]


def test_discover_says_what_and_where(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("pkg.spam: spam.c", extra=", define_macros=[('A', '1')]"),
                 "spam.c": clean()})  # fmt: skip
    result = discover([root])
    found = result.projects[0].extensions[0]
    assert found.name == "pkg.spam"
    assert found.sources == found.python_sources == ("spam.c",)
    assert found.macros == ("A=1",)
    assert found.origin.startswith("setup.py:")


def test_discover_keeps_going_after_a_wrong_path(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    result = discover([root / "nowhere", root])
    assert len(result.projects) == 1
    assert len(result.errors) == 1


def test_parse_counts_lines_and_fences(tree: Tree) -> None:
    code = "#include <Python.h>\n\n/* only\n   words */\nint one = 1;\n"
    result = parse([tree({"a.c": code}) / "a.c"])
    (view,) = result.files
    assert (view.code, view.fenced, view.fences, view.errors) == (1, 0, (), ())
    broken = parse([tree({"b.c": code + "int f(void) { ] ) = @; }\n"}) / "b.c"])
    assert broken.files[0].fences or broken.files[0].errors
    assert broken.causes.total() > 0


def test_parse_reads_every_file_that_reaches_python(tree: Tree) -> None:
    root = tree(
        {
            "setup.py": setup_py("spam"),
            "spam.c": clean(),
            "plain.c": "int x;\n",
            "other/lone.c": "#include <Python.h>\nint y;\n",
            "bad.c": b"#include <Python.h>\n\0",
        }
    )
    result = parse([root])
    assert [Path(each.path).name for each in result.files] == ["spam.c", "lone.c"]
    assert [Path(path).name for path, _ in result.skipped] == ["bad.c"]
    assert parse([root / "missing"]).errors


def test_parse_knows_the_macros_of_headers_that_do_not_reach_python(tree: Tree) -> None:
    root = tree(
        {
            "setup.py": setup_py("spam"),
            "spam.c": '#include "config.h"\n' + clean() + "\nextern LOCAL const char *names[];\n",
            "other.c": '#include <Python.h>\n#include "config.h"\nextern LOCAL const int x;\n',
            "config.h": '#define LOCAL __attribute__((visibility("hidden")))\n',
        }
    )
    files = {Path(each.path).name: each for each in parse([root]).files}
    assert sorted(files) == ["other.c", "spam.c"]
    assert not any(each.fences for each in files.values())


def test_rules_explain_themselves() -> None:
    listed = rules()
    assert [each.id for each in listed] == [each.id for each in all_rules()]
    for each in listed:
        assert each.title.endswith(".")
        assert each.doc
        assert rule(each.id) == each
    with pytest.raises(ProjectError, match="no such rule"):
        rule("nonsense")
