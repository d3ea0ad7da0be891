"""What a run has to say, as data.  Filled by ``app``, read by every view.

Paths of files are '/'-separated and relative to the root of their project; lines and columns are
1-based, columns count characters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to tell about a place: a refusal (with a reason) or a note (without one)."""

    rule: str
    path: str
    line: int
    column: int
    message: str
    reason: str | None = None
    help: str = ""
    symbol: str = ""
    chain: tuple[str, ...] = ()
    snippet: str = ""
    review: bool = False


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before (None: it is new) and after."""

    path: str
    before: bytes | None
    after: bytes


@dataclass(frozen=True, slots=True)
class Compilation:
    """What the compiler said.  ``checked`` names the Pythons; where it is empty, ``why`` says why.

    ``dead`` are edited lines, by path, that no checked configuration compiles.
    """

    checked: tuple[str, ...] = ()
    why: str | None = None
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    dead: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class ExtensionResult:
    """What became of one extension; ``stage`` is the last one reached, None for an unchanged one.

    ``groups`` are the dependent sets of edits that were made, by name, with the number of edits.
    """

    name: str
    sources: tuple[str, ...] = ()
    status: str = "unchanged"
    stage: str | None = None
    files: tuple[str, ...] = ()
    refusals: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    levels: Counter[str] = field(default_factory=Counter)
    edits: Counter[str] = field(default_factory=Counter)
    groups: dict[str, int] = field(default_factory=dict)
    types: int = 0
    compilation: Compilation | None = None
    report: str | None = None


ISOLATED, PARTLY, REFUSED, ALREADY, FAILED, UNCHANGED, STAGED = (
    "isolated",
    "partly",
    "refused",
    "already isolated",
    "failed",
    "unchanged",
    "staged",
)
"""Statuses of an extension. ``staged``: stopped where the user asked; ``failed``: a fault of ours."""


@dataclass(slots=True)
class ProjectResult:
    """One project: its extensions, the changes to its files, and what was left out, by reason."""

    root: Path
    shown: str
    extensions: list[ExtensionResult] = field(default_factory=list)
    changes: list[FileChange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    seen: int = 0
    parsed: int = 0
    partly: int = 0
    floor: tuple[int, int] = (3, 9)
    floor_line: str | None = None
    written: bool = False
    commits: list[str] = field(default_factory=list)


@dataclass(slots=True)
class MigrateResult:
    """All projects of a run.  ``base`` is the folder that shown paths are relative to."""

    base: Path
    dry_run: bool
    projects: list[ProjectResult] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    usage: bool = False
    environment: bool = False

    @property
    def extensions(self) -> list[ExtensionResult]:
        return [each for project in self.projects for each in project.extensions]

    @property
    def changed(self) -> bool:
        return any(project.changes for project in self.projects)
