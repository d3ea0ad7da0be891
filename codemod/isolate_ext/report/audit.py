"""What an audit has to say, as data.

Paths are relative to the root of their project; lines and columns are 1-based, columns count
characters; ``start..end`` are byte offsets into the file as it is on disk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from isolate_ext.report.results import FAILED, FileChange, Skipped

LEVELS = ("process", "runtime", "interpreter", "thread", "context", "module")
"""From the widest to the narrowest."""


@dataclass(frozen=True, slots=True)
class UseView:
    """All that one function does with a variable.  ``function`` is empty in an initialiser.

    ``reaches`` is how it gets at the module state, empty where it need not; ``lacks`` says why it
    cannot, with ``help`` as what would have to be decided.
    """

    function: str
    path: str
    line: int
    does: tuple[str, ...]
    passes_to: tuple[str, ...]
    init_only: bool
    reaches: str = ""
    lacks: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What keeps an extension or a variable from where it belongs, and what would lift it."""

    rule: str
    reason: str
    message: str
    help: str
    path: str
    line: int
    column: int
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class GlobalView:
    """One variable with static storage.

    ``rule`` is C1 to C19 of the handbook, ``purpose`` what it is for, ``becomes`` what a migration
    makes of it, ``written`` never, by init alone, or at run time; ``escapes_to`` and ``passed_to``
    name the functions that get its address, and those of C libraries that get it at all.
    """

    symbol: str
    name: str
    function: str
    ctype: str
    holds: str
    path: str
    line: int
    column: int
    start: int
    end: int
    rule: str
    purpose: str
    level: str
    constant: bool
    becomes: str
    confidence: str
    why: str
    written: str
    shared: bool
    escapes_to: tuple[str, ...] = ()
    passed_to: tuple[str, ...] = ()
    uses: tuple[UseView, ...] = ()
    decisions: tuple[DecisionView, ...] = ()
    made_by_macro: bool = False


@dataclass(frozen=True, slots=True)
class GateView:
    """A package or module that imports an extension; ``sure`` where it cannot do without it."""

    module: str
    path: str
    line: int
    sure: bool


@dataclass(frozen=True, slots=True)
class MissingView:
    """A variable of a built library that the sources did not show."""

    name: str
    ctype: str
    holds: str
    path: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class BinaryView:
    """A built library beside the audit; ``reason`` says why it was not read.

    ``counted`` are its own variables, ``objects`` those of them that hold objects or types.
    """

    library: str
    reason: str = ""
    counted: int = 0
    objects: int = 0
    missing: tuple[MissingView, ...] = ()


@dataclass(slots=True)
class AuditedExtension:
    """One extension.  ``fenced`` counts the regions of its files that could not be parsed.

    ``decided`` is what the user says of it where it opts out.
    """

    name: str
    sources: tuple[str, ...] = ()
    standing: str = FAILED
    decisions: tuple[DecisionView, ...] = ()
    resources: tuple[DecisionView, ...] = ()
    gates: tuple[GateView, ...] = ()
    globals: tuple[GlobalView, ...] = ()
    fenced: int = 0
    binary: BinaryView | None = None
    report: str | None = None
    decided: str = ""

    @property
    def levels(self) -> Counter[str]:
        return Counter(each.level for each in self.globals)

    @property
    def moving(self) -> Counter[str]:
        """Variables that are not constant, by level."""
        return Counter(each.level for each in self.globals if not each.constant)

    @property
    def guesses(self) -> list[GlobalView]:
        """Variables whose level a person should look at."""
        return [each for each in self.globals if each.confidence == "guess"]


@dataclass(slots=True)
class AuditedProject:
    """One project; ``shown`` is how the user named it.

    ``proposal`` is what its configuration could say too, by the path that the user sees.
    """

    shown: str
    extensions: list[AuditedExtension] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    proposal: FileChange | None = None


@dataclass(slots=True)
class AuditResult:
    """All projects; ``errors`` are lines, ``usage`` and ``environment`` whose fault they are."""

    projects: list[AuditedProject] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    usage: bool = False
    environment: bool = False

    @property
    def extensions(self) -> list[AuditedExtension]:
        return [each for project in self.projects for each in project.extensions]


def readiness(each: AuditedExtension) -> str:
    """One line: where an extension stands, and what stands in the way."""
    count = len(each.decisions)
    if each.standing == "needs decisions":
        return f"needs {_decisions(count)}: {_some(it.message for it in each.decisions)}"
    if each.standing == "must opt out":
        because = _some(it.message for it in each.resources)
        rest = f"; besides, it needs {_decisions(count)}" if count else ""
        return f"must opt out because {because}{rest}"
    if each.decided:
        return f"opts out of several interpreters: {each.decided}"
    if each.standing == "opts out":
        return "opts out of several interpreters by its slots"
    if each.standing == FAILED:
        return each.standing
    parts = [each.standing]
    shared = [it.name for it in each.globals if it.shared and it.confidence == "decided"]
    if shared:
        parts.append(f"interpreters share {_some(shared, ', ')} by decision")
    guesses = len(each.guesses)
    if guesses:
        parts.append(f"{guesses} level{'s' * (guesses != 1)} to look at")
    return "; ".join(parts)


def _decisions(count: int) -> str:
    return f"{count} decision{'s' * (count != 1)}"


def _some(messages: Iterable[str], between: str = "; ") -> str:
    found = list(dict.fromkeys(messages))
    more = f"{between}and {len(found) - 3} more" if len(found) > 3 else ""
    return between.join(found[:3]) + more
