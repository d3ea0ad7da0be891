"""The rung of the project's plain tests inside sub-interpreters: each ends as in the main one."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isolate_ext.project.errors import USAGE
from isolate_ext.report.ladder import RungResult, Verdict
from isolate_ext.verify import process
from isolate_ext.verify.builds import Build
from isolate_ext.verify.environments import locked, variables
from isolate_ext.verify.process import VerifyError
from isolate_ext.verify.settings import Settings

NAME = "tests-inside"
OLDEST = (3, 13)
KINDS = {"legacy": "shared GIL", "isolated": "own GIL"}
SCRIPT = Path(__file__).parent / "probe" / "inside_tests.py"
TIME_LIMIT = 600.0
SHOWN = 12
CANNOT = re.compile(r"subinterpreter|main interpreter|main thread")
"""What the interpreter says where it does not offer something in sub-interpreters."""

REFUSED = re.compile(r"module (\S+) does not support loading in subinterpreters")


@dataclass(frozen=True)
class Inside:
    """The tests of one build in one kind of interpreter; ``problem`` where the process failed."""

    outcomes: Mapping[str, str]
    left: Mapping[str, str]
    loaded: Mapping[str, str | None]
    problem: str = ""


def tested_inside(one: Build | None, other: Build, settings: Settings) -> RungResult:
    """Outcomes are compared with those in the main interpreter, per test id.

    Not judged where no test can be run, and where the tests do not load the built library.
    """
    started = time.monotonic()
    main = _run(other, settings, "main")
    why = main.problem or _unproven(main, other)
    if why:
        return RungResult(NAME, Verdict.NOT_JUDGED, problems=(why,))
    inside = {title: _run(other, settings, kind) for kind, title in KINDS.items()}
    compared = [_compared(main, it, title, other) for title, it in inside.items()]
    before = ""
    if one is not None:
        was = _run(one, settings, "main")
        runs = {title: _run(one, settings, kind) for kind, title in KINDS.items()}
        before = _counted([_compared(was, it, title, one) for title, it in runs.items()])
    problems = tuple(line for it in compared for line in it.problems[:SHOWN])
    notes = tuple(dict.fromkeys(note for it in compared for note in it.notes))
    return RungResult(
        NAME, Verdict.FAILS if problems else Verdict.HOLDS, before, _counted(compared), problems,
        (*notes, *_left(main)), time.monotonic() - started,
    )  # fmt: skip


@dataclass(frozen=True)
class _Comparison:
    same: int
    all: int
    problems: Sequence[str]
    notes: Sequence[str]


def _compared(main: Inside, inside: Inside, title: str, build: Build) -> _Comparison:
    """What the interpreter itself does not offer there is a note."""
    if inside.problem:
        return _Comparison(0, len(main.outcomes), (f"{title}: {inside.problem}",), ())
    problems = [
        f"{title}: {name} was not loaded there: something else took its place"
        for name, path in main.loaded.items()
        if path and not inside.loaded.get(name)
    ]
    notes: list[str] = []
    same = 0
    for key, outcome in main.outcomes.items():
        now = inside.outcomes.get(key) or inside.outcomes.get(key.partition("::")[0], "not run")
        if now == outcome or _kind(now) == _kind(outcome):
            same += 1
            continue
        line = f"{title}: {key}: {_kind(outcome)} in the main interpreter, here {now}"
        (notes if _cannot(now, build) else problems).append(line)
    return _Comparison(same, len(main.outcomes), tuple(problems), tuple(notes))


def _kind(outcome: str) -> str:
    """The outcome without what the exception says."""
    return ":".join(outcome.split(":")[:2])


def _cannot(outcome: str, build: Build) -> bool:
    refused = REFUSED.search(outcome)
    if refused is None:
        return CANNOT.search(outcome) is not None
    return not _is_of(refused[1], build)


def _is_of(module: str, build: Build) -> bool:
    names = [library.module for library in build.libraries]
    return any(module in (name, name.rpartition(".")[2]) for name in names)


def _counted(compared: Sequence[_Comparison]) -> str:
    return ", ".join(f"{it.same} of {it.all}" for it in compared)


def _left(main: Inside) -> Iterator[str]:
    for why, count in Counter(main.left.values()).items():
        yield f"{count} not run, {why}"


def _unproven(main: Inside, build: Build) -> str:
    if not any(outcome == "passed" for outcome in main.outcomes.values()):
        told = [f"{key}: {outcome}" for key, outcome in main.outcomes.items()] or [*_left(main)]
        return f"no plain test passes in the main interpreter: {'; '.join(told[:3]) or 'none'}"
    built = {library.module: library.path for library in build.libraries}
    loaded = {name: path for name, path in main.loaded.items() if path}
    for name, path in loaded.items():
        if Path(path).resolve() != Path(built[name]).resolve():
            return f"the tests loaded {path} in place of the built {name}"
    return "" if loaded else "the tests did not load the built library"


def _run(build: Build, settings: Settings, kind: str) -> Inside:
    folder = Path(build.source).parent
    with locked(folder.with_name(f"{build.key}.inside.lock")):
        work = folder / "tests-inside" / kind
        work.mkdir(parents=True, exist_ok=True)
        spec = {
            "kind": kind,
            "files": list(_files(Path(build.source), settings.tests_inside)),
            "sys_path": list(build.sys_path),
            "watched": [library.module for library in build.libraries],
            "journal": str(work / "journal"),
            "result": str(work / "result.json"),
        }
        for name in ("result.json", "journal", "log"):
            (work / name).unlink(missing_ok=True)
        (work / "spec.json").write_text(json.dumps(spec))
        done = process.run(
            [build.python, str(SCRIPT), str(work / "spec.json")], log=work / "log",
            cwd=Path(build.source), environment=variables(Path(build.venv)), timeout=TIME_LIMIT,
        )  # fmt: skip
        return _answer(work, done)


def _answer(work: Path, done: process.Finished) -> Inside:
    result = work / "result.json"
    if done.ok and result.exists():
        facts: dict[str, Any] = json.loads(result.read_text())
        return Inside(facts["outcomes"], facts["left"], facts["loaded"])
    journal = work / "journal"
    last = journal.read_text() if journal.exists() else "the start"
    return Inside({}, {}, {}, f"the process {done.ending} in {last}; log: {done.log}")


def _files(source: Path, patterns: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(folder for the import path, module name, path as shown) of every test file."""
    for pattern in patterns:
        found = sorted(path for path in source.glob(pattern) if path.suffix == ".py")
        if not found:
            raise VerifyError(f"--tests-inside {pattern}: no such Python file here", USAGE)
        for path in found:
            base = path.parent
            while (base / "__init__.py").exists() and base != source:
                base = base.parent
            module = ".".join(path.relative_to(base).with_suffix("").parts)
            yield str(base), module, path.relative_to(source).as_posix()
