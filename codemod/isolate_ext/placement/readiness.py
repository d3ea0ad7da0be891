"""How far an extension is from being isolated, and what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import msgspec

from isolate_ext.model.extension import Extension
from isolate_ext.placement.refusals import Reason, Refusal

_STAYS = " stays a static type"
_OPTED_OUT = b"Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED"


class Standing(Enum):
    """Where an extension stands."""

    ISOLATED = "isolated"
    UNATTENDED = "can be isolated unattended"
    DECISIONS = "needs decisions"
    OPT_OUT = "must opt out"
    OPTED_OUT = "opts out"


class Readiness(msgspec.Struct, frozen=True):
    """``decisions`` are what people have to decide, ``resources`` what only a process can have."""

    standing: Standing
    decisions: tuple[Refusal, ...] = ()
    resources: tuple[Refusal, ...] = ()


def readiness(
    extension: Extension,
    already: bool,
    refusals: Sequence[Refusal],
    hooks: Sequence[Refusal] = (),
) -> Readiness:
    """``already`` says that the module has slots, and that nothing is left to do.

    ``hooks`` are those of the process that are not refused.
    """
    resources = (*hooks, *(each for each in refusals if each.reason is Reason.PROCESS_WIDE))
    hooked = {each.symbol for each in resources}
    others = [each for each in refusals if each not in resources and each.symbol not in hooked]
    causes = tuple(each for each in others if not _follows(each, others))
    if resources:
        return Readiness(Standing.OPT_OUT, causes, resources)
    if refusals:
        return Readiness(Standing.DECISIONS, causes)
    if not already:
        return Readiness(Standing.UNATTENDED)
    out = any(_OPTED_OUT in parsed.scan.code for parsed in extension.files.values())
    return Readiness(Standing.OPTED_OUT if out else Standing.ISOLATED)


def _follows(refusal: Refusal, others: Sequence[Refusal]) -> bool:
    """Whether it would be lifted with those that it came of."""
    roots = {each.symbol for each in others if not each.chain}
    causes = [each.removesuffix(_STAYS) for each in refusal.chain]
    return bool(causes) and all(each in roots for each in causes)
