"""One project under one interpreter: built before and after, tested, and every module probed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isolate_ext.project import Interpreter
from isolate_ext.report.ladder import ModuleLadder, PythonLadder, RungResult, Verdict
from isolate_ext.verify import cost, test_runs
from isolate_ext.verify.building import Recipe, build
from isolate_ext.verify.builds import RECORDER, Build, Library
from isolate_ext.verify.drive import probe
from isolate_ext.verify.environments import variables
from isolate_ext.verify.judging import judge
from isolate_ext.verify.process import VerifyError

Say = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """What the user chose.  ``modules`` restricts the judgement to those; ``skip`` names calls."""

    cache: Path
    recipe: Recipe
    modules: tuple[str, ...] = ()
    workload: Path | None = None
    tests: str = ""
    skip: tuple[str, ...] = ()
    rungs: tuple[str, ...] | None = None
    cycles: int = 200
    timeout: float = 120.0
    jobs: int = 2
    cost: bool = True


@dataclass(frozen=True)
class Trees:
    """The source trees to build; ``before`` is None where there is nothing to compare with."""

    before: Path | None
    after: Path


def climb(trees: Trees, interpreter: Interpreter, settings: Settings, say: Say) -> PythonLadder:
    """The ladder of a project under one interpreter; what cannot be judged there says why."""
    ladder = PythonLadder(interpreter.label, str(interpreter.path))
    try:
        _climb(trees, interpreter, settings, say, ladder)
    except VerifyError as error:
        ladder.absent = str(error)
    return ladder


def _climb(
    trees: Trees, interpreter: Interpreter, settings: Settings, say: Say, ladder: PythonLadder
) -> None:
    one: Build | None = None
    if trees.before is not None:
        say(f"building the original for {interpreter.label}")
        one = build(trees.before, interpreter.path, settings.cache, settings.recipe)
        if not one.ok:
            ladder.absent, ladder.log = "the original does not build", one.failure
            return
    say(f"building for {interpreter.label}")
    other = build(trees.after, interpreter.path, settings.cache, settings.recipe)
    ladder.rungs.append(_built(one, other))
    if not other.ok:
        ladder.log = other.failure
        return
    if settings.tests:
        say(f"testing on {interpreter.label}")
        ladder.rungs.append(_tested(one, other, settings))
    for library in other.libraries:
        if not settings.modules or library.module in settings.modules:
            say(f"probing {library.module} on {interpreter.label}")
            twin = _twin(one, library)
            ladder.modules.append(_probed(one, other, library, twin, interpreter, settings))
    for missing in _missing(one, other):
        ladder.modules.append(
            ModuleLadder(missing, rungs=[_fails("built", "missing from the migrated build")])
        )


def _twin(one: Build | None, library: Library) -> Library | None:
    found = one.libraries if one is not None else ()
    return next((each for each in found if each.module == library.module), None)


def _missing(one: Build | None, other: Build) -> list[str]:
    now = {each.module for each in other.libraries}
    return [each.module for each in one.libraries if each.module not in now] if one else []


def _fails(name: str, *problems: str) -> RungResult:
    return RungResult(name, Verdict.FAILS, problems=problems)


def _built(one: Build | None, other: Build) -> RungResult:
    if not other.ok:
        return _fails("built", f"it does not build: {other.failure.splitlines()[-1]}")
    new = sorted(set(other.warnings) - set(one.warnings)) if one is not None else []
    seconds = other.seconds
    if new:
        return RungResult(
            "built",
            Verdict.FAILS,
            "ok",
            "ok",
            tuple(f"new warning: {it}" for it in new),
            (),
            seconds,
        )
    return RungResult("built", Verdict.HOLDS, "ok" if one else "", "ok", (), (), seconds)


def _tested(one: Build | None, other: Build, settings: Settings) -> RungResult:
    """The project's own tests, per test id; tests that are not stable do not count."""
    after = _test(other, settings, "")
    if one is None:
        failing = [f"{name}: {it}" for name, it in after.results.items() if it in test_runs.BAD]
        problems = tuple(filter(None, (after.problem, *failing)))
        verdict = Verdict.FAILS if problems else Verdict.HOLDS
        return RungResult("tests", verdict, "", _counted(after), problems, (), after.seconds)
    before = _test(one, settings, "")
    unstable: set[str] = set()
    if test_runs.compare(before, after).changed or before.problem != after.problem:
        unstable = test_runs.differing(before, _test(one, settings, "again"))
        unstable |= test_runs.differing(after, _test(other, settings, "again"))
    compared = test_runs.compare(before, after, unstable)
    problems = compared.changed
    if after.problem and not before.problem:
        problems = (after.problem, *problems)
    notes = [f"not stable: {name}" for name in compared.unstable]
    if compared.failing_before:
        notes.append(f"{compared.failing_before} failed before, too")
    notes += [f"{module} from {' '.join(files)}" for module, files in after.loaded.items()]
    verdict = Verdict.FAILS if problems else Verdict.HOLDS
    if before.problem and not problems:
        verdict, problems = Verdict.FAILED_BEFORE, (before.problem,)
    return RungResult(
        "tests", verdict, _counted(before), _counted(after), problems, tuple(notes), after.seconds
    )


