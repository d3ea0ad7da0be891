"""What a migration would do, without its text: for those who only want to know."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from isolate_ext.engine.attempt import Draft, Job, Reparse, against, carry_out, prepare, texts_of
from isolate_ext.engine.outcome import Outcome, unique
from isolate_ext.engine.places import Places
from isolate_ext.engine.rule import Rule, Settings
from isolate_ext.engine.stages import Stage
from isolate_ext.model.extension import Extension


class Survey(msgspec.Struct, frozen=True, eq=False):
    """The model and the placement that the migration works with.

    ``extension`` is ``original`` made plainer, ``places`` lead from the one back to the other;
    ``gone`` are keys of variables that are not needed any more then.
    """

    original: Extension
    extension: Extension
    outcome: Outcome
    places: Places
    gone: tuple[str, ...]


def survey(
    extension: Extension, rules: Sequence[Rule], settings: Settings, reparse: Reparse
) -> Survey:
    """The first plan of a migration: neither its post-conditions nor its text are checked.

    ``reparse`` models the extension anew with some texts changed.
    """
    job = Job(rules, settings, Stage.ISOLATED, False, reparse, None)
    draft = Draft(extension, job, frozenset())
    prepare(draft)
    outcome = carry_out(draft)
    outcome.refusals = unique(outcome.refusals)
    for stage, texts in outcome.texts.items():
        outcome.texts[stage] = against(extension, draft.extension, texts)
    places = Places(texts_of(extension), texts_of(draft.extension))
    gone = tuple(key for key in extension.variables if key not in draft.extension.variables)
    original = reparse(texts_of(extension)) if gone else extension
    return Survey(original, draft.extension, outcome, places, gone)
