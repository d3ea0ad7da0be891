"""The compile check: an error that only the migrated text has is our fault, and is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from isolate_ext.app.crash import write_report
from isolate_ext.app.describe import reason_id
from isolate_ext.app.modelling import Library
from isolate_ext.app.planning import Planned, merged, settle
from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext.project import CompileCheck, CompileResult
from isolate_ext.report.results import Compilation
from isolate_ext.text import changes


def check_all(
    check: CompileCheck, library: Library, planned: Sequence[Planned], stages: Sequence[Stage]
) -> None:
    """Ask the compiler about every planned extension at each of the stages.

    An extension with a new error is refused as a whole; what is left is settled and checked anew,
    since it may have shared a file with it.
    """
    while True:
        overlays = {stage: merged(planned, stage) for stage in stages}
        broken = False
        for each in planned:
            if not any(each.texts(stage) for stage in stages):
                continue
            each.compilation = _compile(check, each, list(overlays.values()))
            if each.compilation.errors:
                _refuse(each, each.compilation)
                broken = True
        if not broken:
            break
        settle(planned)
    for each in planned:
        if each.texts() and each.compilation is not None and each.compilation.checked:
            dead = _dead(check, library, planned, each)
            each.compilation = replace(each.compilation, dead=dead)


def _compile(
    check: CompileCheck, each: Planned, overlays: Sequence[dict[str, bytes]]
) -> Compilation:
    result = CompileResult(why="nothing is changed")
    for overlay in overlays:
        if not overlay:
            continue
        result = check(each.found, overlay)
        if result.errors:
            break
    return Compilation(
        result.checked,
        result.why,
        tuple(map(str, result.errors)),
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
    shown = path if path in each.owned else each.found.sources[0]
    message = f"the result does not compile: {first}"
    each.refuse(reason_id(Reason.COMPILE), shown, message, f"{Reason.COMPILE.value}: {each.report}")


def _dead(
    check: CompileCheck, library: Library, planned: Sequence[Planned], each: Planned
) -> dict[str, tuple[int, ...]]:
    overlay = merged(planned)
    dead = {}
    for path, text in each.texts().items():
        old = library.read[path].data if path in library.read else b""
        lines = check.dead_lines(each.found, path, edited_lines(old, text), overlay)
        if lines:
            dead[path] = tuple(lines)
    return dead


def edited_lines(before: bytes, after: bytes) -> list[int]:
    """The 1-based lines of ``after`` that are new or changed."""
    found = changes(before.split(b"\n"), after.split(b"\n"))
    return [line + 1 for _, _, start, end in found for line in range(start, end)]
