"""The result as lines for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isolate_ext.report.diff import shown_path
from isolate_ext.report.paint import Paint, plain
from isolate_ext.report.results import (
    ALREADY,
    FAILED,
    ISOLATED,
    OPTED_OUT,
    ExtensionResult,
    Finding,
    MigrateResult,
    ProjectResult,
)

STYLES = {ISOLATED: "green", OPTED_OUT: "green", ALREADY: "green", FAILED: "bold red"}


def diagnostics(result: MigrateResult, paint: Paint = plain, *, full: bool = True) -> list[str]:
    """Every refusal and every note, in order of project, extension and place."""
    lines: list[str] = []
    for project in result.projects:
        lines += [f"{paint('cyan', 'note:')} {note}" for note in project.notes if full]
        for each in project.extensions:
            for finding in [*each.refusals, *each.notes]:
                lines += _finding(result, project, finding, paint, full)
            lines += _compiler(result, project, each, paint)
    return lines


def _finding(
    result: MigrateResult, project: ProjectResult, it: Finding, paint: Paint, full: bool
) -> Iterator[str]:
    where = shown_path(result, project.root, it.path)
    kind = _kind(it, paint)
    place = paint("bold", f"{where}:{it.line}:{it.column}:")
    yield f"{place} {paint('cyan', it.rule)} {kind}{it.message}"
    if not full:
        return
    yield from _snippet(it, paint)
    for cause in it.chain:
        yield f"  because: {cause}"
    if it.help:
        yield f"{paint('cyan', 'help:')} {it.help}"


def _kind(it: Finding, paint: Paint) -> str:
    if it.reason is not None:
        return paint("red", "refused: ")
    return paint("yellow", "review: ") if it.review else ""


def _snippet(it: Finding, paint: Paint) -> Iterator[str]:
    if not it.snippet.strip():
        return
    text = it.snippet.expandtabs(4)
    column = len(it.snippet[: it.column - 1].expandtabs(4))
    number = str(it.line)
    yield paint("dim", f"{number:>6} | ") + text[:120]
    if column < 120:
        yield paint("dim", f"{'':>6} | ") + " " * column + paint("red", "^")


def _compiler(
    result: MigrateResult, project: ProjectResult, each: ExtensionResult, paint: Paint
) -> Iterator[str]:
    compilation = each.compilation
    if compilation is None:
        return
    for warning in compilation.warnings:
        yield f"{paint('yellow', 'new warning:')} {warning}"
    for path, lines in sorted(compilation.dead.items()):
        where = shown_path(result, project.root, path)
        yield f"{where}: edited, not compiled here: {_ranges(lines)}"


def _ranges(lines: Sequence[int]) -> str:
    """'line 3' or 'lines 3-5, 9'."""
    spans: list[list[int]] = []
    for line in sorted(lines):
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    text = ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in spans)
    return f"line{'s' * (len(lines) > 1)} {text}"


def extensions(result: MigrateResult, paint: Paint = plain) -> list[str]:
    """One line for each extension: what became of it, and what the compiler said."""
    lines = []
    for each in result.extensions:
        parts = [paint(STYLES.get(each.status, "yellow"), each.status)]
        if each.stage and each.status not in (ISOLATED, OPTED_OUT):
            parts.append(f"up to stage {each.stage}")
        if each.files:
            parts.append(_count(len(each.files), "file"))
        if each.refusals:
            parts.append(_count(len(each.refusals), "refusal"))
        parts += _compiled(each)
        if each.report:
            parts.append(f"report: {each.report}")
        lines.append(f"{paint('bold', each.name)}: {', '.join(parts)}")
    return lines


def _compiled(each: ExtensionResult) -> list[str]:
    compilation = each.compilation
    if compilation is None:
        return []
    parts = []
    if compilation.checked and not compilation.errors:
        parts.append(f"compiles for Python {' and '.join(compilation.checked)}")
    if compilation.why:
        why = compilation.why
        parts.append(why if why.startswith("not checked") else f"not checked: {why}")
    return parts


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
