"""The command line: every control, and one line for what is not as it is known."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness import manifest
from harness.sides import Options, PackageSide, Project

from controls.known import FAULTS, MODULES, unknown
from isolate_ext.verify import pythons
from isolate_ext.verify.builds import Build, Library
from isolate_ext.verify.drive import probe
from isolate_ext.verify.process import VerifyError

ROOT = Path(__file__).resolve().parents[3]


def main(arguments: Sequence[str]) -> int:
    """Climb with the controls; 0 where all is as known, 4 where not, 5 where one is missing."""
    given = _parser().parse_args(arguments)
    python = pythons.find(given.python)
    if python is None:
        print(f"no Python {given.python} with headers here")
        return 5
    wrong = 0
    for module in given.only or MODULES:
        if module in MODULES:
            wrong += _told(module, own_module(module, python, given.cycles))
    try:
        with tempfile.TemporaryDirectory(prefix="controls-") as scratch:
            for package in dict.fromkeys(each.package for each in FAULTS):
                if package in (given.only or [each.package for each in FAULTS]):
                    found = published(package, python, given, Path(scratch) / package)
                    wrong += _told(package, found)
    except VerifyError as error:
        print(error.message)
        return 5
    return 4 if wrong else 0


def own_module(
    module: str, python: Path, cycles: int, rungs: Sequence[str] | None = None
) -> list[str]:
    """What one of the interpreter's own modules fails and is not known for."""
    found = probe(None, python, module=module, cycles=cycles, rungs=rungs)
    return [
        f"{name}: {line}"
        for name, rung in found["rungs"].items()
        if rung["status"] != "ok"
        for line in unknown(module, name, rung["problems"] or [rung["status"]])
    ]


def published(package: str, python: Path, given: argparse.Namespace, folder: Path) -> list[str]:
    """Faults of a published build that the ladder does not tell; raises VerifyError."""
    corpus = manifest.load()
    entry = next(each for each in corpus.packages if each.name == package)
    cache = given.cache.resolve()
    project = Project(entry, corpus, Options(cache, cache, "none", None, None, (), False, 0))
    project.folder = folder
    side = PackageSide(project)
    before, _ = side.trees()
    build = side.build(before, python, given.python)
    if not build.ok:
        raise VerifyError(f"{package}: {build.failure.splitlines()[-1]}")
    rungs = tuple(dict.fromkeys(each.rung for each in FAULTS if each.package == package))
    lines = [
        line
        for library in build.libraries
        for line in _problems(build, library, rungs, given.cycles)
    ]
    return [
        f"{each.rung} does not say: {each.words}"
        for each in FAULTS
        if each.package == package
        and not any(line.startswith(each.rung) and each.words in line for line in lines)
    ]


def _problems(build: Build, library: Library, rungs: Sequence[str], cycles: int) -> Iterator[str]:
    found: dict[str, Any] = probe(
        library.path if library.by_path else None,
        build.python,
        module=library.module,
        sys_path=build.sys_path,
        prefixes=build.prefixes,
        rungs=rungs,
        cycles=cycles,
    )
    for name, rung in found["rungs"].items():
        yield from (f"{name}: {line}" for line in rung["problems"])


def _told(name: str, lines: Sequence[str]) -> int:
    print(f"{name}: {'as known' if not lines else ''}", flush=True)
    for line in lines:
        print(f"  {line}", flush=True)
    return len(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="controls", description=__doc__)
    add = parser.add_argument
    add("--only", action="append", metavar="NAME", help="this control (repeatable)")
    add("--python", default="3.13", metavar="X.Y", help="the interpreter (%(default)s)")
    add("--cycles", type=int, default=200, help="import/destroy cycles (%(default)s)")
    add(
        "--cache",
        type=Path,
        default=ROOT / ".cache" / "corpus",
        metavar="DIR",
        help="sdists, environments and builds, as for the corpus (%(default)s)",
    )
    return parser
