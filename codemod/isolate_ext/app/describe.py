"""The result of one extension, from its plan, for people to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from isolate_ext.app.modelling import Library
from isolate_ext.app.planning import Planned, reason_id
from isolate_ext.app.skipping import CLINIC
from isolate_ext.app.users import for_users
from isolate_ext.engine import Note, Rule, Stage
from isolate_ext.placement.decisions import Level
from isolate_ext.placement.refusals import Refusal
from isolate_ext.project.includes import generator_of
from isolate_ext.report.results import (
    ALREADY,
    ISOLATED,
    PARTLY,
    REFUSED,
    STAGED,
    UNCHANGED,
    ExtensionResult,
    Finding,
)


def describe(
    each: Planned, rules: Sequence[Rule], library: Library, floor: tuple[int, int]
) -> ExtensionResult:
    """Everything there is to say about an extension."""
    outcome = each.outcome
    texts = each.texts()
    result = ExtensionResult(
        each.found.name, each.found.sources, _status(each), files=tuple(sorted(texts)),
        compilation=each.compilation, report=each.report,
    )  # fmt: skip
    result.refusals = [*each.whole, *(_refusal(it, library) for it in outcome.refusals)]
    if outcome.decisions is not None:
        decisions = outcome.decisions
        result.levels[Level.MODULE.value] = len(decisions.fields) + len(decisions.types)
        result.levels.update(stay.level.value for stay in decisions.stays)
    if not texts or each.stage is None or outcome.decisions is None or outcome.plan is None:
        return result
    result.stage = each.stage.label
    result.notes = [_note(it, library) for it in outcome.notes]
    result.notes += [_clinic(path) for path in sorted(texts) if _by_clinic(library, path)]
    if each.stage >= Stage.HEAP_TYPES:
        result.types = tuple(it.name or it.variable.name for it in outcome.decisions.types.values())
        result.users = for_users(outcome.decisions.types.values(), texts, floor)
    safety = {rule.id: rule.safety.value for rule in rules}
    made = [it for it in outcome.plan.edits if it.since <= each.stage <= it.until]
    result.edits = Counter(safety.get(it.rule, "safe") for it in made)
    result.groups = dict(Counter(it.replacement.group for it in made))
    return result


def _status(each: Planned) -> str:
    if each.outcome.already:
        return ALREADY
    refused = bool(each.whole or each.outcome.refusals)
    if not each.texts():
        return REFUSED if refused else UNCHANGED
    if refused:
        return PARTLY
    return ISOLATED if each.stage is Stage.ISOLATED else STAGED


def _refusal(refusal: Refusal, library: Library) -> Finding:
    line, column, snippet = _place(library, refusal.path, refusal.start)
    message = refusal.message or refusal.reason.name.lower().replace("_", " ")
    return Finding(
        refusal.rule, refusal.path, line, column, message, reason_id(refusal.reason),
        refusal.help, refusal.symbol, tuple(refusal.chain), snippet,
    )  # fmt: skip


def _note(note: Note, library: Library) -> Finding:
    line, column, snippet = _place(library, note.path, note.start)
    return Finding(
        note.rule, note.path, line, column, note.message, snippet=snippet, review=note.review
    )


def _by_clinic(library: Library, path: str) -> bool:
    return path in library.read and generator_of(library.read[path].data) == CLINIC


def _clinic(path: str) -> Finding:
    return Finding(
        "engine", path, 1, 1, review=True,
        message="written by Argument Clinic: make the same edit in its input, or it is lost",
    )  # fmt: skip


def _place(library: Library, path: str, offset: int) -> tuple[int, int, str]:
    """The 1-based line and column of a byte offset, and the text of that line."""
    if path not in library.scans:
        return 1, 1, ""
    scan = library.scans[path]
    line, column = scan.lines.line_column(offset)
    start = scan.lines.starts[line - 1]
    text = scan.source.data[start : start + 400].split(b"\n")[0]
    return line, column, text.decode("utf-8", "replace").rstrip("\r")
