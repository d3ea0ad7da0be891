"""Manifest, sources, verdicts and the table: the parts without a network."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from harness import fetch, manifest, migrating, table
from harness.sides import Options, Project, StdlibSide
from harness.verdicts import verdict

from isolate_ext.verify.process import VerifyError

ROOT = Path(__file__).parents[2]


def test_manifest_is_complete():
    corpus = manifest.load()
    assert (len(corpus.packages), len(corpus.modules)) == (53, 36)
    first = [entry.name for entry in (*corpus.packages, *corpus.modules) if entry.first]
    assert len(first) == 28 and {"_csv", "MarkupSafe", "_sqlite3", "hiredis"} <= set(first)
    assert all(len(package.sha256) == 64 for package in corpus.packages)
    for module in corpus.modules:
        for name in module.companions:
            assert corpus.companion(name).sources


def test_sdist_with_another_hash_is_refused(tmp_path):
    package = replace(manifest.load().packages[0], sdist="a.tar.gz", sha256="0" * 64)
    (tmp_path / "a.tar.gz").write_bytes(b"something else")
    with pytest.raises(VerifyError, match="the manifest says 0000"):
        fetch.sdist(package, tmp_path)


def test_sdist_from_a_simple_index(tmp_path, monkeypatch):
    data = b"an archive"
    folder = tmp_path / "index" / "some-name"
    folder.mkdir(parents=True)
    (folder / "some_name-1.tar.gz").write_bytes(data)
    (folder / "index.html").write_text('<a href="some_name-1.tar.gz#sha256=0">file</a>')
    package = replace(
        manifest.load().packages[0],
        name="Some_Name",
        sdist="some_name-1.tar.gz",
        sha256=hashlib.sha256(data).hexdigest(),
    )
    monkeypatch.setattr(fetch, "_indexes", lambda: [(tmp_path / "index").as_uri()])
    monkeypatch.setattr(fetch, "PAGE", "index.html")
    assert fetch.sdist(package, tmp_path / "cache").read_bytes() == data


SPAM = """
#include <Python.h>
static int count;
static int kept(void) { return 1; }
static int grown(void) { return ++count; }
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "_spam"};
PyMODINIT_FUNC PyInit__spam(void) { kept(); grown(); return PyModule_Create(&def); }
"""


def test_what_the_sources_of_a_stdlib_module_say(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for tree, text in ((one, SPAM), (other, SPAM.replace("++count", "count++"))):
        (tree / "Modules").mkdir(parents=True)
        (tree / "Modules" / "_spam.c").write_text(text)
    module = manifest.StdlibModule("_spam", ("Modules/_spam.c",))
    options = Options(tmp_path, tmp_path, "", None, one, (), False, 1)
    side = StdlibSide(Project(module, manifest.load(), options))
    facts = side.facts(one, other)["_spam"]
    assert (set(facts.own), facts.changed) == ({"Modules/_spam.c"}, True)
    assert set(facts.untouched["Modules/_spam.c"]) == {"kept", "PyInit__spam"}


def test_migration_that_refuses_is_read(tmp_path):
    report = json.dumps(
        {
            "groups": [
                {
                    "refusals": [
                        {
                            "path": "a.c",
                            "line": 3,
                            "reason": "address-taken",
                            "message": "used as a callback",
                        }
                    ]
                }
            ]
        }
    )
    done = migrating.migrate(
        f"echo {{paths}} >/dev/null; echo '{report}'; exit 3",
        ["a.c"],
        [],
        tmp_path,
        tmp_path / "log",
    )
    assert (done.status, done.usable) == (3, True)
    assert done.refusals == ("a.c:3 address-taken used as a callback",)


def _row(**changes):
    python = {
        "recorded": True,
        "built": True,
        "new_warnings": [],
        "failure": "",
        "libraries": {"m": {"reasons": [], "before": {}, "after": {}, "surface": []}},
    }
    python.update(changes.pop("python", {}))
    row = {
        "name": "m",
        "version": "1",
        "kind": "package",
        "problems": [],
        "note": "",
        "migrate": {"status": 0, "refusals": [], "log": "log"},
        "pythons": {"3.13": python},
    }
    row.update(changes)
    row["verdict"], row["reasons"] = verdict(row)
    return row


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (_row(), "verified"),
        (_row(migrate={"status": 3, "refusals": ["a.c:1 why"], "log": ""}), "refused"),
        (_row(migrate={"status": 70, "refusals": [], "log": ""}), "failed"),
        (_row(python={"new_warnings": ["a.c: unused"]}), "failed"),
        (_row(python={"absent": "the original does not build on 3.13"}), "inconclusive"),
        (
            _row(python={"libraries": {"m": {"reasons": [], "surface": [], "absent": "no"}}}),
            "inconclusive",
        ),
        (_row(problems=["missing system packages: libx-dev"]), "inconclusive"),
    ],
)
def test_verdicts(row, expected):
    assert row["verdict"] == expected
    assert expected == "verified" or row["reasons"]


def test_refused_extension_need_only_be_as_before():
    libraries = {
        "m": {"reasons": ["reimport: failed: shared"], "before": {}, "after": {}, "surface": []}
    }
    refused = {"status": 3, "refusals": ["x"], "log": ""}
    assert _row(migrate=refused, python={"libraries": libraries})["verdict"] == "refused"
    assert _row(python={"libraries": libraries})["verdict"] == "failed"


def test_table_says_what_was_not_built():
    python = {"recorded": True, "left_out": ["m.extra"]}
    assert table.lines([_row(python=python)])[0][-1] == "verified, without m.extra"
    made_elsewhere = _row(python=python)
    made_elsewhere["pythons"]["3.9"] = {**made_elsewhere["pythons"]["3.13"], "left_out": []}
    assert table.lines([made_elsewhere])[0][-1] == "verified"


def test_table_has_a_line_a_row():
    rows = [_row(), _row(python={"built": False, "failure": "error: no"})]
    lines = table.text(rows).splitlines()
    assert len(lines) == 3 and lines[1].endswith("verified") and "not built" in lines[2]
    assert table.markdown(rows, "Title").count("\n| m 1 |") == 2


def test_command_line_knows_its_manifest():
    command = [sys.executable, str(ROOT / "corpus/harness"), "--list", "--first"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(listed.stdout.splitlines()) == 28
    wrong = subprocess.run(
        [*command, "--only", "nothing"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2 and "not in the manifest: nothing" in wrong.stderr
