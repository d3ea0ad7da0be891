"""Writes down, inside the test process, what was loaded and how each test ended.

Loaded at start-up of every Python process of a test run (by a .pth file or sitecustomize), and by
pytest as a plugin. One JSON object a line in the file that ISOLATE_EXT_RECORD names; without that
variable nothing happens. ISOLATE_EXT_WATCH names the modules whose libraries are of interest.
PYTEST_DONT_REWRITE: it is imported long before pytest is.
"""

import json
import os
import sys
from importlib.machinery import ExtensionFileLoader

RECORD = os.environ.get("ISOLATE_EXT_RECORD")
WATCHED = frozenset(os.environ.get("ISOLATE_EXT_WATCH", "").split())
OUTCOMES = {
    "addSuccess": "passed",
    "addError": "error",
    "addFailure": "failed",
    "addSkip": "skipped",
    "addExpectedFailure": "xfailed",
    "addUnexpectedSuccess": "xpassed",
}


def write(**fact):
    """One line, appended in one call, so that processes do not mix theirs."""
    line = json.dumps({"pid": os.getpid(), **fact}) + "\n"
    handle = os.open(RECORD, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.write(handle, line.encode())
    os.close(handle)


class Listener:
    """A unittest result as the test sees it: all goes to the real one, outcomes are noted."""

    def __init__(self, result):
        object.__setattr__(self, "_result", result)

    def __getattr__(self, name):
        value = getattr(self._result, name)
        if name in OUTCOMES:
            return _noting(value, OUTCOMES[name])
        return _noting_subtest(value) if name == "addSubTest" else value

    def __setattr__(self, name, value):
        setattr(self._result, name, value)


def _noting(method, outcome):
    def note(test, *args, **kwargs):
        write(test=_identity(test), outcome=outcome)
        return method(test, *args, **kwargs)

    return note


def _noting_subtest(method):
    def note(test, subtest, error, *args, **kwargs):
        if error is not None:
            write(test=_identity(subtest), outcome="failed")
        return method(test, subtest, error, *args, **kwargs)

    return note


def _identity(test):
    name = getattr(test, "id", None)
    return name() if callable(name) else str(test)


def _watch_unittest():
    """Let every TestCase report to a Listener."""
    test_case = sys.modules["unittest.case"].TestCase
    run = test_case.run

    def recorded(self, result=None):
        if result is None or isinstance(result, Listener) or "_pytest" in sys.modules:
            return run(self, result)
        return run(self, Listener(result))

    test_case.run = recorded


def pytest_runtest_logreport(report):
    """Pytest's hook: one line a test, or two where its teardown fails as well."""
    if not RECORD or (report.when != "call" and report.outcome == "passed"):
        return
    outcome = report.outcome
    if report.when != "call" and outcome == "failed":
        outcome = "error"
    if hasattr(report, "wasxfail"):
        outcome = "xfailed" if outcome == "skipped" else "xpassed"
    write(test=report.nodeid, outcome=outcome)


def pytest_collectreport(report):
    """A file that cannot be collected is a result too."""
    if RECORD and report.failed:
        write(test=report.nodeid, outcome="error")


def _watch_imports():
    create = ExtensionFileLoader.create_module

    def recorded(self, spec):
        if spec.name in WATCHED:
            write(module=spec.name, path=str(spec.origin))
        return create(self, spec)

    ExtensionFileLoader.create_module = recorded


class UnittestFinder:
    """Patches TestCase when a process imports unittest: others are left alone, and start fast."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """``unittest.main`` is imported by the package itself, after ``unittest.case``."""
        if name == "unittest.main":
            sys.meta_path.remove(UnittestFinder)
            _watch_unittest()


if RECORD and not getattr(ExtensionFileLoader, "isolate_ext_records", False):
    ExtensionFileLoader.isolate_ext_records = True
    _watch_imports()
    sys.meta_path.insert(0, UnittestFinder)
