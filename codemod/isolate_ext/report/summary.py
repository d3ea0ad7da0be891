"""The last lines of every run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from isolate_ext.report.paint import Paint, plain
from isolate_ext.report.results import MigrateResult, reasons, total


def summary(result: MigrateResult, paint: Paint = plain) -> list[str]:
    """Counts of files, globals, edits and refusals; then what changes for users."""
    found = result.extensions
    skipped = Counter(it.why for project in result.projects for it in project.skipped)
    levels = total(each.levels for each in found)
    edits = total(each.edits for each in found)
    groups = sum(len(each.groups) for each in found)
    rows = [
        ("files", _files(result)),
        ("extensions", _listed(Counter(each.status for each in found))),
        ("skipped", _listed(skipped)),
        ("globals", _listed(levels)),
        ("edits", f"{_listed(edits)}, in {groups} groups" if edits else "none"),
        ("refused", _listed(reasons(found))),
    ]
    lines = [paint("bold", "Summary")]
    lines += [f"  {name:<12}{text}" for name, text in rows]
    changes = for_users(result)
    if changes:
        lines += [paint("bold", "What changes for users"), *(f"  {line}" for line in changes)]
    lines += _ending(result)
    return lines


def for_users(result: MigrateResult) -> list[str]:
    """Floor, flags, sizes, pickling; each line once."""
    lines: dict[str, None] = {}
    for project in result.projects:
        if project.floor_line:
            lines[project.floor_line] = None
        for each in project.extensions:
            several = len(result.extensions) > 1
            lines.update({f"{each.name}: {it}" if several else it: None for it in each.users})
    return list(lines)


def _files(result: MigrateResult) -> str:
    projects = result.projects
    seen = sum(each.seen for each in projects)
    parsed = sum(each.parsed for each in projects)
    partly = sum(each.partly for each in projects)
    text = f"{seen} seen, {parsed} parsed"
    if partly:
        text += f" ({partly} of them in part)"
    return f"{text}, {seen - parsed} without Python" if seen > parsed else text


def _listed(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {number}" for name, number in ordered if number) or "none"


def _ending(result: MigrateResult) -> list[str]:
    lines = []
    for project in result.projects:
        lines += [f"committed: {subject}" for subject in project.commits]
    files = sum(len(project.changes) for project in result.projects)
    written = sum(len(project.changes) for project in result.projects if project.written)
    if result.dry_run and files:
        lines.append(f"{files} files would change; nothing was written (dry run)")
    elif files:
        lines.append(f"{written} files written")
    elif not result.errors:
        lines.append("nothing to change")
    return lines
