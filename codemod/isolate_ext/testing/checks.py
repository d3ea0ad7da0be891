"""What a test of a rule says: rewritten so, refused for this, unchanged, sound at every stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from isolate_ext.engine import Outcome, Refused, Rewrite, Rule, Settings, Stage, migrate
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing.archive import files_of, text_of
from isolate_ext.testing.compiling import complaints
from isolate_ext.testing.sources import extension_of


def migrated(
    rules: Sequence[Rule],
    source: str,
    settings: Settings | None = None,
    stage: Stage = Stage.ISOLATED,
) -> Outcome:
    """What the engine makes of a source, with the texts of every stage on the way."""
    return migrate(
        extension_of(source),
        rules,
        settings or Settings(),
        stage,
        every_stage=True,
        reparse=extension_of,
    )


def check_rewrite(
    rules: Sequence[Rule],
    before: str,
    *fragments: str,
    gone: Iterable[str] = (),
    settings: Settings | None = None,
    stage: Stage = Stage.ISOLATED,
) -> Outcome:
    """Nothing is refused, each fragment stands in the new text, and nothing of ``gone`` does."""
    outcome = migrated(rules, before, settings, stage)
    assert not outcome.refusals, _told(outcome)
    assert outcome.stage is stage, f"stopped at stage {outcome.stage}"
    text = _after(before, outcome)
    for fragment in fragments:
        assert fragment in text, f"{fragment!r} is not there"
    for fragment in gone:
        assert fragment not in text, f"{fragment!r} is still there"
    return outcome


def check_refused(
    rules: Sequence[Rule],
    before: str,
    reason: Reason,
    *,
    rule: str | None = None,
    settings: Settings | None = None,
) -> Outcome:
    """Something is refused for this reason (by this rule), and the module stays single-phase."""
    outcome = migrated(rules, before, settings)
    found = [each for each in outcome.refusals if each.reason is reason]
    assert found, f"nothing was refused as {reason.name}: {_told(outcome) or 'no refusal at all'}"
    if rule is not None:
        assert rule in {each.rule for each in found}, f"refused by another rule: {_told(outcome)}"
    assert outcome.stage is not Stage.ISOLATED
    assert "Py_mod_exec" not in _after(before, outcome) or "Py_mod_exec" in before
    return outcome


def check_unchanged(rules: Sequence[Rule], before: str) -> Outcome:
    """There is nothing to do, and nothing is done."""
    outcome = migrated(rules, before)
    assert not outcome.refusals, _told(outcome)
    assert not outcome.files, _after(before, outcome)
    return outcome


def check_stages(rules: Sequence[Rule], before: str, settings: Settings | None = None) -> Outcome:
    """Every stage compiles as well as the original, and a second run changes nothing.

    Without a compiler and the headers of a Python, only the second run is tried.
    """
    outcome = migrated(rules, before, settings)
    originals = files_of(before)
    for stage, texts in outcome.texts.items():
        found = complaints(originals, texts)
        assert not found, f"stage {stage.label}:\n" + "\n".join(found)
    if outcome.stage is Stage.ISOLATED:
        again = migrated(rules, text_of({**originals, **outcome.files}), settings)
        assert not again.files, f"a second run changes\n{text_of(again.files)}"
        assert again.already, _told(again)
    return outcome


def check_example(rules: Sequence[Rule], rule: Rule, example: Rewrite | Refused) -> Outcome:
    """An example of a rule holds when the whole suite runs over it."""
    if isinstance(example, Refused):
        check_refused(rules, example.before, example.reason, rule=rule.id)
    else:
        settings = Settings(guarded=example.guarded)
        check_rewrite(rules, example.before, *example.after, gone=example.gone, settings=settings)
    return check_stages(rules, example.before)


def _after(before: str, outcome: Outcome) -> str:
    return text_of({**files_of(before), **outcome.files})


def _told(outcome: Outcome) -> str:
    lines = []
    for each in outcome.refusals:
        line, column = outcome.extension.files[each.path].line_column(each.start)
        lines.append(
            f"{each.path}:{line}:{column}: {each.rule}: {each.reason.name}: {each.message}"
        )
    return "\n".join(lines)
