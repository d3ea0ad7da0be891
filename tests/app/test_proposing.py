"""The audit proposes what the configuration could decide, and keeps what stands in the file."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from legacy import CALLBACK, ERROR, MODULE, NEW_ERROR, NOTED, setup_py

from isolate_ext.app.audit import AuditOptions, audit
from isolate_ext.project import ProjectError
from isolate_ext.project.configuration import configuration
from isolate_ext.project.configuration_text import Proposal, with_proposals
from isolate_ext.report.audit import AuditResult
from isolate_ext.report.diff import proposed

Tree = Callable[[dict[str, str | bytes]], Path]

PYPROJECT = b'# ours\r\n[tool.isolate-ext.symbols]\r\n"a b"   =   { level = "module", reason = "x"}'
COUNT = Proposal("symbols", "count", "level", "process", "spam.c:3: int\twritten at run time")


def asked(root: Path, apply: bool = False) -> AuditResult:
    return audit(AuditOptions((root,), propose=True, apply=apply))


def test_a_guess_is_proposed_with_its_evidence(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": NOTED})
    text = proposed(asked(root)).decode()
    assert "+[symbols.note]" in text
    assert "spam.c:3: int, other data (C19), written at run time, used by mark, step" in text
    assert '+level = "module"\n+reason = ""' in text
    assert not (root / "isolate-ext.toml").exists()


def test_a_proposal_that_is_given_reasons_decides(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": NOTED, "pyproject.toml": "[project]\n"})
    asked(root, apply=True)
    path = root / "pyproject.toml"
    assert path.read_text().startswith("[project]\n\n[tool.isolate-ext.symbols.note]\n# spam.c:3")
    (line,) = audit(AuditOptions((root,))).errors
    assert "'note' does not say why; give it a reason" in line
    path.write_text(path.read_text().replace('reason = ""', 'reason = "each its own"'))
    result = asked(root)
    assert (result.errors, proposed(result)) == ([], b"")


STUCK = MODULE.format(
    name="spam",
    code=(ERROR + CALLBACK).format(name="spam"),
    methods='{"sort", spam_sort, METH_NOARGS, NULL},',
    body=NEW_ERROR.format(name="spam"),
)


def hooked(source: str, function: str) -> str:
    """With a function that the whole process calls, hooked in by a function of the module."""
    hook = "static int\nhook(void)\n{\n    return 0;\n}\n\nstatic PyObject *\n"
    source = source.replace(f"static PyObject *\n{function}(", f"{hook}{function}(")
    head = f"{function}(PyObject *self, PyObject *args)\n{{\n"
    return source.replace(head, f"{head}    PyOS_InputHook = hook;\n")


def test_what_only_an_edit_lifts_is_not_proposed(tree: Tree) -> None:
    result = asked(tree({"setup.py": setup_py("spam"), "spam.c": STUCK}))
    assert result.extensions[0].standing == "needs decisions"
    assert proposed(result) == b""


def test_a_guard_is_proposed_for_a_hook_beside_what_is_stuck(tree: Tree) -> None:
    held = "static __thread PyObject *held;\nstatic int note;"
    source = NOTED.replace("static int note;", held).replace("    mark();", "    held = self;")
    root = tree({"setup.py": setup_py("spam"), "spam.c": hooked(source, "step")})
    text = proposed(asked(root)).decode()
    assert "+[extensions.spam]\n+# hook is hooked into PyOS_InputHook" in text
    assert '+policy = "guard"' in text


def test_a_hook_that_the_migration_keeps_is_not_proposed(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": hooked(NOTED, "step")})
    assert b"extensions" not in proposed(asked(root))


def test_what_stands_in_the_file_stays(tree: Tree) -> None:
    root = tree({"pyproject.toml": PYPROJECT})
    found = with_proposals(root, [COUNT])
    assert found is not None
    path, before, after = found
    assert (path, before) == ("pyproject.toml", PYPROJECT)
    assert after.startswith(PYPROJECT + b"\r\n\r\n[tool.isolate-ext.symbols.count]\r\n")
    assert b"\n" not in after.replace(b"\r\n", b"")
    assert b"# spam.c:3: int written at run time" in after
    read = tomllib.loads(after.decode())["tool"]["isolate-ext"]["symbols"]
    assert sorted(read) == ["a b", "count"]


def test_a_file_of_its_own_is_made_where_there_is_none(tree: Tree) -> None:
    root = tree({"setup.py": ""})
    found = with_proposals(root, [COUNT])
    assert found is not None
    path, before, after = found
    assert (path, before) == ("isolate-ext.toml", None)
    (root / path).write_bytes(after.replace(b'""', b'"so"'))
    (entry,) = configuration(root).symbols
    assert (entry.name, entry.value, entry.reason) == ("count", "process", "so")


def test_an_inline_table_cannot_be_added_to(tree: Tree) -> None:
    root = tree({"isolate-ext.toml": "symbols = {}\n"})
    with pytest.raises(ProjectError, match=r"isolate-ext\.toml: cannot be added to"):
        with_proposals(root, [COUNT])
