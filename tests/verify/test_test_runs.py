"""What a run of a project's own tests says: a result per id, and of which library."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from isolate_ext.verify import test_runs
from isolate_ext.verify.builds import RECORDER, Library
from isolate_ext.verify.process import Finished

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
    return Finished(status, 1.0, Path())


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


def test_only_what_differs_is_run_again():
    def run(**results):
        return test_runs.TestRun(results, {}, 0, "", 1.0, "")

    def never():
        raise AssertionError

    sound = run(a="passed")
    assert test_runs.settled(sound, sound, never, never).changed == ()
    shaky, broken = run(a="passed", b="passed"), run(a="failed", b="failed")
    found = test_runs.settled(shaky, broken, lambda: run(a="passed", b="failed"), lambda: broken)
    assert (found.changed, found.unstable) == (("a: passed -> failed",), ("b",))
