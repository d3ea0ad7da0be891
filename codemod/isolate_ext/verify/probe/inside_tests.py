"""``python inside_tests.py SPEC.json``: plain tests, run in one interpreter of the wanted kind.

A plain test is a function or method named ``test...`` that takes no argument and wears no mark, or
a method of a unittest.TestCase.  The result file holds the ``outcomes`` by id, why tests or whole
files were ``left`` out, and the files of the watched modules that were ``loaded``.
"""

import importlib
import inspect
import json
import os
import resource
import sys
import unittest

BODY = """
import sys
sys.path.insert(0, {home!r})
from probe import inside_tests
del sys.path[0]
inside_tests.run({path!r})
"""
MEMORY = 6 << 30


def main():
    """Run the tests here, or in an interpreter that is made for them (3.13 and later)."""
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    del sys.path[0]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    path = sys.argv[1]
    with open(path, encoding="utf-8") as file:
        kind = json.load(file)["kind"]
    if kind == "main":
        run(path)
        return 0
    import _interpreters

    interpreter = _interpreters.create(kind)
    failure = _interpreters.exec(interpreter, BODY.format(home=home, path=path))
    _interpreters.destroy(interpreter)
    if failure is not None:
        sys.stderr.write(f"{failure.formatted}\n")
    return int(failure is not None)


def run(path):
    """All files of the specification, in the interpreter that runs this."""
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    sys.path[:0] = spec["sys_path"]
    sys.path += dict.fromkeys(base for base, _, _ in spec["files"])
    found = Run(spec["journal"])
    for _, module, shown in spec["files"]:
        found.file(module, shown)
    loaded = {name: getattr(sys.modules.get(name), "__file__", None) for name in spec["watched"]}
    answer = {"outcomes": found.outcomes, "left": found.left, "loaded": loaded}
    with open(spec["result"], "w", encoding="utf-8") as file:
        json.dump(answer, file)


class Run:
    """The outcomes so far; the journal names the test that runs."""

    def __init__(self, journal):
        self.outcomes = {}
        self.left = {}
        self.journal = journal

    def file(self, module, shown):
        """The tests of one file."""
        self.note(shown)
        try:
            loaded = importlib.import_module(module)
        except BaseException as error:
            self.outcomes[shown] = ended(error)
            return
        for name, item in sorted(vars(loaded).items()):
            if inspect.isclass(item) and issubclass(item, unittest.TestCase):
                self.test_case(item, f"{shown}::{name}")
            elif inspect.isclass(item) and name.startswith("Test"):
                self.plain_class(item, f"{shown}::{name}")
            elif name.startswith("test") and inspect.isfunction(item):
                self.function(item, f"{shown}::{name}")

    def test_case(self, kind, key):
        """By unittest, so that set-up and tear-down of class and test are run."""
        self.note(key)
        suite = unittest.TestLoader().loadTestsFromTestCase(kind)
        keys = [test_key(key, test) for test in suite]
        self.outcomes.update(dict.fromkeys(keys, "passed"))
        result = unittest.TestResult()
        suite.run(result)
        self.outcomes.update((test_key(key, test), "skipped") for test, _ in result.skipped)
        for test, text in (*result.errors, *result.failures):
            outcome = f"failed: {text.strip().splitlines()[-1]}"[:300]
            failed = test_key(key, test)
            self.outcomes.update(dict.fromkeys(keys if failed == key else [failed], outcome))
        for test in result.unexpectedSuccesses:
            self.outcomes[test_key(key, test)] = "passed unexpectedly"

    def plain_class(self, kind, key):
        """A class that needs no set-up."""
        if any(hasattr(kind, name) for name in ("setup_method", "setup_class", "setup")):
            self.left[key] = "it has a set-up of its own"
            return
        for name, item in sorted(vars(kind).items()):
            if name.startswith("test") and inspect.isfunction(item):
                try:
                    self.function(getattr(kind(), name), f"{key}::{name}")
                except Exception as error:
                    self.left[key] = ended(error)
                    return

    def function(self, function, key):
        """One call."""
        if inspect.signature(function).parameters:
            self.left[key] = "it takes arguments"
        elif getattr(function, "pytestmark", None):
            self.left[key] = "it wears a mark"
        elif inspect.iscoroutinefunction(function):
            self.left[key] = "it is a coroutine"
        else:
            self.note(key)
            try:
                function()
                self.outcomes[key] = "passed"
            except BaseException as error:
                self.outcomes[key] = ended(error)

    def note(self, key):
        """What to blame if the process ends now."""
        with open(self.journal, "w", encoding="utf-8") as file:
            file.write(key)


def test_key(key, test):
    """Its id; what is wrong with the set-up of a class is the class's."""
    whole = getattr(test, "test_case", test)
    method = getattr(whole, "_testMethodName", None)
    return f"{key}::{method}" if method else key


def ended(error):
    """How a test ended, in one line."""
    if type(error).__name__ in ("Skipped", "SkipTest"):
        return "skipped"
    text = " ".join(str(error).split())
    return f"failed: {type(error).__name__}: {text}"[:300]


if __name__ == "__main__":
    sys.exit(main())
