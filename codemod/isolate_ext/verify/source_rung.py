"""The rung of the sources: what instances and the module own is visited, and released in order."""

from __future__ import annotations

import time

from isolate_ext.model.extension import Extension
from isolate_ext.report.ladder import RungResult, Verdict
from isolate_ext.verify.source import instances, modules, references

NAME = "sources"
SHOWN = 12


def sources(before: Extension | None, after: Extension) -> RungResult:
    """What the original's own sources had wrong already is no failure of this rung."""
    started = time.monotonic()
    was = own_findings(before) if before is not None else []
    now = own_findings(after)
    new = [each for each in now if each not in was]
    if before is not None:
        new += references.findings(before, after)
    verdict = Verdict.FAILS if new else Verdict.FAILED_BEFORE if now else Verdict.HOLDS
    return RungResult(
        NAME,
        verdict,
        _counted(was) if before is not None else "",
        _counted(now),
        tuple((new or now)[:SHOWN]),
        seconds=round(time.monotonic() - started, 2),
        problems_before=tuple(was[:SHOWN]),
    )


def own_findings(extension: Extension) -> list[str]:
    """What one state of the sources shows by itself, each line once."""
    found = [*instances.findings(extension), *modules.findings(extension)]
    return list(dict.fromkeys(found))


def _counted(found: list[str]) -> str:
    return f"{len(found)} found" if found else "ok"
