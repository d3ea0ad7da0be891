"""The audit in each of its forms."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from legacy import clean, setup_py, stubborn, write_tree

from isolate_ext.app.audit import AuditOptions, audit, rule_texts
from isolate_ext.report.as_json import audit as as_json
from isolate_ext.report.audit import AuditResult, readiness
from isolate_ext.report.audit_tables import COLUMNS, as_csv, as_markdown
from isolate_ext.report.audit_text import audit as as_text
from isolate_ext.report.audit_text import summary
from isolate_ext.report.exits import Exit, audited
from isolate_ext.report.sarif import sarif


@pytest.fixture
def result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuditResult:
    monkeypatch.chdir(tmp_path)
    tree = {
        "p/setup.py": setup_py("pkg.spam: spam.c", "pkg.eggs: eggs.c", "ham: ham.cpp"),
        "p/spam.c": clean(),
        "p/eggs.c": stubborn("eggs"),
        "p/ham.cpp": "x",
        "p/pkg/__init__.py": "from . import spam\ntry:\n    from . import eggs\n"
        "except ImportError:\n    pass\n",
    }
    write_tree(tmp_path, dict(tree))
    return audit(AuditOptions((Path("p"),)))


def test_an_extension_is_a_line_and_its_variables_by_level(result: AuditResult) -> None:
    lines = as_text(result)
    text = "\n".join(lines)
    assert lines[0] == "p"
    assert "  pkg.spam: can be isolated unattended" in lines
    assert "    gates the import of pkg (p/pkg/__init__.py:1)" in lines
    assert "    is imported by pkg under a condition (p/pkg/__init__.py:3)" in lines
    assert "    module (1)" in lines
    assert "p/spam.c:3:18: PyObject * spam_error: exception (C3)" in text
    assert "becomes a member of the module state" in text
    assert "spam_fail (line 8) reads; a parameter is the module" in text
    assert "pkg.eggs: needs 1 decision: compare needs the module state" in text
    assert "cannot reach the state: compare needs the module state" in text
    assert "  skipped: ham: C++" in lines
    assert any("spam_methods" in line for line in lines)


def test_a_use_in_another_file_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    other = "#include <Python.h>\nextern long count;\nvoid step(void) { count++; }\n"
    code = clean() + "long count;\n"
    root = write_tree(tmp_path, {"setup.py": setup_py("spam: spam.c other.c"), "spam.c": code})
    (root / "other.c").write_text(other)
    text = "\n".join(as_text(audit(AuditOptions((root,)))))
    assert "step (other.c:3) writes" in text


def test_concise_is_one_line_a_variable(result: AuditResult) -> None:
    lines = as_text(result, full=False)
    assert sum("spam_error" in line for line in lines) == 1
    assert not any("help:" in line or "becomes" in line for line in lines)


def test_the_summary_counts(result: AuditResult) -> None:
    assert summary(result) == [
        "Summary",
        "  extensions  1 can be isolated unattended, 1 needs decisions",
        "  skipped     1",
        "  variables   module 2; 4 constant",
        "  to decide   1",
    ]


def test_csv_has_a_row_for_each_variable(result: AuditResult) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(result))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == sum(len(each.globals) for each in result.extensions)
    row = next(each for each in rows if each["symbol"].endswith(":spam_error"))
    assert row["level"] == "module"
    assert row["readers"] == "spam_fail PyInit_spam"
    assert row["writers"] == "PyInit_spam"
    assert row["constant"] == "false"


def test_markdown_has_a_table_for_each_level(result: AuditResult) -> None:
    lines = as_markdown(result).splitlines()
    assert lines[0] == "# p"
    assert "## pkg.spam" in lines
    assert "### module" in lines
    head = lines.index("| variable | where | class | rule | becomes | used by |")
    assert lines[head + 2].startswith("| `PyObject * spam_error` | p/spam.c:3 | exception | C3 |")
    assert len({line.count("|") for line in lines[head : head + 3]}) == 1


def test_json_tells_the_same(result: AuditResult) -> None:
    found = json.loads(as_json(result))
    spam = found["projects"][0]["extensions"][0]
    assert spam["levels"] == {"module": 1, "process": 2}
    assert spam["readiness"] == readiness(result.extensions[0])
    (error,) = [each for each in spam["globals"] if each["name"] == "spam_error"]
    source = Path("p/spam.c").read_bytes()
    assert source[error["start"] : error["end"]] == b"spam_error"


def test_sarif_is_what_the_standard_asks_for(result: AuditResult) -> None:
    found = json.loads(sarif(result, audited(result), rule_texts()))
    assert found["version"] == "2.1.0"
    assert found["$schema"].endswith("sarif-2.1.0.json")
    (run,) = found["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "isolate-ext"
    identifiers = [each["id"] for each in driver["rules"]]
    assert len(identifiers) == len(set(identifiers))
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    assert run["results"]
    for each in run["results"]:
        _check_result(each, identifiers)
    assert {each["level"] for each in run["results"]} == {"note", "error"}


def _check_result(each: dict[str, Any], rules: list[str]) -> None:
    assert each["message"]["text"]
    assert each["level"] in ("none", "note", "warning", "error")
    assert rules[each["ruleIndex"]] == each["ruleId"]
    assert all(isinstance(value, str) for value in each["partialFingerprints"].values())
    for location in each["locations"]:
        place = location["physicalLocation"]
        assert not place["artifactLocation"]["uri"].startswith("/")
        region = place["region"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
        assert region.get("byteOffset", 0) >= 0


def test_exit_codes(result: AuditResult) -> None:
    assert audited(result).code is Exit.INCOMPLETE
    result.projects[0].skipped.clear()
    assert audited(result).code is Exit.CHANGES
    assert audited(result).reason == "2 extensions not isolated"
    for each in result.extensions:
        each.standing = "isolated"
    assert audited(result).code is Exit.OK
    result.extensions[0].standing = "failed"
    assert audited(result).code is Exit.INTERNAL


def test_a_wrong_path_is_a_usage_error(tmp_path: Path) -> None:
    assert audited(audit(AuditOptions((tmp_path / "nowhere",)))).code is Exit.USAGE
