"""The compile check: what is wrong only after the migration is a fault of ours, and is taken back."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from isolate_ext.app.crash import write_report
from isolate_ext.app.modelling import Library
from isolate_ext.app.planning import Planned, merged, settle
from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.project import CompileCheck, CompileResult
from isolate_ext.report.results import Compilation


def check_all(
    check: CompileCheck, library: Library, planned: Sequence[Planned], stages: Sequence[Stage]
) -> dict[str, Compilation]:
    """The compiler's word on every planned extension, by name.

    An extension with a new error, at any of the stages, is refused as a whole; what shared a file
    with it is settled anew and checked again.
    """
    found: dict[str, Compilation] = {}
    while True:
        broken = False
        for each in planned:
            if each.stage is None or not each.texts():
                continue
            compilation = _check(check, planned, each, stages)
            found[each.found.name] = compilation
            if compilation.errors:
                _refuse(each, compilation)
                broken = True
        if not broken:
            break
        settle(planned)
    for each in planned:
        if each.texts():
            found[each.found.name] = _with_dead(check, library, planned, each, found)
    return found


def _check(
    check: CompileCheck, planned: Sequence[Planned], each: Planned, stages: Sequence[Stage]
) -> Compilation:
    result = CompileResult(why="nothing is changed")
    for stage in stages:
        overlay = merged(planned, stage)
        if not any(path in each.owned or path in each.texts() for path in overlay):
            continue
        result = check(each.found, overlay)
        if result.errors:
            break
    return Compilation(
        result.checked, result.why, tuple(map(str, result.errors)),
        tuple(map(str, result.warnings)),
    )


def _refuse(each: Planned, compilation: Compilation) -> None:
    """The whole extension stays as it was, and a file tells what our fault was."""
    first = compilation.errors[0]
    each.report = write_report(
        f"compile-{each.found.short_name}",
        f"The migration of {each.found.name} does not compile.\n\n" + "\n".join(compilation.errors),
        each.texts(),
    )
    path = first.partition(":")[0]
    each.refusals.append(Refusal(
        "engine", Reason.COMPILE, path if path in each.owned else each.found.sources[0], 0, 0,
        f"the result does not compile: {first}; report: {each.report}",
    ))


def _with_dead(
    check: CompileCheck, library: Library, planned: Sequence[Planned], each: Planned,
    found: Mapping[str, Compilation],
) -> Compilation:
    before = found[each.found.name]
    if not before.checked:
        return before
    overlay = merged(planned)
    dead = {}
    for path, text in each.texts().items():
        old = library.source(path).data if path in library.read else b""
        lines = check.dead_lines(each.found, path, edited_lines(old, text), overlay)
        if lines:
            dead[path] = tuple(lines)
    return Compilation(before.checked, before.why, before.errors, before.warnings, dead)


def edited_lines(before: bytes, after: bytes) -> list[int]:
    """The 1-based lines of ``after`` that are new or changed."""
    matcher = difflib.SequenceMatcher(None, before.split(b"\n"), after.split(b"\n"), autojunk=False)
    return [
        line + 1
        for tag, _, _, start, end in matcher.get_opcodes()
        if tag != "equal"
        for line in range(start, end)
    ]
