"""Rule API, plan, stages and the loop that makes a migration.  Knows text, not patterns."""

from isolate_ext.engine.migrate import migrate
from isolate_ext.engine.outcome import Check, Complaint, Fault, Outcome
from isolate_ext.engine.plan import Edit, Note, Plan
from isolate_ext.engine.rule import (
    Output,
    Pass,
    Preparation,
    Refused,
    Resumption,
    Rewrite,
    Rule,
    Safety,
    Settings,
    Violation,
)
from isolate_ext.engine.stages import Stage
from isolate_ext.engine.survey import Survey, survey

__all__ = [
    "Check",
    "Complaint",
    "Edit",
    "Fault",
    "Note",
    "Outcome",
    "Output",
    "Pass",
    "Plan",
    "Preparation",
    "Refused",
    "Resumption",
    "Rewrite",
    "Rule",
    "Safety",
    "Settings",
    "Stage",
    "Survey",
    "Violation",
    "migrate",
    "survey",
]
