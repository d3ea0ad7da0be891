"""The plan: edits with the stages at which they hold, refusals, notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from isolate_ext.engine.stages import Stage
from isolate_ext.placement.refusals import Refusal
from isolate_ext.text import Replacement
from isolate_ext.text.replacement import Part, Span


class Edit(msgspec.Struct, frozen=True):
    """A replacement that holds from stage ``since`` to stage ``until``, both included."""

    replacement: Replacement
    since: Stage
    until: Stage
    rule: str


class Note(msgspec.Struct, frozen=True):
    """Something the user should know about an edit that was made; ``review`` asks for an eye."""

    rule: str
    path: str
    start: int
    message: str
    review: bool = False


class Plan(msgspec.Struct):
    """What the rules have scheduled.  ``new_files`` are whole texts by stage window.

    ``edits`` is a set that keeps its order: the same edit scheduled twice is one.
    """

    edits: dict[Edit, None] = msgspec.field(default_factory=dict)
    refusals: list[Refusal] = msgspec.field(default_factory=list)
    notes: list[Note] = msgspec.field(default_factory=list)
    new_files: list[tuple[str, bytes, Stage, Stage]] = msgspec.field(default_factory=list)

    def replace(
        self,
        rule: str,
        path: str,
        start: int,
        end: int,
        parts: bytes | Sequence[Part],
        group: str,
        since: Stage,
        until: Stage = Stage.ISOLATED,
        order: int = 0,
    ) -> None:
        pieces = (parts,) if isinstance(parts, bytes) else tuple(parts)
        change = Replacement(path, Span(start, end), pieces, group, order)
        self.edits[Edit(change, since, until, rule)] = None

    def end_before(self, stage: Stage, path: str, start: int, end: int) -> None:
        """Let what is scheduled inside a span hold up to the stage before, if at all."""
        inside = [
            edit
            for edit in self.edits
            if edit.until >= stage
            and edit.replacement.path == path
            and start <= edit.replacement.span.start
            and edit.replacement.span.end <= end
        ]
        for edit in inside:
            del self.edits[edit]
        for edit in inside:
            if edit.since < stage:
                self.edits[replace(edit, until=Stage(stage - 1))] = None

    def at(self, stage: Stage) -> list[Replacement]:
        """The replacements that make the text of a stage."""
        return [edit.replacement for edit in self.edits if edit.since <= stage <= edit.until]

    def files_at(self, stage: Stage) -> dict[str, bytes]:
        return {
            path: text for path, text, since, until in self.new_files if since <= stage <= until
        }

    def rules_of(self, group: str) -> Iterable[str]:
        return {edit.rule for edit in self.edits if edit.replacement.group == group}
