"""What discovery says about a project: extensions, where each was read, what stayed undecided."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

Macro = tuple[str, str | None]
Language = Literal["c", "c++"]

C_SUFFIXES = frozenset({".c"})
CPP_SUFFIXES = frozenset({".cpp", ".cc", ".cxx", ".c++", ".C"})


class Origin(msgspec.Struct, frozen=True):
    """Where something was read: a path relative to the root, a 1-based line, the construct."""

    path: str
    line: int
    how: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.how}"


class Draft(msgspec.Struct, frozen=True):
    """An extension as a build file spells it, before its files are looked at.

    `maybe_macros` and `maybe_flags` are there only under a condition that could not be decided;
    `unvalued` are macros that are defined, to an undecided text; `packages` are pkg-config names;
    `built` is False for one that is made but not passed to setup().
    """

    name: str
    origin: Origin
    sources: tuple[str, ...] = ()
    include_dirs: tuple[str, ...] = ()
    macros: tuple[Macro, ...] = ()
    undef: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    maybe_macros: tuple[Macro, ...] = ()
    maybe_flags: tuple[str, ...] = ()
    unvalued: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    language: str | None = None
    built: bool = True
    undecided: tuple[str, ...] = ()


class DiscoveredExtension(msgspec.Struct, frozen=True):
    """One extension module. Paths are '/'-separated and relative to the root, which they never
    leave.

    `include_dirs` outside the root are absolute. `headers` are the owned files that the sources
    reach by #include, included .c files among them. `python_sources` are those sources and headers
    that belong to the Python side: they reach Python.h, or are included by one that does and use
    its names. `init_files` define the init function. `generated` are owned files that another
    program writes (Argument Clinic output, say). `maybe_macros`, `maybe_flags`, `unvalued`,
    `packages` and `built` are those of `Draft`; `undecided` says one thing a phrase.
    """

    name: str
    sources: tuple[str, ...]
    headers: tuple[str, ...]
    include_dirs: tuple[str, ...]
    macros: tuple[Macro, ...]
    undef: tuple[str, ...]
    flags: tuple[str, ...]
    language: Language
    depends: tuple[str, ...]
    origin: Origin
    undecided: tuple[str, ...] = ()
    python_sources: tuple[str, ...] = ()
    init_files: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()
    maybe_macros: tuple[Macro, ...] = ()
    maybe_flags: tuple[str, ...] = ()
    unvalued: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    built: bool = True

    @property
    def short_name(self) -> str:
        """The last component, as in PyInit_<short_name>."""
        return self.name.rpartition(".")[2]

    @property
    def files(self) -> tuple[str, ...]:
        """Every owned file, sources first."""
        return (*self.sources, *(h for h in self.headers if h not in self.sources))


class Floor(msgspec.Struct, frozen=True):
    """The oldest Python a project says it supports, `None` when it says nothing; and where it says
    so."""

    version: tuple[int, int] | None
    specifier: str | None = None
    origin: Origin | None = None


class Discovery(msgspec.Struct, frozen=True):
    """All extensions of one project. `notes` are whole lines for the user, in the order found."""

    root: Path
    extensions: tuple[DiscoveredExtension, ...]
    notes: tuple[str, ...] = ()
    requires_python: str | None = None
    requires_python_origin: Origin | None = None


class Findings(msgspec.Struct):
    """What one reader of build files collects."""

    drafts: list[Draft] = msgspec.field(default_factory=list)
    notes: list[str] = msgspec.field(default_factory=list)
    requires_python: tuple[str, Origin] | None = None

    def extend(self, other: Findings) -> None:
        self.drafts += other.drafts
        self.notes += other.notes
        self.requires_python = self.requires_python or other.requires_python


def note_on(draft: Draft, note: str) -> Draft:
    """The draft with one more undecided phrase."""
    return draft if note in draft.undecided else replace(draft, undecided=(*draft.undecided, note))
