"""Manifest, diagnostics, test records, verdicts and the table: the parts without a network."""

import hashlib
import json
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from harness import fetch, manifest, migrating, table
from harness.verdicts import verdict

from isolate_ext.verify import diagnostics, environments, test_runs, trees
from isolate_ext.verify.builds import RECORDER, Library
from isolate_ext.verify.process import Finished, VerifyError
from isolate_ext.verify.surface_diff import differences

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


def test_unpack_drops_the_single_folder(tmp_path):
    (tmp_path / "demo-1").mkdir()
    (tmp_path / "demo-1" / "setup.py").write_text("")
    with tarfile.open(tmp_path / "demo-1.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "demo-1", "demo-1")
    assert (trees.unpack(tmp_path / "demo-1.tar.gz", tmp_path / "out") / "setup.py").exists()


def test_warnings_are_compared_by_text():
    one = "src/a.c:10:5: warning: unused variable 'x' [-Wunused-variable]\n"
    other = "lib/a.c:99:1: warning: unused variable 'x' [-Wunused-variable]\na.c:1:1: error: no\n"
    assert (
        diagnostics.warnings(one)
        == diagnostics.warnings(other)
        == ["a.c: unused variable 'x' [-Wunused-variable]"]
    )


def test_compiler_wrapper_reuses_objects_and_repeats_warnings(tmp_path):
    source = tmp_path / "a.c"
    source.write_text("int f(void) { int unused = 1; return 0; }\n")
    log = tmp_path / "cc.log"
    environment = {
        "PATH": "/usr/bin:/bin",
        "ISOLATE_EXT_CC_LOG": str(log),
        "ISOLATE_EXT_CC_CACHE": str(tmp_path / "objects"),
    }
    wrapper = [sys.executable, str(ROOT / "codemod/isolate_ext/verify/compiler_shim.py"), "gcc"]
    for target in ("one.o", "two.o"):
        subprocess.run(
            [*wrapper, "-Wall", "-c", "a.c", "-o", target],
            cwd=tmp_path,
            env=environment,
            check=True,
            stderr=subprocess.DEVNULL,
        )
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    assert [call["cached"] for call in calls] == [False, True]
    assert "unused variable" in calls[1]["text"]
    assert (tmp_path / "one.o").read_bytes() == (tmp_path / "two.o").read_bytes()


TESTS = """
import unittest
class T(unittest.TestCase):
    def test_good(self): pass
    def test_bad(self): self.fail("no")
    @unittest.skip("why")
    def test_skipped(self): pass
    def test_parts(self):
        for number in range(3):
            with self.subTest(number=number): self.assertNotEqual(number, 1)
if __name__ == "__main__":
    unittest.main()
"""


@pytest.mark.parametrize("runner", ["unittest", "pytest"])
def test_recorder_notes_each_test(tmp_path, runner):
    (tmp_path / RECORDER.name).write_text(RECORDER.read_text())
    (tmp_path / "sitecustomize.py").write_text(f"import {RECORDER.stem}\n")
    (tmp_path / "test_it.py").write_text(TESTS)
    record = tmp_path / "record"
    environment = {
        "PYTHONPATH": str(tmp_path),
        "ISOLATE_EXT_RECORD": str(record),
        "PATH": "/usr/bin",
        "ISOLATE_EXT_WATCH": "_json",
        "PYTEST_ADDOPTS": f"-p {RECORDER.stem}",
    }
    command = {"unittest": ["test_it.py"], "pytest": ["-W", "error", "-m", "pytest", "test_it.py"]}
    subprocess.run(
        [sys.executable, *command[runner]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )
    facts = [json.loads(line) for line in record.read_text().splitlines()]
    results = test_runs._results(facts)
    ends = {name.rpartition("test_")[2]: outcome for name, outcome in results.items()}
    assert (ends["good"], ends["bad"], ends["skipped"]) == ("passed", "failed", "skipped")
    assert any(name.startswith("parts") and outcome == "failed" for name, outcome in ends.items())


def _finished(status=0):
    return Finished(status, 1.0, ROOT)


def test_a_run_counts_only_with_the_built_library():
    libraries = (Library("pkg._fast", "/built/_fast.so", by_path=False),)
    facts = [
        {"pid": 1, "test": "a", "outcome": "passed"},
        {"pid": 2, "module": "pkg._fast", "path": "/built/_fast.so"},
    ]
    results = test_runs._results(facts)
    assert "did not load" in test_runs._unproven(
        results, test_runs._loaded(facts), libraries, _finished()
    )
    facts.append({"pid": 1, "module": "pkg._fast", "path": "/elsewhere/_fast.so"})
    assert "in place of the built" in test_runs._unproven(
        results, test_runs._loaded(facts), libraries, _finished()
    )
    facts[-1]["path"] = "/built/_fast.so"
    assert test_runs._unproven(results, test_runs._loaded(facts), libraries, _finished()) == ""
    assert "died" in test_runs._ended_badly(_finished(-11))


def test_printed_results_are_understood():
    text = "test_a (t.T) ... ok\nPASSED t.py::test_b\n1/2 some program   FAIL   0.1s\n"
    assert test_runs._printed(text, _finished()) == {
        "test_a (t.T)": "passed",
        "t.py::test_b": "passed",
        "some program": "failed",
    }


def test_comparison_is_by_id():
    def run(**results):
        return test_runs.TestRun(results, {}, 0, "", 1.0, "")

    found = test_runs.compare(run(a="passed", b="failed"), run(a="passed", c="passed"), {"b"})
    assert found.changed == ("c: absent -> passed",)
    assert found.failing_before == 1


def test_surface_differences_are_expected_or_regressions():
    before = {"calls": {}, "type T": {"layout": {"heap": False}, "members": {}, "doc": "old"}}
    after = {
        "calls": {},
        "type T": {"layout": {"heap": True}, "members": {"__module__": {}}, "doc": None},
    }
    found = {item.fact: bool(item.expected) for item in differences(before, after, (3, 13))}
    assert found == {
        "type T / doc": False,
        "type T / layout / heap": True,
        "type T / members / __module__": True,
    }


def _surface(module="m", kind="classmethod_descriptor", pickled=True, base="builtins.list"):
    """What two builds show of a type ``Note`` with a static method ``make``."""
    shown = "Note" if module == "builtins" else f"{module}.Note"
    return {
        "calls": {"note()": f"-> {module}.Note"},
        "type Note": {
            "pickle-class": [f"! E: <class '{shown}'>: attribute lookup Note on {module} failed"],
            "module": module,
            "qualname": "Note",
            "mro": [f"{module}.Note", base, "builtins.object"],
            "members": {"make": {"kind": kind}},
        },
        "instance Note#0": {
            "pickle": [pickled or "! builtins.TypeError: cannot pickle", True, True],
            "unpickle": ["Note" if pickled else "not pickled", "Note", "Note"],
        },
    }


def _regressions(before, after):
    return {each.fact for each in differences(before, after, (3, 13)) if not each.expected}


def test_changes_that_follow_from_a_heap_type_are_expected():
    before = _surface(module="builtins", kind="staticmethod", pickled=False)
    assert not _regressions(before, _surface())


def test_the_import_names_the_module_and_a_class_that_has_one_is_found():
    before, after = (_surface(module=each) for each in ("builtins", "m"))
    after["type Note"]["pickle-class"] = [True]
    before["module"], after["module"] = {"name": "M"}, {"name": "m"}
    assert not _regressions(before | {"calls": {}}, after | {"calls": {}})
    found = _surface()
    found["type Note"]["pickle-class"] = [True]
    assert _regressions(_surface(), found) == {"type Note / pickle-class / 0"}


def test_changes_that_follow_from_nothing_are_regressions():
    assert _regressions(_surface(module="a"), _surface(module="b")) == {
        "calls / note()",
        "type Note / module",
        "type Note / mro / 0",
        "type Note / pickle-class / 0",
    }
    methods = _regressions(_surface(kind="method_descriptor"), _surface())
    assert methods == {"type Note / members / make / kind"}
    own = {"base": "m.Base"}
    assert _regressions(_surface(pickled=False, **own), _surface(**own)) == {
        "instance Note#0 / pickle / 0",
        "instance Note#0 / unpickle / 0",
    }


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


def test_table_has_a_line_a_row():
    rows = [_row(), _row(python={"built": False, "failure": "error: no"})]
    lines = table.text(rows).splitlines()
    assert len(lines) == 3 and lines[1].endswith("verified") and "not built" in lines[2]
    assert table.markdown(rows, "Title").count("\n| m 1 |") == 2


def test_cloned_environment_runs_its_own_scripts(tmp_path):
    base = tmp_path / "base"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(base)], check=True)
    script = base / "bin" / "tool"
    script.write_text(f"#!{base}/bin/python\nimport sys; print(sys.prefix)\n")
    script.chmod(0o755)
    copy = environments.clone(base, tmp_path / "copy")
    printed = subprocess.run(
        [str(copy / "bin" / "tool")], capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == str(copy)
    assert str(base) in script.read_text()


def test_command_line_knows_its_manifest():
    command = [sys.executable, str(ROOT / "corpus/harness"), "--list", "--first"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(listed.stdout.splitlines()) == 28
    wrong = subprocess.run(
        [*command, "--only", "nothing"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2 and "not in the manifest: nothing" in wrong.stderr
