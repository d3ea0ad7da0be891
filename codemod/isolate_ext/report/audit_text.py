"""The audit as lines for a terminal, by extension and level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isolate_ext.report.audit import (
    LEVELS,
    AuditedExtension,
    AuditResult,
    BinaryView,
    DecisionView,
    GateView,
    GlobalView,
    UseView,
    readiness,
)
from isolate_ext.report.paint import Paint, plain

_STYLES = {
    "isolated": "green", "can be isolated unattended": "green", "must opt out": "red",
    "failed": "bold red",
}  # fmt: skip
_WIDTH = 96


def audit(result: AuditResult, paint: Paint = plain, *, full: bool = True) -> list[str]:
    """Every extension with its variables; one line a variable when not ``full``."""
    lines: list[str] = []
    for project in result.projects:
        lines.append(paint("bold", project.shown))
        for each in project.extensions:
            lines += _extension(each, paint, full)
        lines += [f"  skipped: {each.name}: {each.why}" for each in project.skipped]
        lines += [f"  note: {note}" for note in project.notes if full]
    return lines


def _extension(each: AuditedExtension, paint: Paint, full: bool) -> Iterator[str]:
    line = paint(_STYLES.get(each.standing, "yellow"), readiness(each))
    yield f"  {paint('bold', each.name)}: {line}"
    if each.report:
        yield f"    report: {each.report}"
    for gate in each.gates:
        yield f"    {gated(gate)}"
    if full:
        for decision in each.decisions:
            yield from _decision("to decide", decision)
        for decision in each.resources:
            yield from _decision("of the process", decision)
    for level in LEVELS:
        yield from _level(each, level, paint, full)
    if each.fenced:
        yield f"    {each.fenced} regions could not be parsed; isolate-ext parse names them"
    if each.binary is not None:
        yield from (f"    {line}" for line in compared(each.binary))


def gated(gate: GateView) -> str:
    """What the import of an extension decides."""
    where = f"{gate.path}:{gate.line}"
    if gate.sure:
        return f"gates the import of {gate.module} ({where})"
    return f"is imported by {gate.module} under a condition ({where})"


def compared(binary: BinaryView) -> list[str]:
    """What a built library says."""
    if binary.reason:
        return [f"built library {binary.library}: not compared: {binary.reason}"]
    found = f"{binary.counted} variables, {binary.objects} with objects"
    lines = [f"built library {binary.library}: {found}, {len(binary.missing)} missing here"]
    return lines + [
        f"  missing: {each.path}:{each.line}: {each.ctype} {each.name}, which holds {each.holds}"
        for each in binary.missing
    ]


def _decision(what: str, each: DecisionView) -> Iterator[str]:
    yield f"    {what}: {each.path}:{each.line}:{each.column}: {each.message}"
    yield f"      help: {each.help}"


def _level(each: AuditedExtension, level: str, paint: Paint, full: bool) -> Iterator[str]:
    here = [it for it in each.globals if it.level == level]
    changing = [it for it in here if not it.constant]
    constant = [it for it in here if it.constant]
    if changing:
        yield f"    {paint('bold', level)} ({len(changing)})"
        for it in changing:
            yield from _global(it, paint, full)
    if constant:
        yield f"    {paint('bold', level)}, constant ({len(constant)})"
        if full:
            yield from _wrapped([it.name for it in constant], "      ")


def _global(it: GlobalView, paint: Paint, full: bool) -> Iterator[str]:
    place = paint("bold", f"{it.path}:{it.line}:{it.column}:")
    where = f" in {it.function}" if it.function else ""
    sure = f", {it.confidence}" if it.confidence != "certain" else ""
    yield f"      {place} {it.ctype} {it.name}{where}: {it.purpose} ({it.rule}{sure})"
    if not full:
        return
    yield f"        becomes {it.becomes}: {it.why}"
    if it.shared:
        yield "        interpreters with their own GIL race on it"
    if it.passed_to:
        yield f"        libraries get it by {', '.join(it.passed_to)}"
    yield f"        written {it.written}"
    yield from (
        f"        {line}" for each in it.uses if each.function for line in _use(each, it.path)
    )
    yield from (f"        open: {each.message}" for each in it.decisions)


def _use(each: UseView, home: str) -> Iterator[str]:
    """What a function does; the file is named where it is not the variable's."""
    place = f"line {each.line}" if each.path == home else f"{each.path}:{each.line}"
    how = f"; {each.reaches}" if each.reaches else ""
    init = " during init" if each.init_only else ""
    yield f"{each.function} ({place}) {' and '.join(each.does)}{init}{how}"
    if each.lacks:
        yield f"  cannot reach the state: {each.lacks}"
        yield f"  help: {each.help}"


def _wrapped(names: Sequence[str], indent: str) -> Iterator[str]:
    line = indent
    for name in dict.fromkeys(names):
        if len(line) + len(name) > _WIDTH and line.strip():
            yield line.rstrip()
            line = indent
        line += f"{name}, "
    yield line.rstrip().rstrip(",")


def summary(result: AuditResult) -> list[str]:
    """Counts, for the end of a run."""
    found = result.extensions
    lines = ["Summary"]
    standings = {each.standing: 0 for each in found}
    for each in found:
        standings[each.standing] += 1
    told = ", ".join(f"{count} {name}" for name, count in standings.items())
    lines.append(f"  extensions  {told or 'none'}")
    skipped = sum(len(project.skipped) for project in result.projects)
    lines.append(f"  skipped     {skipped or 'none'}")
    counts = {level: sum(each.moving[level] for each in found) for level in LEVELS}
    shown = ", ".join(f"{level} {count}" for level, count in counts.items() if count)
    constant = sum(it.constant for each in found for it in each.globals)
    lines.append(f"  variables   {shown or 'none that change'}; {constant} constant")
    count = sum(len(each.decisions) + len(each.resources) for each in found)
    lines.append(f"  to decide   {count}")
    return lines
