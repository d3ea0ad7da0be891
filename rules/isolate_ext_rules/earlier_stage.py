"""The static state that an earlier stage wrote.

What: a run up to an earlier stage leaves one static struct, and functions that find it; a later run
takes its members for the variables that they were, and goes on from there.

Why: each stage can be reviewed and merged by itself, and none has to be made again.

Declines when: the state that is found is not used in the form that the tool gives it.

Handbook pattern 3, section 0.4.
"""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Refused, Resumption, Rewrite, Rule, Safety, Stage
from isolate_ext.model.extension import Extension
from isolate_ext.model.staged import Staged, staged_state
from isolate_ext.placement.refusals import Reason
from isolate_ext.text import replacement
from isolate_ext_rules.examples import EXCEPTION
from isolate_ext_rules.staged_members import take_back_members
from isolate_ext_rules.staged_uses import Edits, local_states, take_back_uses, takers

STRUCT = """\
typedef struct {
    PyObject *Error;
} spam_state;

static spam_state global_spam_state;

static inline spam_state *
get_global_spam_state(void)
{
    return &global_spam_state;
}
"""
_USES = EXCEPTION.replace("static PyObject *Error;\n", "@STRUCT@")
STAGED = re.sub(r'(?<![."])\bError\b', "get_global_spam_state()->Error", _USES)
STAGED = STAGED.replace("@STRUCT@", STRUCT)
PASSED_ON = STAGED.replace(
    "PyErr_SetString(get", "spam_state **all = NULL;\n    PyErr_SetString(get"
)
EXAMPLES = (
    Rewrite(STAGED, ("PyErr_SetString(state->Error", "} spam_state;")),
    Refused(PASSED_ON, Reason.STAGED),
)


def run(pass_: Pass) -> None:
    """All is done before there is a plan."""


def resume(extension: Extension) -> Resumption | None:
    """The variables that were; None where not all of the static state can be taken back."""
    staged = staged_state(extension)
    edits = Edits()
    if (
        staged is None
        or not take_back_uses(extension, staged, edits)
        or not take_back_members(extension, staged, edits)
        or _left(extension, staged, edits)
    ):
        return None
    changes = tuple(
        replacement(path, start, end, text, "resume")
        for path, spans in edits.spans.items()
        for start, end, text in dict.fromkeys(spans)
    )
    return Resumption(changes, _stage(extension, staged, edits.members))


def _stage(extension: Extension, staged: Staged, members: set[str]) -> Stage:
    """The first of the stages whose text this may be."""
    if takers(extension, staged) or any(
        local_states(staged, function)
        for path in extension.files
        for function in extension.functions(path)
    ):
        return Stage.ACCESS
    fields = (each for each in staged.struct.fields if each.name in members)
    types = (each.ctype.base == "PyTypeObject" for each in fields)
    return Stage.HEAP_TYPES if any(types) else Stage.STATE


def _left(extension: Extension, staged: Staged, edits: Edits) -> bool:
    """Whether something would still name the state."""
    words = {each.name for each in staged.accessors} | {staged.variable.name}
    if not staged.own:
        words |= {name.removeprefix("struct ") for name in staged.struct.names}
    return any(
        not edits.covers(path, at)
        for path, parsed in extension.files.items()
        for word in words & set(parsed.names())
        for at in parsed.occurrences(word)
    )


RULE = Rule(
    "earlier-stage",
    __doc__,
    (3,),
    Stage.STATE,
    Safety.SAFE,
    run,
    EXAMPLES,
    resume=resume,
)
