"""The audit of the sources beside what a built library holds."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from isolate_ext.model.extension import Extension
from isolate_ext.project import DiscoveredExtension
from isolate_ext.report.audit import BinaryView, GlobalView, MissingView
from isolate_ext.verify.binary.inventory import Tree, inventory
from isolate_ext.verify.binary.records import Inventory, Static
from isolate_ext.verify.binary.unmodelled import unmodelled


def library_of(root: Path, found: DiscoveredExtension, given: Path | None) -> Path | None:
    """The library to compare with, if there is one.

    ``given`` counts for the extension that it is named after; else the newest build below ``root``
    does, if it is newer than all sources.
    """
    if given is not None:
        return given if _is_of(given, found) else None
    return _built(root, found)


def beside_binary(
    library: Path,
    found: DiscoveredExtension,
    extension: Extension,
    known: Iterable[GlobalView],
    shown: Callable[[str], str],
) -> BinaryView:
    """What a library has that neither the model nor the audit (``known``) has.

    Raises ProjectError for a damaged library.
    """
    whole = inventory(library)
    if whole.reason:
        return BinaryView(str(library), whole.reason)
    there = _root_of(whole, found.files)
    if there is None:
        return BinaryView(str(library), "it was not built from these sources")
    own = inventory(library, Tree(there, found.files))
    variables = [each for each in own.variables if each.own]
    objects = sum(each.holds.object for each in variables)
    names = {(each.path, each.function, each.name) for each in known}
    missing = [_missing(each, shown) for each in unmodelled(own, extension)]
    missing = [each for each in missing if (each.path, each.function, each.name) not in names]
    return BinaryView(str(library), "", len(variables), objects, tuple(missing))


def _missing(it: Static, shown: Callable[[str], str]) -> MissingView:
    path, line = shown(it.place.path), it.place.line
    return MissingView(it.name, it.ctype, it.holds.value, path, line, it.function or "")


def _is_of(library: Path, found: DiscoveredExtension) -> bool:
    return library.name.partition(".")[0] == found.short_name


def _built(root: Path, found: DiscoveredExtension) -> Path | None:
    """The newest build below the root, if no source was changed since."""
    sources = [root / each for each in found.files]
    changed = max((each.stat().st_mtime for each in sources if each.is_file()), default=0.0)
    builds = [each for each in _libraries(root) if _is_of(each, found)]
    newest = max(builds, key=lambda each: each.stat().st_mtime, default=None)
    return newest if newest is not None and newest.stat().st_mtime >= changed else None


def _libraries(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [each for each in folders if not each.startswith(".")]
        yield from (Path(folder) / name for name in files if name.endswith(".so"))


def _root_of(found: Inventory, files: Collection[str]) -> Path | None:
    """Where the sources were when the library was built."""
    roots = Counter(
        each.place.path.removesuffix(path)
        for each in found.variables
        for path in files
        if each.place.path.endswith(f"/{path}")
    )
    return Path(roots.most_common(1)[0][0]) if roots else None
