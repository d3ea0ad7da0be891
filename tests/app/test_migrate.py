"""The migration of whole projects: what is planned, settled, checked and written."""

from __future__ import annotations

import dataclasses
import gc
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from legacy import ALREADY, clean, git, repository, setup_py, snapshot, stubborn

from isolate_ext.app import migrate as use_case
from isolate_ext.app.migrate import migrate
from isolate_ext.app.options import MigrateOptions
from isolate_ext.app.rulebook import all_rules
from isolate_ext.engine import Output, Pass, Rule, Safety, Stage, Violation
from isolate_ext.model.extension import Extension
from isolate_ext.project import ProjectError
from isolate_ext.report.diff import patch
from isolate_ext.report.exits import Exit, verdict
from isolate_ext.report.results import ExtensionResult, MigrateResult
from isolate_ext.syntax import Scan

Tree = Callable[[dict[str, str | bytes]], Path]


def run(root: Path, **options: object) -> MigrateResult:
    given = MigrateOptions((root,), compile=False)
    return migrate(dataclasses.replace(given, **options))  # type: ignore[arg-type]


def only(result: MigrateResult) -> ExtensionResult:
    assert len(result.extensions) == 1, result.extensions
    return result.extensions[0]


def with_rule(
    monkeypatch: pytest.MonkeyPatch,
    run: Callable[[Pass], None],
    verify: Callable[[Output], Iterable[Violation]] | None = None,
) -> None:
    """One more rule, after all others."""
    extra = Rule("extra", "Extra.", (), Stage.STATE, Safety.SAFE, run, verify=verify)
    rules = (*all_rules(), extra)
    monkeypatch.setattr(use_case, "all_rules", lambda: rules)


def append(given: Pass, text: str, group: str = "extra") -> None:
    """Put a line of C at the end of the extension's first source."""
    path = given.extension.sources[0]
    end = len(given.parsed(path).source.data)
    given.replace(path, end, end, text, group, Stage.STATE)


