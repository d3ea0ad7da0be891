"""The audit of the sources beside what a built library holds."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from isolate_ext.model.extension import Extension
from isolate_ext.project import DiscoveredExtension
from isolate_ext.report.audit import BinaryView, MissingView
from isolate_ext.verify.binary.inventory import Tree, inventory
from isolate_ext.verify.binary.records import Inventory, Static
from isolate_ext.verify.binary.unmodelled import unmodelled


def beside_binary(
    root: Path,
    found: DiscoveredExtension,
    extension: Extension,
    given: Path | None,
    shown: Callable[[str], str],
) -> BinaryView | None:
    """What a library has that the model lacks; None where there is no build of the extension.

    ``given`` counts for the extension that it is named after.  Without it, the newest library below
    ``root`` is taken that is newer than all sources.  Raises ProjectError for a damaged library.
    """
    if given is not None:
        library = given if _is_of(given, found) else None
    else:
        library = _built(root, found)
    if library is None:
        return None
    whole = inventory(library)
    if whole.reason:
        return BinaryView(str(library), whole.reason)
    there = _root_of(whole, found.files)
    if there is None:
        return BinaryView(str(library), "it was not built from these sources")
    own = inventory(library, Tree(there, found.files))
    variables = [each for each in own.variables if each.own]
    missing = tuple(
        MissingView(
            it.name,
            it.ctype,
            it.holds.value,
            shown(it.place.path),
            it.place.line,
            it.function or "",
        )
        for it in unmodelled(own, extension)
    )
    objects = sum(each.holds.object for each in variables)
    return BinaryView(str(library), "", len(variables), objects, missing)


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
