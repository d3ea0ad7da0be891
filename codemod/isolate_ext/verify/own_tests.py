"""The rung of the project's own tests: the same result before and after, per test id."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from pathlib import Path

from isolate_ext.report.ladder import RungResult, Verdict
from isolate_ext.verify import test_runs
from isolate_ext.verify.builds import RECORDER, Build
from isolate_ext.verify.environments import locked, variables
from isolate_ext.verify.settings import Settings


def tested(one: Build | None, other: Build, settings: Settings) -> RungResult:
    """Tests that are not stable do not count; a failure that was there before is told as such."""
    after = _test(other, settings, "")
    if not after.conclusive and one is None:
        return _uncounted("", after)
    if one is None:
        failing = [f"{name}: {it}" for name, it in after.results.items() if it in test_runs.BAD]
        problems = tuple(filter(None, (after.problem, *failing)))
        verdict = Verdict.FAILS if problems else Verdict.HOLDS
        return RungResult("tests", verdict, "", _counted(after), problems, (), after.seconds)
    before = _test(one, settings, "")
    if not before.conclusive:
        return _uncounted("before, ", before)
    compared = test_runs.settled(
        before,
        after,
        partial(_test, one, settings, "again"),
        partial(_test, other, settings, "again"),
    )
    problems = compared.changed
    if after.problem and not before.problem:
        problems = (after.problem, *problems)
    verdict = Verdict.FAILS if problems else Verdict.HOLDS
    if before.problem and not problems:
        verdict, problems = Verdict.FAILED_BEFORE, (before.problem,)
    return RungResult(
        "tests", verdict, _counted(before), _counted(after), problems,
        tuple(_notes(compared, after)), after.seconds,
    )  # fmt: skip


def _uncounted(when: str, run: test_runs.TestRun) -> RungResult:
    problem = f"{when}the run does not count: {run.problem}; log: {run.log}"
    return RungResult("tests", Verdict.NOT_JUDGED, problems=(problem,), seconds=run.seconds)


def _notes(compared: test_runs.Comparison, after: test_runs.TestRun) -> list[str]:
    notes = [f"not stable: {name}" for name in compared.unstable]
    if compared.failing_before:
        notes.append(f"{compared.failing_before} failed before, too")
    return notes + [f"{module} from {' '.join(files)}" for module, files in after.loaded.items()]


def _counted(run: test_runs.TestRun) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(run.counts.items()))


def _test(built: Build, settings: Settings, turn: str) -> test_runs.TestRun:
    environment = {
        **variables(Path(built.venv)),
        **settings.recipe.environment,
        **({"PYTHONPATH": os.pathsep.join(built.sys_path)} if built.sys_path else {}),
        "PYTEST_ADDOPTS": f"-p {RECORDER.stem}",
    }
    name = hashlib.sha256(settings.tests.encode()).hexdigest()[:8]
    folder = settings.cache / "builds" / built.key / f"tests-{name}{turn}"
    with locked(settings.cache / "builds" / f"{built.key}.tests.lock"):
        return test_runs.run_tests(settings.tests, built, Path(built.source), environment, folder)