def test_a_clean_extension_is_isolated_and_written(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam", floor=">=3.9"), "spam.c": clean()})
    result = run(root)
    assert verdict(result).code == Exit.OK
    assert only(result).status == "isolated"
    assert only(result).stage == "isolated"
    assert only(result).levels["module"] == 1
    assert result.projects[0].written
    assert b"PyModuleDef_Init" in (root / "spam.c").read_bytes()


def test_a_second_run_changes_nothing(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    run(root)
    before = snapshot(root)
    again = run(root)
    assert verdict(again).code == Exit.OK
    assert verdict(again).reason == "nothing to do"
    assert snapshot(root) == before


def test_models_are_gone_without_a_search_for_garbage(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    gc.collect()
    gc.disable()
    try:
        run(root, dry_run=True)
        left = [each for each in gc.get_objects() if isinstance(each, Extension | Scan)]
    finally:
        gc.enable()
    assert not left


def test_a_dry_run_writes_nothing(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    before = snapshot(root)
    result = run(root, dry_run=True)
    assert verdict(result).code == Exit.CHANGES
    assert not result.projects[0].written
    assert snapshot(root) == before


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_patch_of_a_dry_run_is_what_the_write_does(
    tree: Tree, tmp_path: Path, ending: str
) -> None:
    files = {"src/spam.c": clean().replace("\n", ending).removesuffix(ending),
             "setup.py": setup_py("spam: src/spam.c", floor=">=3.6")}  # fmt: skip
    root = tree(files)
    text = patch(run(root, dry_run=True))
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(root), str(copy)], check=True)
    relative = text.replace(b"a/project/", b"a/").replace(b"b/project/", b"b/")
    subprocess.run(["git", "apply", "-"], input=relative, cwd=copy, check=True)
    run(root)
    assert snapshot(copy) == snapshot(root)
    assert b">=3.9" in (root / "setup.py").read_bytes()


def test_a_refusal_leaves_the_module_single_phase(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": stubborn()})
    result = run(root)
    assert verdict(result).code == Exit.INCOMPLETE
    refusal = only(result).refusals[0]
    assert refusal.reason
    assert refusal.help
    assert refusal.line > 1
    assert b"PyModule_Create" in (root / "spam.c").read_bytes()
    assert b"PyModuleDef_Init" not in (root / "spam.c").read_bytes()


def test_an_isolated_extension_needs_nothing(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("done"), "done.c": ALREADY})
    result = run(root)
    assert only(result).status == "already isolated"
    assert verdict(result).code == Exit.OK
    assert not result.changed


def test_cpp_is_skipped_with_its_reason(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam: spam.cpp"), "spam.cpp": clean()})
    result = run(root)
    assert [(it.name, it.why) for it in result.projects[0].skipped] == [("spam", "C++")]
    assert verdict(result).code == Exit.INCOMPLETE


def test_generated_sources_are_skipped_with_their_reason(tree: Tree) -> None:
    head = "/* Generated by Cython 3.0.0 */\n"
    files = {
        "setup.py": setup_py("spam", "eggs"),
        "spam.c": head + clean(),
        "eggs.c": clean("eggs"),
    }
    result = run(tree(files))
    skipped = result.projects[0].skipped
    assert [it.name for it in skipped] == ["spam"]
    assert "Cython" in skipped[0].why
    assert [it.name for it in result.extensions] == ["eggs"]
    assert verdict(result).code == Exit.INCOMPLETE


def test_a_link_is_not_written_through(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "real/spam.txt": clean()})
    (root / "spam.c").symlink_to(root / "real/spam.txt")
    result = run(root)
    assert [it.reason for it in only(result).refusals] == ["symlink"]
    assert (root / "real/spam.txt").read_text() == clean()


def test_a_vendored_source_is_left_alone_unless_named(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam: vendor/spam.c"), "vendor/spam.c": clean()})
    result = run(root)
    assert [it.reason for it in only(result).refusals] == ["vendored"]
    assert not result.changed
    named = run(root / "vendor/spam.c")
    assert only(named).status == "isolated"


SHARED = """\
static PyObject *shared_cache;

static inline PyObject *
shared_get(void)
{
    return shared_cache;
}
"""


def sharing(name: str) -> str:
    code = clean(name).replace(
        "#include <Python.h>\n", '#include <Python.h>\n#include "shared.h"\n'
    )
    return code.replace("PyErr_SetString(", "Py_XINCREF(shared_get());\n    PyErr_SetString(")


def test_a_shared_header_that_would_differ_is_refused_for_both(tree: Tree) -> None:
    sources = {"spam.c": sharing("spam"), "eggs.c": sharing("eggs"), "ham.c": clean("ham")}
    files = {"setup.py": setup_py("spam", "eggs", "ham"), "shared.h": SHARED, **sources}
    root = tree(files)
    result = run(root)
    by_name = {each.name: each for each in result.extensions}
    assert by_name["ham"].status == "isolated"
    for name in ("spam", "eggs"):
        assert "shared-file" in [it.reason for it in by_name[name].refusals]
        assert (root / f"{name}.c").read_text() == sharing(name)
    assert (root / "shared.h").read_text() == SHARED


def test_an_extension_that_cannot_be_read_does_not_stop_the_others(tree: Tree) -> None:
    files = {"setup.py": setup_py("spam", "eggs"), "eggs.c": clean("eggs"),
             "spam.c": clean().encode() + b"\0"}  # fmt: skip
    result = run(tree(files))
    assert [it.name for it in result.extensions] == ["eggs"]
    assert "NUL" in result.projects[0].skipped[0].why
    assert verdict(result).code == Exit.INCOMPLETE


def test_a_fault_of_ours_stays_with_its_extension(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(given: Pass) -> None:
        if given.extension.name == "spam":
            raise RuntimeError("a rule went wrong")

    with_rule(monkeypatch, fail)
    files = {"setup.py": setup_py("spam", "eggs"), "spam.c": clean(), "eggs.c": clean("eggs")}
    result = run(tree(files))
    statuses = {each.name: each.status for each in result.extensions}
    assert statuses == {"spam": "failed", "eggs": "isolated"}
    assert verdict(result).code == Exit.INTERNAL
    report = next(each.report for each in result.extensions if each.report)
    assert "a rule went wrong" in Path(report).read_text()


def test_the_stage_stops_early(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    result = run(root, stage=Stage.STATE)
    assert only(result).status == "staged"
    assert only(result).stage == "state"
    assert verdict(result).code == Exit.OK
    assert b"PyModule_Create" in (root / "spam.c").read_bytes()


def test_a_rule_left_out_is_a_refusal(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    result = run(root, no_rules=("single-phase-init",))
    assert "disabled" in [it.reason for it in only(result).refusals]
    assert verdict(result).code == Exit.INCOMPLETE
    assert b"PyModuleDef_Init" not in (root / "spam.c").read_bytes()


@pytest.mark.parametrize("rule", ["global-variable", "module-state", "state-access", "add-object"])
def test_whatever_rule_is_left_out_the_result_compiles(tree: Tree, rule: str) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    result = run(root, no_rules=(rule,), compile=True)
    reasons = {it.reason for it in only(result).refusals}
    assert "compile" not in reasons
    assert only(result).compilation is None or not only(result).compilation.errors
    assert verdict(result).code == (Exit.INCOMPLETE if reasons else Exit.OK)


def test_one_rule_alone_does_not_break_anything(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    result = run(root, rules=("global-variable",))
    assert only(result).refusals[0].reason == "disabled"
    assert not result.changed


def test_what_breaks_a_rule_of_ours_is_not_used(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def violating(output: Output) -> list[Violation]:
        return [Violation("extra", "spam.c", 0, "wrong")]

    with_rule(monkeypatch, lambda given: None, violating)
    result = run(tree({"setup.py": setup_py("spam"), "spam.c": clean()}))
    assert [it.reason for it in only(result).refusals] == ["postcondition"]
    assert not result.changed
    assert "wrong" in Path(only(result).report or "").read_text()


def test_an_unknown_rule_is_a_mistake(tree: Tree) -> None:
    with pytest.raises(ProjectError, match="no such rule"):
        run(tree({"spam.c": clean()}), rules=("nonsense",))


def test_c_files_given_together_are_one_extension(tree: Tree) -> None:
    helper = '#include <Python.h>\n#include "spam.h"\nint answer(void) { return 42; }\n'
    head = '#include <Python.h>\n#include "spam.h"\n'
    root = tree({"spam.h": "int answer(void);\n", "helper.c": helper,
                 "spam.c": clean().replace("#include <Python.h>\n", head)})  # fmt: skip
    result = migrate(MigrateOptions((root / "helper.c", root / "spam.c"), compile=False))
    assert set(only(result).sources) == {"spam.c", "helper.c"}
    assert only(result).status == "isolated"


@pytest.mark.parametrize(
    ("files", "target", "message"),
    [
        ({}, "missing", "no such file"),
        ({"a.txt": "x"}, "", "no C file"),
        ({"a.c": "int x;\n"}, "", "no extension found"),
        ({"a.txt": "x"}, "a.txt", "not a C file"),
        ({"a.c": b"\0\1"}, "a.c", "binary"),
        ({"a.c": "int x;\n"}, "a.c", "no extension found"),
    ],
)
def test_mistakes_are_one_line(
    tree: Tree, files: dict[str, str | bytes], target: str, message: str
) -> None:
    root = tree(files or {"other": "x"})
    result = run(root / target if target else root)
    assert verdict(result).code == Exit.USAGE
    assert len(result.errors) == 1
    assert message in result.errors[0]
    assert "\n" not in result.errors[0]


def test_a_file_that_is_too_big_is_one_line(tree: Tree) -> None:
    root = tree({"a.c": ""})
    with (root / "a.c").open("wb") as file:
        file.truncate(50_000_001)
    result = run(root / "a.c")
    assert "too big" in result.errors[0]
    assert verdict(result).code == Exit.USAGE


def test_a_file_that_changes_while_it_is_read_stops_the_write(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})

    def meddle(given: Pass) -> None:
        (root / "spam.c").write_text(clean() + "/* meanwhile */\n")

    with_rule(monkeypatch, meddle)
    result = run(root)
    assert "changed while it was being read" in result.errors[0]
    assert verdict(result).code == Exit.USAGE
    assert (root / "spam.c").read_text() == clean() + "/* meanwhile */\n"


def test_dirty_files_are_not_written_but_the_change_is_known(tree: Tree) -> None:
    root = repository(tree({"setup.py": setup_py("spam"), "spam.c": clean()}))
    (root / "spam.c").write_text("/* mine */\n" + clean())
    before = snapshot(root)
    result = run(root)
    assert verdict(result).code == Exit.USAGE
    assert "uncommitted changes" in result.errors[0]
    assert snapshot(root) == before
    assert b"PyModuleDef_Init" in patch(result)
    assert verdict(run(root, allow_dirty=True)).code == Exit.OK
    assert b"PyModuleDef_Init" in (root / "spam.c").read_bytes()


def test_other_dirty_files_do_not_matter(tree: Tree) -> None:
    root = repository(tree({"setup.py": setup_py("spam"), "spam.c": clean(), "notes": "a"}))
    (root / "notes").write_text("b")
    assert verdict(run(root)).code == Exit.OK


def test_a_commit_for_each_stage(tree: Tree) -> None:
    root = repository(tree({"setup.py": setup_py("spam"), "spam.c": clean()}))
    result = run(root, commit=True)
    assert verdict(result).code == Exit.OK
    subjects = git(root, "log", "--format=%s", "--reverse").splitlines()
    assert subjects[1:] == result.projects[0].commits
    assert 2 <= len(result.projects[0].commits) <= 4
    assert git(root, "status", "--porcelain") == ""
    first = git(root, "show", "HEAD~1:spam.c")
    assert "PyModule_Create" in first
    assert "PyModuleDef_Init" in (root / "spam.c").read_text()


def test_a_commit_needs_a_repository_and_clean_files(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    result = run(root, commit=True)
    assert "work tree" in result.errors[0]
    repository(root)
    (root / "spam.c").write_text("/* mine */\n" + clean())
    result = run(root, commit=True, allow_dirty=True)
    assert "uncommitted" in result.errors[0]
    assert verdict(result).code == Exit.USAGE
