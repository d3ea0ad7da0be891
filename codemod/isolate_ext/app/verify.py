"""Verify: build a project before and after its migration, and say what each rung shows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from isolate_ext.app.source_facts import source_facts
from isolate_ext.app.writing import journal_folder
from isolate_ext.project import (
    Interpreter,
    ProjectError,
    choose_interpreters,
    find_debug_build,
)
from isolate_ext.project.cache import cache_folder
from isolate_ext.project.discover import read_build_files
from isolate_ext.project.errors import ENVIRONMENT
from isolate_ext.report.ladder import Ladder
from isolate_ext.report.rungs import is_known
from isolate_ext.verify import trees
from isolate_ext.verify.building import Recipe
from isolate_ext.verify.builds import compilers
from isolate_ext.verify.climbing import climb
from isolate_ext.verify.inside_tests import OLDEST
from isolate_ext.verify.settings import Settings, Trees, without

NO_BASELINE = (
    "no migration of this project is on record and no --before was given: "
    "it is judged by itself, and nothing is compared"
)

NOT_BUILT = "{} did not change, and the project's build did not make it here"

COUNTING = ("cycles", "protocol")
"""The rungs that a debug build sees more of: it counts references."""


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """``before`` is a directory, sdist or git revision; None the journal's last migration."""

    path: Path
    before: str | None = None
    pythons: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    build_command: str = ""
    build_timeout: float = 1800.0
    requires: tuple[str, ...] = ()
    workload: Path | None = None
    tests: str = ""
    skip: tuple[str, ...] = ()
    rungs: tuple[str, ...] = ()
    cycles: int = 200
    timeout: float = 120.0
    jobs: int = 2
    tests_inside: tuple[str, ...] = ()


def verify(
    options: VerifyOptions,
    say: Callable[[str], None],
    look: Callable[[Trees], None] | None = None,
) -> Ladder:
    """The ladder of a project, told to ``say`` as it is climbed; ``look`` sees the trees first.

    Raises ProjectError for a path that is no project, an interpreter that is not there, a
    ``before`` that is nothing to compare with, and where there is no compiler.
    """
    root = _root(options.path)
    if options.workload is not None and not options.workload.is_file():
        raise ProjectError("no such workload file", str(options.workload))
    if unknown := [name for name in options.rungs if not is_known(name)]:
        raise ProjectError("no such rung; docs/verify.md lists them", unknown[0])
    compilers()
    interpreters = choose_interpreters(options.pythons, _requires_python(root))
    if options.tests_inside and all(it.version[:2] < OLDEST for it in interpreters):
        raise ProjectError("needs Python 3.13 or later", "--tests-inside")
    ladder = Ladder(str(options.path), chosen=bool(options.pythons))
    with tempfile.TemporaryDirectory(prefix="isolate-ext-verify-") as folder:
        scratch = Path(folder)
        ladder.before = trees.before(root, options.before, journal_folder(root), scratch / "before")
        if not ladder.before:
            ladder.notes.append(NO_BASELINE)
        one = scratch / "before" if ladder.before else None
        other = trees.copy(root, scratch / "after")
        pair = Trees(one, other, source_facts(one, other))
        if look is not None:
            look(pair)
        settings = _settings(options)
        for interpreter in interpreters:
            ladder.pythons.append(climb(pair, interpreter, settings, say))
        if settings.rungs is None:
            counting = replace(settings, rungs=COUNTING, tests="", tests_inside=())
            for interpreter in _debug_builds(interpreters):
                climbed = climb(pair, interpreter, counting, say)
                climbed.wanted = False
                ladder.pythons.append(climbed)
        if not options.modules:
            ladder.notes += [NOT_BUILT.format(name) for name in _not_built(pair, ladder)]
    return ladder


def _not_built(pair: Trees, ladder: Ladder) -> list[str]:
    """Modules of the build files of which nothing is told, where there are others."""
    told = {each.module for python in ladder.pythons for each in python.modules}
    return [name for name in without(pair.facts, told) if told]


def _debug_builds(chosen: Sequence[Interpreter]) -> Iterator[Interpreter]:
    """Those that count references for an interpreter that was chosen."""
    found = dict.fromkeys(map(find_debug_build, chosen))
    yield from (each for each in found if each is not None and each not in chosen)


def _settings(options: VerifyOptions) -> Settings:
    cache = cache_folder() / "verify"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = f"cannot be written ({error.strerror}); XDG_CACHE_HOME names another folder"
        raise ProjectError(why, str(cache), ENVIRONMENT) from error
    recipe = Recipe(options.build_command, options.requires, timeout=options.build_timeout)
    return Settings(
        cache,
        recipe,
        options.modules,
        options.workload,
        options.tests,
        options.skip,
        options.rungs or None,
        options.cycles,
        options.timeout,
        options.jobs,
        options.tests_inside,
    )


def _root(path: Path) -> Path:
    if not path.exists():
        raise ProjectError("no such file or directory", str(path))
    if not path.is_dir():
        raise ProjectError("not a project directory", str(path))
    return path.resolve()


def _requires_python(root: Path) -> str | None:
    """What its build files say."""
    found = read_build_files(root).requires_python
    return found[0] if found is not None else None
