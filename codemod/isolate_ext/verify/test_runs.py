"""Runs an extension's own tests: a result per test id, and proof of which library was tested."""

from __future__ import annotations

import hashlib
import json
import re
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from isolate_ext.verify import process
from isolate_ext.verify.builds import Build, Library

WHOLE = "the test command"
BAD = ("failed", "error")
SHELL_SIGNAL = 128
TIME_LIMIT = 1500.0
PRINTED = (
    re.compile(r"^(?P<outcome>PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) (?P<id>\S+::\S+)", re.M),
    re.compile(r"^(?P<id>\w+ \([\w.]+\)) \.\.\. (?P<outcome>ok|FAIL|ERROR|skipped)", re.M),
    re.compile(r"^\s*\d+/\d+ (?P<id>.+?)\s+(?P<outcome>OK|FAIL|SKIP|ERROR|TIMEOUT)\b", re.M),
)
"""What pytest -rA, unittest -v and meson print, for runs that the recorder cannot see into."""


@dataclass(frozen=True)
class TestRun:
    """``results`` maps an id to its outcome; ``loaded`` the judged modules to the files loaded.

    ``problem`` says what is wrong with the run; it is empty where nothing is.  ``conclusive`` is
    False where the run says nothing about the library, which was not loaded, or not the built one.
    """

    __test__ = False

    results: dict[str, str]
    loaded: dict[str, list[str]]
    status: int | None
    problem: str
    seconds: float
    log: str
    tail: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    conclusive: bool = True


@dataclass(frozen=True)
class Comparison:
    """Tests that ended differently (``id: before -> after``), and those that are not stable."""

    changed: tuple[str, ...]
    unstable: tuple[str, ...]
    failing_before: int


def compare(before: TestRun, after: TestRun, unstable: set[str] | None = None) -> Comparison:
    """Per id; a test that one of the runs lacks counts as changed."""
    shaky = unstable or set()
    changed = [
        f"{name}: {before.results.get(name, 'absent')} -> {after.results.get(name, 'absent')}"
        for name in sorted(before.results.keys() | after.results.keys())
        if before.results.get(name) != after.results.get(name) and name not in shaky
    ]
    failing = sum(outcome in BAD for outcome in before.results.values())
    return Comparison(tuple(changed), tuple(sorted(shaky)), failing)


def differing(one: TestRun, other: TestRun) -> set[str]:
    """The ids that two runs of the same build do not agree on."""
    names = one.results.keys() | other.results.keys()
    return {name for name in names if one.results.get(name) != other.results.get(name)}


def settled(
    before: TestRun, after: TestRun, before_again: Callable[[], TestRun],
    after_again: Callable[[], TestRun],
) -> Comparison:  # fmt: skip
    """The comparison of two builds; where they differ, what is not stable is found by running
    each again, and does not count."""
    found = compare(before, after)
    if not found.changed and before.problem == after.problem:
        return found
    unstable = differing(before, before_again()) | differing(after, after_again())
    return compare(before, after, unstable)


def cached(folder: Path, key: str) -> TestRun | None:
    """An earlier run's result under ``key``."""
    path = folder / f"{_hash(key)}.json"
    return TestRun(**json.loads(path.read_text())) if path.exists() else None


def keep(folder: Path, key: str, run: TestRun) -> TestRun:
    """Keep a run's result under ``key``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{_hash(key)}.json").write_text(json.dumps(asdict(run)))
    return run


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:20]


def run_tests(
    command: str, built: Build, cwd: Path, environment: Mapping[str, str], folder: Path
) -> TestRun:
    """Run a test command in ``cwd``; its log and record go to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / "record.jsonl"
    log = folder / "tests.log"
    record.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    watched = " ".join(library.module for library in built.libraries)
    environment = {**environment, "ISOLATE_EXT_RECORD": str(record), "ISOLATE_EXT_WATCH": watched}
    done = process.run(command, log=log, cwd=cwd, environment=environment, timeout=TIME_LIMIT)
    lines = record.read_text().splitlines() if record.exists() else []
    facts = [json.loads(line) for line in lines]
    results = _results(facts) or _printed(log.read_text(errors="replace"), done)
    loaded = _loaded(facts)
    unproven = _unproven(results, loaded, built.libraries, done)
    return TestRun(
        results=results,
        loaded=loaded,
        status=done.status,
        seconds=done.seconds,
        log=str(log),
        problem=_ended_badly(done) or unproven,
        tail=done.tail(),
        counts=dict(Counter(results.values())),
        conclusive=not unproven,
    )


def _results(facts: list[dict[str, object]]) -> dict[str, str]:
    """The worst outcome of each id over all processes."""
    order = ("passed", "skipped", "xfailed", "xpassed", "failed", "error")
    results: dict[str, str] = {}
    for fact in facts:
        if "test" in fact:
            name, outcome = str(fact["test"]), str(fact["outcome"])
            results[name] = max(results.get(name, "passed"), outcome, key=order.index)
    return results


def _printed(text: str, done: process.Finished) -> dict[str, str]:
    words = {
        "ok": "passed",
        "fail": "failed",
        "skip": "skipped",
        "xfail": "xfailed",
        "xpass": "xpassed",
        "timeout": "error",
    }
    results = {}
    for pattern in PRINTED:
        for hit in pattern.finditer(text):
            word = hit["outcome"].lower()
            results[hit["id"].strip()] = words.get(word, word)
    return results or {WHOLE: "passed" if done.ok else "failed"}


def _loaded(facts: list[dict[str, object]]) -> dict[str, list[str]]:
    """Module -> files, as loaded by processes that ran tests (all, where none was seen to)."""
    testing = {fact["pid"] for fact in facts if "test" in fact}
    loaded: dict[str, list[str]] = {}
    for fact in facts:
        if "module" in fact and (not testing or fact["pid"] in testing):
            files = loaded.setdefault(str(fact["module"]), [])
            if fact["path"] not in files:
                files.append(str(fact["path"]))
    return loaded


def _ended_badly(done: process.Finished) -> str:
    if done.status is None:
        return "the tests did not end within the time limit"
    number = -done.status if done.status < 0 else done.status - SHELL_SIGNAL
    if number in {int(each) for each in signal.Signals}:
        return f"the test process died of {signal.Signals(number).name}"
    return ""


def _unproven(
    results: dict[str, str],
    loaded: dict[str, list[str]],
    libraries: tuple[Library, ...],
    done: process.Finished,
) -> str:
    built = {library.module: library.path for library in libraries}
    if list(results) == [WHOLE] and not done.ok:
        return f"no test result was seen (status {done.status})"
    for module, files in loaded.items():
        for file in files:
            if Path(file).resolve() != Path(built[module]).resolve():
                return f"the tests loaded {file} in place of the built {module}"
    return "" if loaded else "the test process did not load the built library"