def _counted(run: test_runs.TestRun) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(run.counts.items()))


def _test(built: Build, settings: Settings, turn: str) -> test_runs.TestRun:
    environment = {
        **variables(Path(built.venv)),
        **settings.recipe.environment,
        "PYTEST_ADDOPTS": f"-p {RECORDER.stem}",
    }
    name = hashlib.sha256(settings.tests.encode()).hexdigest()[:8]
    folder = settings.cache / "builds" / built.key / f"tests-{name}{turn}"
    return test_runs.run_tests(settings.tests, built, Path(built.source), environment, folder)


def _probed(
    one: Build | None, other: Build, library: Library, twin: Library | None,
    interpreter: Interpreter, settings: Settings,
) -> ModuleLadder:  # fmt: skip
    before: Mapping[str, Any] | None = None
    if one is not None and twin is not None:
        before = _probe(one, twin, settings, settings.skip)
    after = _probe(other, library, settings, before["skip"] if before else settings.skip)
    judgement = judge(before, after, interpreter.version[:2], settings.rungs)
    rungs = list(judgement.rungs)
    if one is not None and twin is not None and before is not None and settings.cost:
        rungs.append(_cost((one, twin), (other, library), settings, after))
    return ModuleLadder(
        library.module,
        library.path,
        rungs,
        list(judgement.notes),
        list(judgement.surface),
        judgement.absent,
    )


def _cost(
    one: tuple[Build, Library], other: tuple[Build, Library], settings: Settings,
    probed: Mapping[str, Any],
) -> RungResult:  # fmt: skip
    started = time.monotonic()
    alone = replace(settings, rungs=("cost",), jobs=1)

    def series(built: Build, library: Library) -> Callable[[], Mapping[str, float]]:
        def take() -> Mapping[str, float]:
            found = _probe(built, library, alone, probed["skip"], probed["only"])
            calls: Mapping[str, float] = found["rungs"]["cost"]["data"].get("calls", {})
            return calls

        return take

    found = cost.measure(series(*one), series(*other))
    return cost.judged(found, time.monotonic() - started)


def _probe(
    built: Build, library: Library, settings: Settings, skip: Sequence[str],
    only: Sequence[str] | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    return probe(
        library.path if library.by_path else None,
        built.python,
        module=library.module,
        sys_path=built.sys_path,
        prefixes=built.prefixes,
        companions=built.companions,
        workload=settings.workload,
        skip=skip,
        only=only,
        rungs=settings.rungs,
        cycles=settings.cycles,
        timeout=settings.timeout,
        jobs=settings.jobs,
    )
