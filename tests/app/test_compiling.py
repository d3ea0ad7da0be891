"""The compile check as part of a migration."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from legacy import clean, setup_py, snapshot
from test_migrate import append, only, with_rule

from isolate_ext.app.dead_code import edited_lines
from isolate_ext.app.migrate import migrate
from isolate_ext.app.options import MigrateOptions
from isolate_ext.engine import Pass
from isolate_ext.project import default_interpreters
from isolate_ext.report.exits import Exit, verdict

Tree = Callable[[dict[str, str | bytes]], Path]
OTHER = """
static PyObject *Other;

static void
note(void)
{
    Other = PyList_New(0);
}
"""
needs_compiler = pytest.mark.skipif(
    not shutil.which("cc") or not default_interpreters(), reason="no compiler or no headers here"
)


@needs_compiler
def test_a_good_result_is_checked(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    result = migrate(MigrateOptions((root,), dry_run=True))
    compilation = only(result).compilation
    assert compilation is not None
    assert compilation.checked
    assert not compilation.errors
    assert verdict(result).code == Exit.CHANGES


@needs_compiler
def test_a_new_error_takes_the_extension_back(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    with_rule(monkeypatch, lambda given: append(given, "int broken = nowhere;\n"))
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    before = snapshot(root)
    result = migrate(MigrateOptions((root,)))
    assert [it.reason for it in only(result).refusals] == ["compile"]
    assert verdict(result).code == Exit.INCOMPLETE
    assert snapshot(root) == before
    report = only(result).report
    assert report is not None
    assert "nowhere" in Path(report).read_text()
    assert (Path(report).parent / "files" / "spam.c").is_file()


@needs_compiler
def test_a_fault_for_one_global_keeps_that_alone(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(given: Pass) -> None:
        if "spam.c:Other" in given.decisions.fields:
            append(given, "\tint planted(void) { return nowhere; }\n", "global:spam.c:Other")

    with_rule(monkeypatch, faulty)
    source = clean().replace("PyMODINIT_FUNC", f"{OTHER}\nPyMODINIT_FUNC")
    root = tree({"setup.py": setup_py("spam"), "spam.c": source})
    result = migrate(MigrateOptions((root,)))
    extension = only(result)
    (refusal,) = extension.refusals
    assert (refusal.reason, refusal.rule, refusal.symbol) == ("compile", "extra", "spam.c:Other")
    assert source.split("\n")[refusal.line - 1] == "static PyObject *Other;"
    assert "nowhere" in refusal.message
    assert verdict(result).code == Exit.INCOMPLETE
    assert extension.stage == "access"
    assert extension.compilation is not None
    assert extension.compilation.checked
    assert not extension.compilation.errors
    text = (root / "spam.c").read_text()
    assert "static PyObject *Other;" in text
    assert "_state" in text
    assert "planted" not in text
    assert "nowhere" in Path(extension.report or "").read_text()


@needs_compiler
def test_what_is_not_compiled_is_said(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "#ifdef NOWHERE_DEFINED\nint elsewhere = 1;\n#endif\n"
    with_rule(monkeypatch, lambda given: append(given, text))
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    result = migrate(MigrateOptions((root,), dry_run=True))
    compilation = only(result).compilation
    assert compilation is not None
    lines = result.projects[0].changes[-1].after
    assert lines is not None
    assert lines.split(b"\n").index(b"int elsewhere = 1;") + 1 in compilation.dead["spam.c"]


@needs_compiler
def test_a_baseline_that_does_not_compile_is_no_verdict(tree: Tree) -> None:
    broken = clean().replace("#include <Python.h>", "#include <Python.h>\n#error no")
    root = tree({"setup.py": setup_py("spam"), "spam.c": broken})
    result = migrate(MigrateOptions((root,)))
    compilation = only(result).compilation
    assert compilation is not None
    assert not compilation.checked
    assert compilation.why
    assert only(result).status == "isolated"
    assert verdict(result).code == Exit.OK


def test_without_a_compiler_it_says_so(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isolate_ext.project.compiler.find_compiler", lambda: None)
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    result = migrate(MigrateOptions((root,)))
    compilation = only(result).compilation
    assert compilation is not None
    assert "no C compiler" in (compilation.why or "")
    assert verdict(result).code == Exit.OK


def test_edited_lines() -> None:
    assert edited_lines(b"a\nb\nc\n", b"a\nB\nc\nd\n") == [2, 4]
    assert edited_lines(b"", b"a\n") == [1]
    assert edited_lines(b"a\n", b"a\n") == []
