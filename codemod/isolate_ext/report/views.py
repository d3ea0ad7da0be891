"""What the commands that only look have to say, as data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ExtensionView:
    """One extension as it was found.  ``python_sources`` are the files that touch Python."""

    name: str
    origin: str
    language: str
    sources: tuple[str, ...]
    python_sources: tuple[str, ...]
    headers: tuple[str, ...]
    include_dirs: tuple[str, ...]
    macros: tuple[str, ...]
    flags: tuple[str, ...]
    depends: tuple[str, ...]
    init_files: tuple[str, ...]
    undecided: tuple[str, ...]
    built: bool


@dataclass(frozen=True, slots=True)
class ProjectView:
    """One project with its extensions; ``notes`` are whole lines."""

    path: str
    floor: str
    extensions: tuple[ExtensionView, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class DiscoverResult:
    projects: list[ProjectView] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Region:
    """Lines of a file that could not be parsed, 1-based and inclusive, and why."""

    line: int
    last: int
    cause: str


@dataclass(frozen=True, slots=True)
class FileView:
    """One parsed file.  ``code`` are lines that hold a token; ``fenced`` those of them in a fence.

    ``errors`` are places outside fences that the parser did not understand either.
    """

    path: str
    lines: int
    code: int
    fenced: int
    fences: tuple[Region, ...]
    errors: tuple[Region, ...]


@dataclass(slots=True)
class ParseResult:
    """``skipped`` are files with the reason why they were not parsed."""

    files: list[FileView] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def causes(self) -> Counter[str]:
        return Counter(it.cause for each in self.files for it in (*each.fences, *each.errors))


@dataclass(frozen=True, slots=True)
class ExampleView:
    """Before, and what stands in it afterwards; or ``reason``, for a refusal."""

    before: str
    after: tuple[str, ...] = ()
    reason: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class RuleView:
    id: str
    title: str
    doc: str
    patterns: tuple[int, ...]
    stage: str
    safety: str
    minimum: str
    examples: tuple[ExampleView, ...]


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One project of a batch.  ``result`` is the worst status of its extensions, or an error.

    ``extensions`` counts them by status, ``reasons`` the refusals by reason.
    """

    project: str
    result: str
    seconds: float
    detail: str = ""
    extensions: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    files: int = 0
    report: str | None = None


@dataclass(slots=True)
class BatchResult:
    dry_run: bool
    rows: list[BatchRow] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
