"""What a rule is, and the only door between a rule and the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum

import msgspec

from isolate_ext.engine.plan import Note, Plan
from isolate_ext.engine.stages import Stage
from isolate_ext.model.entities import Definition
from isolate_ext.model.extension import Extension
from isolate_ext.placement.choices import NONE, Choices
from isolate_ext.placement.decisions import Decisions, RouteKind
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.syntax import Node, Parsed
from isolate_ext.text import Style, style_of
from isolate_ext.text.replacement import Part, Replacement


class Safety(Enum):
    """SAFE keeps behaviour and comments; REVIEW compiles, and asks for a human eye."""

    SAFE = "safe"
    REVIEW = "review"


class Rewrite(msgspec.Struct, frozen=True):
    """An executed example: a C file (or an archive of several) and fragments of what becomes of it.

    Nothing of ``gone`` may be left.
    """

    before: str
    after: tuple[str, ...]
    gone: tuple[str, ...] = ()
    guarded: bool = False


class Refused(msgspec.Struct, frozen=True):
    """An executed example of a refusal."""

    before: str
    reason: Reason


class Violation(msgspec.Struct, frozen=True):
    """A post-condition that the output breaks: a fault of ours.

    ``symbol`` is the type or variable that is to stay where it was, if one is to blame.
    """

    rule: str
    path: str
    start: int
    message: str
    symbol: str = ""


class Output(msgspec.Struct, frozen=True, eq=False):
    """The isolated text as a fresh model, and the decisions that it was made from."""

    extension: Extension
    before: Decisions


class Settings(msgspec.Struct, frozen=True):
    """What the user chose: the floor as (major, minor), and how the module is initialised.

    ``choices`` are the user's decisions about variables and types.
    """

    floor: tuple[int, int] = (3, 9)
    guarded: bool = False
    choices: Choices = NONE


class Pass(msgspec.Struct, frozen=True, eq=False):
    """One run of one rule: the model and decisions to read, the plan to add to."""

    rule: str
    extension: Extension
    decisions: Decisions
    plan: Plan
    settings: Settings

    def parsed(self, path: str) -> Parsed:
        return self.extension.files[path]

    def style(self, path: str) -> Style:
        return style_of(self.parsed(path).source.data)

    def replace(
        self,
        path: str,
        start: int,
        end: int,
        parts: bytes | str | Sequence[Part],
        group: str,
        since: Stage,
        until: Stage = Stage.ISOLATED,
        order: int = 0,
    ) -> None:
        """Schedule a replacement; text given as str is put into the file's own style."""
        if isinstance(parts, str):
            parts = self.style(path).adapt(parts.encode())
        self.plan.replace(self.rule, path, start, end, parts, group, since, until, order)

    def state_edit(
        self,
        path: str,
        start: int,
        end: int,
        inside: Definition | None,
        group: str,
        make: Callable[[str], Sequence[Part] | str],
        since: Stage = Stage.STATE,
    ) -> None:
        """A replacement whose text names the state: the static one before stage access."""
        static = self.state_name(inside, Stage.STATE)
        name = self.state_name(inside, Stage.ACCESS)
        if name == static:
            self.replace(path, start, end, make(static), group, since)
            return
        if since < Stage.ACCESS:
            self.replace(path, start, end, make(static), group, since, Stage.HEAP_TYPES)
        self.replace(path, start, end, make(name), group, max(since, Stage.ACCESS))

    def state_name(self, inside: Definition | None, stage: Stage) -> str:
        """How a function names the state at a stage: the static one before stage access."""
        route = self.decisions.routes.get(inside) if inside is not None else None
        if stage < Stage.ACCESS or route is None or route.kind is RouteKind.GLOBAL:
            return f"{self.decisions.names.global_accessor}()"
        return self.decisions.names.variable

    def refuse(
        self,
        reason: Reason,
        path: str,
        start: int,
        end: int,
        message: str,
        symbol: str = "",
        chain: tuple[str, ...] = (),
    ) -> None:
        self.plan.refusals.append(
            Refusal(self.rule, reason, path, start, end, message, symbol, chain)
        )

    def refuse_node(
        self, reason: Reason, path: str, node: Node, message: str, symbol: str = ""
    ) -> None:
        self.refuse(reason, path, node.start, node.end, message, symbol)

    def note(self, path: str, start: int, message: str, *, review: bool = False) -> None:
        self.plan.notes.append(Note(self.rule, path, start, message, review))


class Preparation(msgspec.Struct, frozen=True):
    """Edits made before the model is built anew and the plan is made, and what to tell of them."""

    replacements: tuple[Replacement, ...]
    path: str
    start: int
    message: str


class Resumption(msgspec.Struct, frozen=True):
    """Edits that take back what an earlier run wrote, which was up to ``stage``."""

    replacements: tuple[Replacement, ...]
    stage: Stage


class Rule(msgspec.Struct, frozen=True):
    """A migration pattern.  ``doc`` is the module's docstring, its first line the title.

    ``guarded`` says that it takes part where the init function alone is converted.
    ``resume`` knows the text of an earlier stage, from which the plan can be made again.
    """

    id: str
    doc: str
    patterns: tuple[int, ...]
    stage: Stage
    safety: Safety
    run: Callable[[Pass], None]
    examples: tuple[Rewrite | Refused, ...] = ()
    verify: Callable[[Output], Iterable[Violation]] | None = None
    prepare: Callable[[Extension, Decisions], Iterable[Preparation]] | None = None
    resume: Callable[[Extension], Resumption | None] | None = None
    guarded: bool = False

    @property
    def title(self) -> str:
        return self.doc.strip().splitlines()[0]
