"""The audit as tables: Markdown for people, CSV for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from isolate_ext.report.audit import (
    LEVELS,
    AuditedExtension,
    AuditResult,
    GlobalView,
    readiness,
)
from isolate_ext.report.audit_text import compared, gated

_HEAD = (
    "| variable | where | class | rule | becomes | used by |",
    "|---|---|---|---|---|---|",
)
COLUMNS = (
    "project", "extension", "symbol", "type", "path", "line", "column", "function", "level",
    "constant", "class", "rule", "confidence", "becomes", "why", "written", "shared", "readers",
    "writers", "escapes_to", "passed_to", "open",
)  # fmt: skip


def as_csv(result: AuditResult) -> str:
    """One row a variable, constants included."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for project in result.projects:
        for each in project.extensions:
            for it in each.globals:
                writer.writerow([project.shown, each.name, *_row(it)])
    return out.getvalue()


def _row(it: GlobalView) -> Iterator[object]:
    yield from (it.symbol, it.ctype, it.path, it.line, it.column, it.function, it.level)
    yield from (str(it.constant).lower(), it.purpose, it.rule, it.confidence, it.becomes, it.why)
    yield from (it.written, str(it.shared).lower(), " ".join(readers(it)), " ".join(writers(it)))
    yield from (" ".join(it.escapes_to), " ".join(it.passed_to))
    yield "; ".join(each.message for each in it.decisions)


def readers(it: GlobalView) -> list[str]:
    """The functions that read it, or give it to another."""
    return [each.function for each in it.uses if each.function and "reads" in each.does]


def writers(it: GlobalView) -> list[str]:
    """The functions that may write it."""
    return [each.function for each in it.uses if each.function and set(each.does) - {"reads"}]


def as_markdown(result: AuditResult) -> str:
    """A heading for each extension and a table for each level."""
    lines: list[str] = []
    for project in result.projects:
        lines += [f"# {_escaped(project.shown)}", ""]
        for each in project.extensions:
            lines += _extension(each)
        lines += [f"- skipped: {_escaped(f'{it.name}: {it.why}')}" for it in project.skipped]
        lines += [""] if project.skipped else []
    return "\n".join(lines).rstrip() + "\n"


def _extension(each: AuditedExtension) -> Iterator[str]:
    yield from (f"## {_escaped(each.name)}", "", f"**{_escaped(readiness(each))}**", "")
    notes = [gated(gate) for gate in each.gates]
    notes += compared(each.binary) if each.binary is not None else []
    notes += [f"to decide: {it.path}:{it.line}: {it.message}; {it.help}" for it in each.decisions]
    if notes:
        yield from (f"- {_escaped(note.strip())}" for note in notes)
        yield ""
    for level in LEVELS:
        here = [it for it in each.globals if it.level == level and not it.constant]
        if here:
            yield from (f"### {level}", "", *_HEAD)
            yield from map(_line, here)
            yield ""
    constant = [f"`{it.name}`" for it in each.globals if it.constant]
    if constant:
        yield from (f"Constant: {', '.join(dict.fromkeys(constant))}", "")


def _line(it: GlobalView) -> str:
    users = dict.fromkeys(each.function for each in it.uses if each.function)
    sure = f", {it.confidence}" if it.confidence != "certain" else ""
    cells = (
        f"`{it.ctype} {it.name}`", f"{it.path}:{it.line}", it.purpose, f"{it.rule}{sure}",
        it.becomes, ", ".join(f"`{each}`" for each in users),
    )  # fmt: skip
    return f"| {' | '.join(map(_escaped, cells))} |"


def _escaped(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ").replace("<", "&lt;")
