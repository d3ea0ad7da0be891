"""One extension module under one interpreter: every rung, before and after."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from isolate_ext.report.ladder import ModuleLadder, RungResult
from isolate_ext.verify import cost, drive, source_rung
from isolate_ext.verify.builds import Build, Library
from isolate_ext.verify.drive import probe
from isolate_ext.verify.environments import site_packages
from isolate_ext.verify.judging import judge, judged
from isolate_ext.verify.runtime.reinitialisation import reinitialise
from isolate_ext.verify.settings import Settings, SourceFacts
from isolate_ext.verify.static_storage import storage
from isolate_ext.verify.untouched_code import code


@dataclass(frozen=True)
class Built:
    """A library with the build that it came from."""

    build: Build
    library: Library

    @property
    def path(self) -> Path:
        return Path(self.library.path)


@dataclass(frozen=True)
class Subject:
    """One module: as it was, None where there is nothing to compare with, and as it is."""

    before: Built | None
    after: Built
    version: tuple[int, int]
    facts: SourceFacts


def climb_module(subject: Subject, settings: Settings) -> ModuleLadder:
    """The rungs of the probe first; then those that need both builds, or the binary alone."""
    before = _probe(subject.before, settings, settings.skip) if subject.before else None
    skip = before["skip"] if before is not None else settings.skip
    after = _probe(subject.after, settings, skip)
    probe_rungs, once = _probe_rungs(settings), subject.facts.once
    judgement = judge(before, after, subject.version, probe_rungs, once=once)
    seen: list[Mapping[str, Any]] = []
    for _ in range(LOOKS):
        if subject.before is None or not judgement.looks_other:
            break
        seen += _surfaces(subject.before, settings, after)
        judgement = judge(before, after, subject.version, probe_rungs, seen, once)
    rungs = list(judgement.rungs)
    if not judgement.absent:
        rungs += _others(subject, settings, after)
    library = subject.after.library
    return ModuleLadder(
        library.module, library.path, rungs, list(judgement.notes), list(judgement.surface),
        judgement.absent, {reason: list(facts) for reason, facts in judgement.expected.items()},
    )  # fmt: skip


LOOKS = 8
"""How often the unmodified build is looked at again for what seems to be new."""

OTHERS = ("runtime", source_rung.NAME, "binary", "machine-code", "cost")
"""Rungs that are not the probe's."""


def _surfaces(
    built: Built, settings: Settings, probed: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """What Python sees of a build in one more process; none where that dies."""
    found = _probe(built, settings, probed["skip"], probed["only"], ("surface",))
    surface = found["rungs"]["surface"]["data"].get("surface")
    return [surface] if surface else []


def _probe_rungs(settings: Settings) -> tuple[str, ...] | None:
    if settings.rungs is None:
        return None
    return tuple(name for name in settings.rungs if name not in OTHERS)


def _others(subject: Subject, settings: Settings, probed: Mapping[str, Any]) -> list[RungResult]:
    rungs = []
    if settings.wants("runtime"):
        rungs.append(_runtime(subject, settings, probed))
    if settings.wants(source_rung.NAME) and subject.facts.sources is not None:
        rungs.append(subject.facts.sources)
    if settings.wants("binary"):
        was = subject.before.path if subject.before else None
        rungs.append(storage(was, subject.after.path, subject.facts.own, subject.facts.listed))
    if settings.wants("machine-code") and subject.before is not None:
        before, after = subject.before.build, subject.after.build
        rungs.append(code(before, after, subject.facts.untouched))
    if settings.wants("cost") and subject.before is not None:
        rungs.append(_cost(subject.before, subject, settings, probed))
    return rungs


def _runtime(subject: Subject, settings: Settings, probed: Mapping[str, Any]) -> RungResult:
    """Three runtimes in one process, of each build."""

    def lives(built: Built) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="runtime-") as scratch:
            return asdict(
                reinitialise(
                    _embedded(built, settings),
                    Path(built.build.python),
                    Path(scratch),
                    only=probed["only"],
                    skip=probed["skip"],
                    timeout=settings.timeout,
                )
            )

    was = lives(subject.before) if subject.before is not None else None
    return judged("runtime", was, lives(subject.after))


def _embedded(built: Built, settings: Settings) -> drive.Subject:
    """The library for a host program, which knows nothing of a virtual environment."""
    build, library = built.build, built.library
    site = (str(site_packages(Path(build.venv))),) if build.venv else ()
    return drive.Subject(
        library.module,
        library.path if library.by_path else None,
        (*build.sys_path, *site),
        build.prefixes,
        build.companions,
        str(settings.workload.resolve()) if settings.workload else None,
    )


def _cost(
    before: Built, subject: Subject, settings: Settings, probed: Mapping[str, Any]
) -> RungResult:
    started = time.monotonic()
    alone = replace(settings, rungs=("cost",), jobs=1)

    accesses = subject.facts.accesses
    timed = {name for names in accesses.values() for name in names}

    def series(built: Built) -> Callable[[], cost.Series]:
        def take() -> cost.Series:
            found = _probe(built, alone, probed["skip"], probed["only"], ("cost",), timed)
            data: Mapping[str, Any] = found["rungs"]["cost"]["data"]
            return cost.Series(data.get("calls", {}), data.get("methods", {}))

        return take

    found = cost.measure(series(before), series(subject.after), accesses)
    return cost.judged(found, time.monotonic() - started)


def _probe(
    built: Built, settings: Settings, skip: Sequence[str], only: Sequence[str] | None = None,
    rungs: Sequence[str] | None = None, timed: Collection[str] = (),
) -> Mapping[str, Any]:  # fmt: skip
    build, library = built.build, built.library
    return probe(
        library.path if library.by_path else None,
        build.python,
        module=library.module,
        sys_path=build.sys_path,
        prefixes=build.prefixes,
        companions=build.companions,
        workload=settings.workload,
        timed=timed,
        skip=skip,
        only=only,
        rungs=rungs if rungs is not None else _probe_rungs(settings),
        cycles=settings.cycles,
        timeout=settings.timeout,
        jobs=settings.jobs,
    )
