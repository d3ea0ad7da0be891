"""The compile check of one extension: an error that only the migrated text has is our fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isolate_ext.app.selection import hole
from isolate_ext.engine import Complaint, Outcome, Rule
from isolate_ext.project import CompileCheck, CompileResult, DiscoveredExtension
from isolate_ext.report.results import Compilation

_NOTHING = CompileResult(why="nothing is changed")


class Checked:
    """Asks the compiler about each text that is planned, and keeps what it said last."""

    def __init__(
        self, check: CompileCheck, found: DiscoveredExtension, rules: Sequence[Rule]
    ) -> None:
        self._check = check
        self._found = found
        self._rules = rules
        self._last = _NOTHING

    def __call__(self, outcome: Outcome, texts: Mapping[str, bytes]) -> list[Complaint]:
        """Nothing is held against a text that is refused for a rule that was left out."""
        fit = texts and hole(outcome, self._rules) is None
        self._last = self._check(self._found, texts) if fit else _NOTHING
        return [Complaint(it.path, it.line, it.col, it.message) for it in self._last.errors]

    def compilation(self, outcome: Outcome) -> Compilation:
        """What there is to say of the texts of an outcome."""
        last = self._last
        errors = tuple(map(str, outcome.complaints))
        return Compilation(last.checked, last.why, errors, tuple(map(str, last.warnings)))
