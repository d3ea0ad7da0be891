"""Extensions and files that are left alone, and why."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

from isolate_ext.app.describe import CLINIC, reason_id
from isolate_ext.app.modelling import Library
from isolate_ext.app.planning import Planned
from isolate_ext.placement.refusals import Reason
from isolate_ext.project import DiscoveredExtension
from isolate_ext.project.includes import generator_of
from isolate_ext.report.results import Skipped

CPP = "C++"
VENDORED = frozenset(
    {"vendor", "vendored", "_vendor", "third_party", "third-party", "thirdparty", "3rdparty"}
)
_SKIPPED = re.compile(r"^(?:\S+:\d+: [^:]*: )?(?P<name>.+?) skipped: (?P<why>.+)$")


def why_skipped(found: DiscoveredExtension) -> str | None:
    """Why an extension is not looked at; None for one to migrate."""
    return CPP if found.language == "c++" else None


def split_notes(notes: Iterable[str]) -> tuple[list[str], list[Skipped]]:
    """The notes of discovery: those that tell of a skipped extension, apart."""
    kept: list[str] = []
    skipped: list[Skipped] = []
    for note in notes:
        match = _SKIPPED.match(note)
        if match:
            skipped.append(Skipped(match["name"], match["why"]))
        else:
            kept.append(note)
    return kept, skipped


def protect(each: Planned, library: Library, named: Collection[str]) -> None:
    """Refuse an extension whose migration edits a file that is not to be edited, unless named."""
    for path in each.texts():
        if path in named or path not in library.read:
            continue
        if _is_link(library.root, path):
            each.refuse(
                "symlink",
                path,
                "would be edited, and is a symbolic link",
                "name the file that it leads to",
            )
        elif VENDORED & set(PurePosixPath(path).parts[:-1]):
            each.refuse(
                "vendored",
                path,
                "would be edited, and is another project's",
                "name the file on the command line",
            )
        elif generator_of(library.read[path].data) not in (None, CLINIC):
            each.refuse(
                reason_id(Reason.GENERATED),
                path,
                "would be edited, and is generated",
                Reason.GENERATED.value,
            )


def _is_link(root: Path, path: str) -> bool:
    full = root / path
    parents = [parent for parent in full.parents if parent != root and root in parent.parents]
    return any(each.is_symlink() for each in (full, *parents))
