"""The audit of whole projects, beside built libraries, and beside the migration."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from legacy import clean, setup_py

from isolate_ext.app.audit import AuditOptions, audit
from isolate_ext.app.migrate import migrate
from isolate_ext.app.options import MigrateOptions
from isolate_ext.project import find_interpreters
from isolate_ext.report.audit import AuditedExtension
from isolate_ext.report.exits import Exit, audited
from isolate_ext.report.results import ISOLATED

Tree = Callable[[dict[str, str | bytes]], Path]
CORPUS = Path(__file__).parents[2] / "corpus"
HEAP_TYPE, MEMBER = "a heap type, kept in the module state", "a member of the module state"
NAMES = sorted(each.parent.name for each in CORPUS.glob("*/golden"))


def audit_of(root: Path, binary: Path | None = None) -> list[AuditedExtension]:
    return audit(AuditOptions((root,), binary=binary)).extensions


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_the_migration_does(name: str, tmp_path: Path) -> None:
    root = tmp_path / name
    shutil.copytree(CORPUS / name, root, ignore=shutil.ignore_patterns("golden"))
    options = MigrateOptions((root,), dry_run=True, compile=False, allow_dirty=True)
    migrated = {each.name: each for each in migrate(options).extensions}
    for each in audit_of(root):
        done = migrated[each.name]
        types = [it for it in each.globals if it.becomes == HEAP_TYPE]
        assert len(types) >= len(done.types)
        assert (each.standing == "can be isolated unattended") == (done.status == ISOLATED)
        for it in each.globals:
            assert it.level == "module" or it.becomes not in (HEAP_TYPE, MEMBER)


def build(root: Path, name: str) -> Path:
    include = next(each.include for each in find_interpreters() if each.include is not None)
    library = root / "build" / f"{name}.cpython-3.so"
    library.parent.mkdir(exist_ok=True)
    words = ["gcc", "-g", "-shared", "-fPIC", "-w", f"-I{include}", str(root / f"{name}.c")]
    subprocess.run([*words, "-o", str(library)], check=True)
    return library


def test_a_build_that_is_found_is_compared(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    assert audit_of(root)[0].binary is None
    library = build(root, "spam")
    (found,) = audit_of(root)
    assert found.binary is not None
    assert (found.binary.library, found.binary.missing) == (str(library), ())
    assert found.binary.objects == 1
    os.utime(root / "spam.c")
    os.utime(library, (0, 0))
    assert audit_of(root)[0].binary is None


def test_what_only_the_library_has_is_missing(tree: Tree) -> None:
    more = "static PyObject *hidden;\nvoid *f(void) { return &hidden; }\n"
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean() + more})
    library = build(root, "spam")
    (root / "spam.c").write_text(clean())
    result = audit(AuditOptions((root,), binary=library))
    binary = result.extensions[0].binary
    assert binary is not None
    assert [(each.name, each.path.endswith("spam.c")) for each in binary.missing] == [
        ("hidden", True)
    ]
    given = audited(result)
    assert given.code is Exit.INCOMPLETE
    assert "1 variable of a built library" in given.reason


def test_a_library_that_says_nothing(tree: Tree, tmp_path: Path) -> None:
    root = tree({"setup.py": setup_py("spam"), "spam.c": clean()})
    library = build(root, "spam")
    subprocess.run(["strip", str(library)], check=True)
    binary = audit_of(root, library)[0].binary
    assert binary is not None
    assert "no debug information" in binary.reason
    other = tmp_path / "spam.so"
    other.write_bytes(b"\x7fELF rubbish")
    assert audited(audit(AuditOptions((root,), binary=other))).code is Exit.ENVIRONMENT


def test_what_must_not_be_edited_is_to_be_decided(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam: vendor/spam.c"), "vendor/spam.c": clean()})
    (found,) = audit_of(root)
    assert found.standing == "needs decisions"
    assert [each.reason for each in found.decisions] == ["vendored"]
    assert audit(AuditOptions((root / "vendor/spam.c",))).extensions[0].decisions == ()


def test_an_unreadable_source_is_skipped(tree: Tree) -> None:
    root = tree({"setup.py": setup_py("spam", "eggs"), "spam.c": clean(), "eggs.c": b"\0"})
    result = audit(AuditOptions((root,)))
    assert [each.name for each in result.extensions] == ["spam"]
    assert audited(result).code is Exit.INCOMPLETE
