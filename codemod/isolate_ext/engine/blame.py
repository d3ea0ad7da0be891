"""What an error of the compiler, or a broken post-condition, is the fault of.

An error stands in the output.  The pieces that the output is made of tell which edit put the text
there, the edit's group tells for which type or variable; names in the message or on the line tell
it where no group does, and at last the function around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from isolate_ext.engine.outcome import Complaint
from isolate_ext.engine.plan import Plan
from isolate_ext.engine.rule import Violation
from isolate_ext.engine.stages import Stage
from isolate_ext.model.entities import Definition
from isolate_ext.model.extension import Extension
from isolate_ext.placement.decisions import Decisions
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.text import Piece, pieces

_WORD = re.compile(rb"[A-Za-z_]\w*")
_QUOTED = re.compile(r"'[^']*?([A-Za-z_]\w*)[^']*'")


class Blame:
    """Finds who is to blame for what is wrong with the text of one stage of a plan."""

    def __init__(
        self, extension: Extension, decisions: Decisions, plan: Plan, stage: Stage
    ) -> None:
        self._extension = extension
        self._decisions = decisions
        self._plan = plan
        self._stage = stage

    def violation(self, violation: Violation) -> list[Refusal]:
        """The type or variable that the rule names, if there is one."""
        if violation.symbol not in self._extension.variables:
            return []
        return [
            self._refusal(violation.symbol, violation.rule, Reason.POSTCONDITION, violation.message)
        ]

    def complaint(self, complaint: Complaint) -> list[Refusal]:
        """The types and variables that are to stay as they were; none where nothing tells."""
        place = _Place(self._laid_out(complaint.path), complaint)
        keys = next((found for found in self._suspects(place, complaint) if found), [])
        rule = self._rule_at(place)
        text = f"the result does not compile: {complaint}"
        if keys == [""]:
            return [self._of_the_whole(text)]
        return [self._refusal(key, rule, Reason.COMPILE, text) for key in keys]

    def _suspects(self, place: _Place, complaint: Complaint) -> Iterator[list[str]]:
        """Sets of keys, the likeliest first; "" is the last stage as a whole."""
        yield self._of_group(place.piece)
        yield self._named([place.word, *_QUOTED.findall(complaint.message)])[:1]
        yield [key for piece in place.on_line for key in self._of_group(piece)][:1]
        yield self._named(place.words)[:1]
        yield self._named(place.words_before)[:1]
        if self._stage is Stage.ISOLATED and self._decisions.fields:
            yield [""]
        yield self._of_function(self._function_of(place.piece))
        if place.piece is not None:
            at = place.piece.at + (place.within if place.piece.by is None else 0)
            yield self._of_function(self._extension.function_at(complaint.path, at))

    def _laid_out(self, path: str) -> list[Piece]:
        if path not in self._extension.files:
            return [Piece(self._plan.files_at(self._stage).get(path, b""), 0)]
        edits = [each for each in self._plan.at(self._stage) if each.path == path]
        return pieces(self._extension.files[path].source.data, edits)

    def _of_group(self, piece: Piece | None) -> list[str]:
        group = piece.by.group if piece is not None and piece.by is not None else ""
        key = group.partition(":")[2]
        return [key] if key in self._decisions.fields else []

    @cached_property
    def _by_name(self) -> dict[str, str]:
        fields = self._decisions.fields
        names = {self._extension.variables[key].name: key for key in fields}
        return names | {field.name: key for key, field in fields.items()}

    def _named(self, words: Iterable[str]) -> list[str]:
        return [self._by_name[word] for word in words if word in self._by_name]

    def _function_of(self, piece: Piece | None) -> Definition | None:
        """The function for whose sake an edit was made."""
        group = piece.by.group if piece is not None and piece.by is not None else ""
        routine = self._extension.routines.get(group.partition(":")[2])
        return routine.definitions[0] if routine is not None and routine.definitions else None

    def _of_function(self, function: Definition | None) -> list[str]:
        """All that a function, and what it passes the state to, has to do with."""
        found: dict[str, None] = {}
        pending = [function] if function is not None else []
        seen: set[str] = set()
        while pending:
            for use in self._extension.uses_inside(pending.pop()):
                if use.symbol in self._decisions.fields:
                    found[use.symbol] = None
                elif use.symbol in self._decisions.threaded and use.symbol not in seen:
                    seen.add(use.symbol)
                    pending += self._extension.routines[use.symbol].definitions
        return list(found)

    def _rule_at(self, place: _Place) -> str:
        made = {id(edit.replacement): edit.rule for edit in self._plan.edits}
        by = [piece.by for piece in (place.piece, *place.on_line) if piece is not None]
        return next((made[id(each)] for each in by if each is not None), "engine")

    def _refusal(self, key: str, rule: str, reason: Reason, text: str) -> Refusal:
        home = self._extension.variables[key].home
        end = home.name_start + len(home.name)
        return Refusal(rule, reason, home.path, home.name_start, end, text, key)

    def _of_the_whole(self, text: str) -> Refusal:
        entry = self._decisions.init.entry
        end = entry.name_start + len(entry.name)
        return Refusal("engine", Reason.COMPILE, entry.path, entry.name_start, end, text)


class _Place:
    """Where an error stands among the pieces of a text.

    ``piece`` holds it, ``within`` bytes in; ``word`` is the name there, ``words`` all names on the
    line, ``words_before`` those that an edit put in front of it, nearest first, and ``on_line`` the
    pieces that edits put there.
    """

    def __init__(self, laid_out: list[Piece], complaint: Complaint) -> None:
        text = b"".join(each.text for each in laid_out)
        lines = text.split(b"\n")
        number = min(complaint.line, len(lines)) - 1
        start = sum(len(line) + 1 for line in lines[:number])
        line = lines[number]
        at = start + _column(line, complaint)
        self.piece: Piece | None = None
        self.within = 0
        self.on_line: list[Piece] = []
        begin = 0
        for each in laid_out:
            end = begin + len(each.text)
            if begin <= at < end:
                self.piece, self.within = each, at - begin
            touches = start < end or start <= begin == end
            if each.by is not None and touches and begin <= start + len(line):
                self.on_line.append(each)
            begin = end
        written = self.piece is not None and self.piece.by is not None
        before = self.piece.text[: self.within] if self.piece is not None and written else b""
        self.words = _words(line)
        self.words_before = _words(before)[::-1]
        here = _WORD.match(text, at)
        self.word = here[0].decode() if here is not None else ""


def _words(text: bytes) -> list[str]:
    return [match[0].decode() for match in _WORD.finditer(text)]


def _column(line: bytes, complaint: Complaint) -> int:
    """The byte of the line; a compiler that counts a tab as up to eight columns is understood."""
    column = max(complaint.column - 1, 0)
    expanded = next(
        (n for n in range(len(line)) if len(line[:n].expandtabs(8)) >= column), len(line)
    )
    word = _WORD.match(line, expanded)
    if word is not None and f"'{word[0].decode()}'" in complaint.message:
        return expanded
    return min(column, len(line))
