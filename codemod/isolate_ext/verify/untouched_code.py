"""The rung of translation validation: what was not touched compiles to the same machine code."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from isolate_ext.project import find_compiler
from isolate_ext.report.ladder import RungResult, Verdict
from isolate_ext.verify.binary.machine_code import Sameness, Side, Validation, validate
from isolate_ext.verify.builds import Build
from isolate_ext.verify.compile_commands import recorded

SHOWN = 12


def code(before: Build, after: Build, untouched: Mapping[str, Collection[str]]) -> RungResult:
    """Functions by the path of their unit in both trees; each difference is told with its cause."""
    started = time.monotonic()
    if not untouched:
        why = "it is not known which functions were left alone"
        return RungResult("machine-code", Verdict.NOT_JUDGED, problems=(why,))
    found = validate(_side(before), _side(after), untouched)
    seconds = round(time.monotonic() - started, 1)
    counts = Counter(each.sameness for each in found.functions)
    told = ", ".join(f"{counts[each]} {each.value}" for each in Sameness if counts[each])
    if not found.functions:
        why = found.problems[0] if found.problems else "no function was left alone"
        return RungResult("machine-code", Verdict.NOT_JUDGED, problems=(why,), seconds=seconds)
    problems = tuple(_differing(found)[:SHOWN])
    verdict = Verdict.FAILS if problems else Verdict.HOLDS
    same = f"{counts[Sameness.IDENTICAL]} identical"
    notes = (told, *found.problems)
    return RungResult("machine-code", verdict, "", same, problems, notes, seconds)


def _differing(found: Validation) -> list[str]:
    return [f"{each.source}: {each.name}() differs: {each.cause}" for each in found.differing]


def _side(build: Build) -> Side:
    compiler = find_compiler() or ("cc",)
    return Side(Path(build.source), recorded(build.calls, compiler))
