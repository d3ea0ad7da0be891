"""From files on disk to the model of an extension; each file is read and scanned once."""

from __future__ import annotations

import gc
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from isolate_ext.model.build import build
from isolate_ext.model.extension import Extension
from isolate_ext.project import DiscoveredExtension, SourceFile, read_sources
from isolate_ext.syntax import (
    MacroEnvironment,
    Parsed,
    Scan,
    Source,
    decided_by,
    parse,
    resolve_include,
    scan,
)

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]+)[">]', re.MULTILINE)


@dataclass(slots=True)
class Library:
    """The files of one project as they were read; edits are made against these bytes."""

    root: Path
    read: dict[str, SourceFile] = field(default_factory=dict)
    scans: dict[str, Scan] = field(default_factory=dict)

    def source(self, path: str) -> SourceFile:
        """Raises ProjectError for a file that cannot be read as a source."""
        if path not in self.read:
            self.read.update(read_sources(self.root, [path], generated=True))
        return self.read[path]

    def scan(self, path: str) -> Scan:
        if path not in self.scans:
            self.scans[path] = scan(Source(path, self.source(path).data))
        return self.scans[path]

    def forget(self, paths: Iterable[str]) -> None:
        """Let go of scans that are not needed any more; what was read stays."""
        for path in paths:
            self.scans.pop(path, None)

    def model(self, found: DiscoveredExtension) -> Extension:
        """Raises ProjectError where a file of the extension cannot be read."""
        return model_of(found, self._scans_of(found), {})

    def _scans_of(self, found: DiscoveredExtension) -> dict[str, Scan]:
        """The files that touch Python, and the headers that no other source shares with them."""
        foreign = self._shared_with_others(found)
        owned = {path: None for path in found.files if path not in foreign}
        scans: dict[str, Scan] = {}
        pending = list(reversed(modelled(found)))
        while pending:
            path = pending.pop()
            if path in scans:
                continue
            scans[path] = self.scan(path)
            for include in scans[path].includes:
                target = resolve_include(path, include.name, owned)
                if target is not None and target not in scans:
                    pending.append(target)
        return {path: scans[path] for path in found.files if path in scans}

    def _shared_with_others(self, found: DiscoveredExtension) -> set[str]:
        """Headers that sources without Python read: their code is not seen, so they stay."""
        touching = set(modelled(found))
        reached: set[str] = set()
        pending = [path for path in found.sources if path not in touching]
        while pending:
            path = pending.pop()
            if path in reached or path in touching:
                continue
            reached.add(path)
            for match in _INCLUDE.finditer(self.source(path).data):
                name = match[1].decode("latin-1")
                target = resolve_include(path, name, found.files)
                if target is not None:
                    pending.append(target)
        return reached


def modelled(found: DiscoveredExtension) -> tuple[str, ...]:
    """The files that touch Python, and the sources that lie beside them.

    Sources elsewhere belong to libraries: they cannot hold anything to migrate.
    """
    touching = set(found.python_sources or found.files)
    folders = {posixpath.dirname(path) for path in found.sources if path in touching}
    return tuple(
        path
        for path in found.files
        if path in touching or (path in found.sources and posixpath.dirname(path) in folders)
    )


def model_of(
    found: DiscoveredExtension, scans: Mapping[str, Scan], earlier: Mapping[str, Parsed]
) -> Extension:
    """The model of an extension; what ``earlier`` parsed alike is not again."""
    files = parse_all(scans, earlier)
    sources = [path for path in found.sources if path in files]
    extension = build(found.short_name, sources, files)
    extension.macros = frozenset(name for name, *_ in (*found.macros, *found.maybe_macros))
    return extension


def model_with(
    found: DiscoveredExtension, texts: Mapping[str, bytes], before: Extension
) -> Extension:
    """The model of an extension with other texts than ``before``."""
    known = {
        path: parsed
        for path, parsed in before.files.items()
        if texts.get(path) == parsed.source.data and not parsed.forgotten
    }
    scans = {
        path: known[path].scan if path in known else scan(Source(path, data))
        for path, data in texts.items()
    }
    return model_of(found, scans, before.files)


def parse_all(
    scans: Mapping[str, Scan], earlier: Mapping[str, Parsed], beside: Sequence[Scan] = ()
) -> dict[str, Parsed]:
    """Files by path.  A scan that an earlier model decided otherwise is made anew.

    Of the files ``beside`` them only the macros count.
    """
    decided = decided_by([*scans.values(), *beside])[: len(scans)]
    own = {}
    for (path, each), known in zip(scans.items(), decided, strict=True):
        own[path] = each if each.decided in (None, known) else scan(each.source)
        own[path].decide(known)
    environment = MacroEnvironment.of_decided([*own.values(), *beside])
    return {path: _parse(each, environment, earlier.get(path)) for path, each in own.items()}


def _parse(each: Scan, environment: MacroEnvironment, earlier: Parsed | None) -> Parsed:
    if earlier is not None and earlier.scan is each:
        if environment.shows_alike(each, earlier.macros):
            return earlier
    return parse(each, environment, earlier)


@contextmanager
def remodelled(
    library: Library, found: DiscoveredExtension
) -> Iterator[tuple[Extension, Callable[[Mapping[str, bytes]], Extension]]]:
    """The model of an extension, and what models it anew with other texts; all go in the end."""
    models = [library.model(found)]

    def reparse(texts: Mapping[str, bytes]) -> Extension:
        models.append(model_with(found, texts, models[-1]))
        return models[-1]

    try:
        yield models[0], reparse
    finally:
        for each in models:
            each.forget()


def one_by_one(
    library: Library, extensions: Iterable[DiscoveredExtension]
) -> Iterator[DiscoveredExtension]:
    """Extensions in turn; scans that none of the later ones needs are let go of."""
    found = list(extensions)
    waiting = Counter(path for each in found for path in modelled(each))
    for each in found:
        with uncollected():
            yield each
            waiting.subtract(modelled(each))
            library.forget(path for path in modelled(each) if not waiting[path])


@contextmanager
def uncollected() -> Iterator[None]:
    """Trees are millions of objects that go when they are forgotten: no garbage to look for."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
