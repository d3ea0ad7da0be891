"""One extension from archive to verdict: unpack, migrate, build, test, probe, compare."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from harness import debian, manifest
from harness.manifest import Manifest, Package, StdlibModule
from harness.sides import Options, PackageSide, Project, StdlibSide
from harness.verdicts import verdict
from isolate_ext.verify import builds, pythons, test_runs
from isolate_ext.verify.building import Recipe
from isolate_ext.verify.builds import Build, Library
from isolate_ext.verify.module_climb import Built, Subject, climb_module
from isolate_ext.verify.process import VerifyError
from isolate_ext.verify.settings import Settings, SourceFacts, Trees, without

VERIFY = Path(builds.__file__).parent


def run(
    entry: Package | StdlibModule, corpus: Manifest, options: Options, say: Callable[[str], None]
) -> dict[str, Any]:
    """The row of one extension; an environment that lacks something is a row too."""
    project = Project(entry, corpus, options)
    row: dict[str, Any] = {
        "name": entry.name,
        "kind": "stdlib" if isinstance(entry, StdlibModule) else "package",
        "version": getattr(entry, "version", corpus.source.version),
        "note": entry.note,
        "first": entry.first,
        "pythons": {},
        "problems": [],
    }
    try:
        _climb(project, row, say)
    except VerifyError as error:
        row["problems"].append(str(error))
    row["verdict"], row["reasons"] = verdict(row)
    return row


def _climb(project: Project, row: dict[str, Any], say: Callable[[str], None]) -> None:
    missing = debian.install(project.entry.system, project.options.cache / "apt-install.log")
    if missing:
        raise VerifyError(f"missing system packages: {' '.join(missing)}")
    side = StdlibSide if isinstance(project.entry, StdlibModule) else PackageSide
    builder = side(project)
    before, after = builder.trees()
    say("migrating")
    migration = builder.migrate(after)
    row["migrate"] = {**asdict(migration), "report": None}
    if not migration.usable:
        return
    for version in project.versions():
        python = pythons.find(version)
        if python is None:
            row["pythons"][version] = {"absent": f"no Python {version} with headers here"}
            continue
        absent = builder.offered(version)
        if absent:
            row["pythons"][version] = {"absent": absent}
            continue
        row["pythons"][version] = _one_python(project, builder, before, after, version, python, say)


def _one_python(
    project: Project,
    side: PackageSide | StdlibSide,
    before: Path,
    after: Path,
    version: str,
    python: Path,
    say: Callable[[str], None],
) -> dict[str, Any]:
    say(f"building for {version}")
    try:
        one = side.build(before, python, version)
    except VerifyError as error:
        return {"absent": str(error), "recorded": version == project.recorded}
    result: dict[str, Any] = {"recorded": version == project.recorded, "identifier": one.key}
    if not one.ok:
        why = f"the original does not build on {version}"
        return {**result, "absent": why, "failure": one.failure}
    other = side.build(after, python, version)
    result |= {
        "built": other.ok,
        "failure": other.failure,
        "seconds": [one.seconds, other.seconds],
        "new_warnings": sorted(set(other.warnings) - set(one.warnings)),
        "same_build": one.key == other.key,
    }
    if not other.ok:
        return result
    if project.options.tests and version == project.recorded:
        say(f"testing on {version}")
        result["tests"] = _tests(project, side, one, other)
    facts = side.facts(before, after)
    built = [library.module for library in one.libraries]
    result["left_out"] = [name for name in without(facts, built) if facts[name].changed]
    result["libraries"] = {}
    for library in one.libraries:
        say(f"probing {library.module} on {version}")
        twin = next((item for item in other.libraries if item.module == library.module), None)
        climbed = _climbed(project, one, other, library, twin, version, facts)
        result["libraries"][library.module] = climbed
    return result


def _tests(
    project: Project, side: PackageSide | StdlibSide, one: Build, other: Build
) -> dict[str, Any]:
    if not side.has_tests():
        return {"none": "the sdist has no tests that can be run"}
    before = _tested(project, side, one, "")
    after = before if other.key == one.key else _tested(project, side, other, "")
    comparison = test_runs.settled(
        before,
        after,
        partial(_tested, project, side, one, "again"),
        partial(_tested, project, side, other, "again"),
    )
    return {
        "before": before.counts,
        "after": after.counts,
        "changed": list(comparison.changed),
        "unstable": list(comparison.unstable),
        "failing_before": comparison.failing_before,
        "problem_before": before.problem,
        "problem": after.problem,
        "loaded": after.loaded,
        "seconds": [before.seconds, after.seconds],
        "tail": after.tail if after.problem and not before.problem else "",
    }


def _tested(
    project: Project, side: PackageSide | StdlibSide, built: Build, turn: str
) -> test_runs.TestRun:
    kept = project.options.cache / "tests"
    key = f"{built.key} {turn} {builds.fingerprint(builds.RECORDER.parent)}"
    found = test_runs.cached(kept, key)
    if found is not None:
        return found
    run = side.test(built, project.options.cache / "builds" / built.key / f"tests{turn}")
    return test_runs.keep(kept, key, run)


def _climbed(
    project: Project, one: Build, other: Build, library: Library, twin: Library | None,
    version: str, facts: Mapping[str, SourceFacts],
) -> dict[str, Any]:  # fmt: skip
    """The ladder of one module; that of the same two builds is not climbed twice."""
    if twin is None:
        return {"reasons": [f"{library.module} is missing from the migrated build"]}
    snippet = manifest.workload(library.module)
    text = Path(snippet).read_text() if snippet else ""
    tool = builds.fingerprint(VERIFY)
    asked = (tool, text, str(project.options.cycles))
    key = builds.key_of(one.key, other.key, library.module, *asked)
    path = project.options.cache / "ladders" / f"{key}.json"
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text())
        return found
    major, minor = (int(part) for part in version.split("."))
    settings = Settings(
        project.options.cache,
        Recipe(),
        workload=Path(snippet) if snippet else None,
        cycles=project.options.cycles,
        jobs=1,
    )
    known = Trees(None, Path(), facts).facts_of(library.module)
    subject = Subject(Built(one, library), Built(other, twin), (major, minor), known)
    ladder = climb_module(subject, settings)
    result = {**asdict(ladder), "reasons": list(ladder.reasons)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result))
    return result
