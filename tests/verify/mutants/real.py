"""Real extensions of the corpus, migrated and built by its harness; the cache folder is its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from harness import manifest
from harness.manifest import Manifest, Package, StdlibModule
from harness.sides import Options, PackageSide, Project, StdlibSide

from isolate_ext.app.modelling import Library
from isolate_ext.app.targets import find_targets
from isolate_ext.project import DiscoveredExtension, discover
from isolate_ext.verify import pythons
from isolate_ext.verify.builds import Build
from isolate_ext.verify.process import VerifyError
from mutants.compiling import Commands, Unit
from mutants.subjects import Subject, commands, pair, workload

CHOSEN = (
    *("_csv", "_queue", "_random", "_lsprof", "_struct", "select", "zlib", "_sha256", "_md5"),
    *("_sqlite3", "MarkupSafe", "hiredis", "immutables", "pyahocorasick", "sysv_ipc", "lz4"),
)
"""What is mutated where nothing else is asked for."""

SOURCE = ".c"
COMMAND = f"{sys.executable} -c 'from isolate_ext.cli.main import run; run()'"
MIGRATE = f"{COMMAND} migrate {{paths}} --allow-dirty --output-format json"


def options(cache: Path, shim: Path | None, source: Path | None) -> Options:
    """What the harness is told."""
    return Options(cache, cache, MIGRATE, shim, source, (), False, 0)


def subjects(name: str, version: str, given: Options, folder: Path) -> list[Subject]:
    """The extensions of one entry of the manifest.

    Raises VerifyError where they cannot be fetched, migrated or built.
    """
    corpus = manifest.load()
    by_name = {each.name.lower(): each for each in (*corpus.modules, *corpus.packages)}
    entry = by_name.get(name.lower())
    if entry is None:
        raise VerifyError(f"{name} is not in the manifest")
    project = Project(entry, corpus, given)
    project.folder = folder
    python = pythons.find(version)
    if python is None:
        raise VerifyError(f"no Python {version} with headers here")
    if isinstance(entry, StdlibModule):
        return [_stdlib(StdlibSide(project), entry, corpus, python, version, folder)]
    return _package(PackageSide(project), entry, python, version)


def _stdlib(
    side: StdlibSide, module: StdlibModule, corpus: Manifest, python: Path, version: str,
    folder: Path,
) -> Subject:  # fmt: skip
    absent = side.offered(version)
    if absent:
        raise VerifyError(f"{module.name}: {absent}")
    stdlib = side.stdlib
    _, after = side.trees()
    before = stdlib.working_copy(folder / "before")
    if side.migrate(after).status != 0:
        raise VerifyError(f"{module.name}: not migrated in full")
    built = {}
    for tree in (before, after):
        files = [tree / source for source in module.sources]
        targets, errors = find_targets(files, ())
        if errors:
            raise VerifyError(f"{module.name}: {errors[0]}")
        discovery = targets[0].discovery
        flags = [stdlib.fill(flag, tree, python) for flag in stdlib.flags(module, version)]
        names = [file.resolve().relative_to(discovery.root).as_posix() for file in files]
        made = commands(
            "gcc", names, ["-O1", "-fPIC", "-fwrapv", "-DNDEBUG", *flags], module.libraries,
            module.name,
        )  # fmt: skip
        built[tree] = (discovery.root / f"{module.name}.so", made, discovery)
        made.build(discovery.root, built[tree][0])
    library, made, discovery = built[after]
    found = discovery.extensions[0]
    earlier = built[before][2]
    original = Library(earlier.root).model(earlier.extensions[0])
    extension = Library(discovery.root).model(found)
    companions = stdlib.build(module, stdlib.tree, python, version).companions
    return Subject(
        module.name, found, original, extension, discovery.root, made, built[before][0], library,
        python, pair(version), tuple(extension.files), workload(module.name), (), companions,
    )  # fmt: skip


def _package(side: PackageSide, entry: Package, python: Path, version: str) -> list[Subject]:
    before, after = side.trees()
    if side.migrate(after).status != 0:
        raise VerifyError(f"{entry.name}: not migrated in full")
    one, other = (side.build(tree, python, version) for tree in (before, after))
    for build in (one, other):
        if not build.ok:
            raise VerifyError(f"{entry.name}: {build.failure.splitlines()[-1]}")
    paths = {each.module: Path(each.path) for each in one.libraries}
    found = []
    for library in other.libraries:
        tree, named = Path(other.source), _found(Path(other.source), library.module)
        made = _recorded(other, Path(library.path).name)
        if named is None or made is None or library.module not in paths:
            continue
        earlier = _found(Path(one.source), library.module)
        extension = Library(tree).model(named)
        found.append(
            Subject(
                library.module,
                named,
                Library(Path(one.source)).model(earlier) if earlier is not None else None,
                extension,
                tree,
                made,
                paths[library.module],
                Path(library.path),
                Path(other.python),
                pair(version),
                tuple(extension.files),
                workload(library.module),
                other.sys_path,
                other.companions,
            )
        )
    return found


def _found(tree: Path, module: str) -> DiscoveredExtension | None:
    for found in discover(tree).extensions:
        if found.name == module or found.short_name == module.rpartition(".")[2]:
            return found
    return None


def _recorded(build: Build, library: str) -> Commands | None:
    """The calls of the compiler that made one library of a build."""
    tree = Path(build.source)
    log = tree.parent / "cc.log"
    calls = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    done = [each["args"] for each in calls if each["status"] == 0 and Path(each["cwd"]) == tree]
    links = [args for args in done if PurePosixPath(_value(args, "-o")).name == library]
    if not links:
        return None
    objects = {arg for arg in links[-1] if arg.endswith(".o")}
    units = {
        _value(args, "-o"): Unit(
            next(arg for arg in args if arg.endswith(SOURCE)),
            _without(args, "-c", "-o"),
            _value(args, "-o"),
        )
        for args in done
        if "-c" in args and _value(args, "-o") in objects
    }
    if set(units) != objects:
        return None
    return Commands("gcc", tuple(units.values()), _without(links[-1], "-o"))


def _value(args: Sequence[str], option: str) -> str:
    return args[args.index(option) + 1] if option in args[:-1] else ""


def _without(args: Sequence[str], *options: str) -> tuple[str, ...]:
    """Arguments without options, their values and sources."""
    kept = []
    skipped = False
    for arg in args:
        if skipped:
            skipped = False
        elif arg == "-o" and "-o" in options:
            skipped = True
        elif arg not in options and not arg.endswith(SOURCE):
            kept.append(arg)
    return tuple(kept)
