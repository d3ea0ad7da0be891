"""One project under one interpreter: built before and after, tested, and every module judged."""

from __future__ import annotations

from isolate_ext.project import Interpreter
from isolate_ext.report.ladder import ModuleLadder, PythonLadder, RungResult, Verdict
from isolate_ext.verify import inside_tests
from isolate_ext.verify.building import build
from isolate_ext.verify.builds import Build, Library
from isolate_ext.verify.module_climb import Built, Subject, climb_module
from isolate_ext.verify.own_tests import tested
from isolate_ext.verify.process import VerifyError
from isolate_ext.verify.settings import Say, Settings, SourceFacts, Trees, without


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
            ladder.absent = f"the original does not build: {one.headline}"
            ladder.log = one.failure
            return
    say(f"building for {interpreter.label}")
    other = build(trees.after, interpreter.path, settings.cache, settings.recipe)
    ladder.rungs.append(_built(one, other))
    if not other.ok:
        ladder.log = other.failure
        return
    made = [library.module for library in other.libraries] + _missing(one, other)
    if unknown := [name for name in settings.modules if name not in made]:
        raise VerifyError(f"no module {', '.join(unknown)} in the build, but {', '.join(made)}")
    if settings.tests:
        say(f"testing on {interpreter.label}")
        ladder.rungs.append(tested(one, other, settings))
    if settings.tests_inside and interpreter.version[:2] >= inside_tests.OLDEST:
        say(f"testing in sub-interpreters of {interpreter.label}")
        ladder.rungs.append(inside_tests.tested_inside(one, other, settings))
    for library in other.libraries:
        if not settings.modules or library.module in settings.modules:
            say(f"probing {library.module} on {interpreter.label}")
            twin = _twin(one, library)
            subject = Subject(
                Built(one, twin) if one is not None and twin is not None else None,
                Built(other, library),
                interpreter.version[:2],
                trees.facts_of(library.module),
            )
            ladder.modules.append(climb_module(subject, settings))
    for name in _missing(one, other):
        gone = RungResult("built", Verdict.FAILS, "ok", problems=("missing from the build",))
        ladder.modules.append(ModuleLadder(name, rungs=[gone]))
    for name in without(trees.facts, made):
        if trees.facts[name].changed and not settings.modules:
            ladder.modules.append(ModuleLadder(name, rungs=[_left_out(trees.facts[name])]))


def _twin(one: Build | None, library: Library) -> Library | None:
    found = one.libraries if one is not None else ()
    return next((each for each in found if each.module == library.module), None)


def _missing(one: Build | None, other: Build) -> list[str]:
    now = {each.module for each in other.libraries}
    return [each.module for each in one.libraries if each.module not in now] if one else []


def _left_out(facts: SourceFacts) -> RungResult:
    """The row of a module that nothing is known of."""
    why = facts.left_out or "the project's build did not make it"
    return RungResult("built", Verdict.NOT_JUDGED, problems=(f"not built here: {why}",))


def _built(one: Build | None, other: Build) -> RungResult:
    if not other.ok:
        problem = f"it does not build: {other.headline}"
        was = "ok" if one else ""
        return RungResult("built", Verdict.FAILS, was, "failed", (problem,), (), other.seconds)
    new = sorted(set(other.warnings) - set(one.warnings)) if one is not None else []
    verdict = Verdict.FAILS if new else Verdict.HOLDS
    problems = tuple(f"new warning: {line}" for line in new)
    return RungResult("built", verdict, "ok" if one else "", "ok", problems, (), other.seconds)
