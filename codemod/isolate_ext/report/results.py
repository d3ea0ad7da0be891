"""What a run has to say, as data.  Filled by ``app``, read by every view.

Paths of files are '/'-separated and relative to the root of their project; lines and columns are
1-based, columns count characters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ISOLATED, GUARDED, STAGED, PARTLY, REFUSED, ALREADY, OPTED_OUT, UNCHANGED, FAILED = (
    "isolated", "guarded", "staged", "partly", "refused", "already isolated", "opted out",
    "unchanged", "failed",
)  # fmt: skip
"""Statuses of an extension: ``staged`` stopped where asked to, ``guarded`` is multi-phase alone,
``opted out`` stays as it is by the user's decision, or is loaded once, as it hooks itself into what
a process has once; ``failed`` is a fault of ours."""


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
    """One file before (None: it is new) and after (None: it is removed)."""

    path: str
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True)
class Compilation:
    """What the compiler said.  ``checked`` names the Pythons; ``why`` says what was not checked.

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

    ``groups`` are the dependent sets of edits that were made, by name, with the number of edits;
    ``types`` the names of the types that are no longer static; ``users`` what that changes.
    """

    name: str
    sources: tuple[str, ...] = ()
    status: str = UNCHANGED
    stage: str | None = None
    files: tuple[str, ...] = ()
    refusals: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    levels: Counter[str] = field(default_factory=Counter)
    edits: Counter[str] = field(default_factory=Counter)
    groups: dict[str, int] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    users: list[str] = field(default_factory=list)
    compilation: Compilation | None = None
    report: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """An extension or file that was not looked at."""

    name: str
    why: str


@dataclass(slots=True)
class ProjectResult:
    """One project: its extensions, the changes to its files, and what was left out.

    ``error`` is the one line that says why nothing was written where something should have been.
    ``seen`` counts files, ``parsed`` those that were modelled, ``partly`` those of them with
    regions that could not be parsed.
    """

    root: Path
    shown: str
    extensions: list[ExtensionResult] = field(default_factory=list)
    changes: list[FileChange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    seen: int = 0
    parsed: int = 0
    partly: int = 0
    floor: tuple[int, int] = (3, 9)
    floor_line: str | None = None
    written: bool = False
    commits: list[str] = field(default_factory=list)
    error: str | None = None


@dataclass(slots=True)
class MigrateResult:
    """All projects of a run.  ``base`` is the folder that shown paths are relative to.

    ``usage`` and ``environment`` say whose fault the ``errors`` are, each a line.
    """

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


def total(counters: Iterable[Mapping[str, int]]) -> Counter[str]:
    """The sum of some counters."""
    result: Counter[str] = Counter()
    for each in counters:
        result.update(each)
    return result


def reasons(extensions: Iterable[ExtensionResult]) -> Counter[str]:
    """How often each reason was given for a refusal."""
    return Counter(it.reason or "" for each in extensions for it in each.refusals)
