"""The result of one extension, from its plan, for people to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from isolate_ext.app.modelling import Library
from isolate_ext.app.planning import Planned
from isolate_ext.engine import Note, Rule, Stage
from isolate_ext.placement.decisions import Level
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.report.results import (
    ALREADY,
    ISOLATED,
    PARTLY,
    REFUSED,
    STAGED,
    UNCHANGED,
    Compilation,
    ExtensionResult,
    Finding,
)


def describe(
    each: Planned, rules: Sequence[Rule], library: Library, compilation: Compilation | None
) -> ExtensionResult:
    """Everything there is to say about an extension."""
    outcome = each.outcome
    texts = each.texts()
    result = ExtensionResult(
        each.found.name, each.found.sources, _status(each), files=tuple(sorted(texts)),
        compilation=compilation, report=each.report,
    )
    result.stage = each.stage.label if texts and each.stage is not None else None
    result.refusals = [_refusal(it, library) for it in (*each.refusals, *outcome.refusals)]
    result.notes = [_note(it, library) for it in outcome.notes] if texts else []
    if outcome.decisions is not None:
        decisions = outcome.decisions
        result.levels[Level.MODULE.value] = len(decisions.fields) + len(decisions.types)
        result.levels.update(stay.level.value for stay in decisions.stays)
        result.types = len(decisions.types)
    if outcome.plan is not None and texts and each.stage is not None:
        safety = {rule.id: rule.safety.value for rule in rules}
        made = [it for it in outcome.plan.edits if it.since <= each.stage <= it.until]
        result.edits = Counter(safety.get(it.rule, "safe") for it in made)
        result.groups = dict(Counter(it.replacement.group for it in made))
    return result


def _status(each: Planned) -> str:
    if each.outcome.already:
        return ALREADY
    refused = bool(each.refusals or each.outcome.refusals)
    if not each.texts():
        return REFUSED if refused else UNCHANGED
    if refused:
        return PARTLY
    return ISOLATED if each.stage is Stage.ISOLATED else STAGED


def _refusal(refusal: Refusal, library: Library) -> Finding:
    line, column, snippet = place(library, refusal.path, refusal.start)
    message = refusal.message or refusal.reason.name.lower().replace("_", " ")
    return Finding(
        refusal.rule, refusal.path, line, column, message, reason_id(refusal.reason),
        refusal.help, refusal.symbol, refusal.chain, snippet,
    )


def reason_id(reason: Reason) -> str:
    return reason.name.lower().replace("_", "-")


def _note(note: Note, library: Library) -> Finding:
    line, column, snippet = place(library, note.path, note.start)
    return Finding(note.rule, note.path, line, column, note.message, snippet=snippet,
                   review=note.review)


def place(library: Library, path: str, offset: int) -> tuple[int, int, str]:
    """The 1-based line and column of a byte offset, and the text of that line."""
    if path not in library.scans:
        return 1, 1, ""
    scan = library.scan(path)
    line, column = scan.lines.line_column(offset)
    start = scan.lines.starts[line - 1]
    text = scan.source.data[start : start + 400].split(b"\n")[0]
    return line, column, text.decode("utf-8", "replace").rstrip("\r")
