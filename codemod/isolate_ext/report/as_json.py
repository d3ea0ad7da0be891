"""The result as JSON; ``schema.json`` beside this file describes it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from isolate_ext import __version__
from isolate_ext.report.diff import patch, shown_path
from isolate_ext.report.exits import verdict
from isolate_ext.report.results import (
    Compilation,
    ExtensionResult,
    Finding,
    MigrateResult,
    ProjectResult,
)

VERSION = 1


def to_json(result: MigrateResult) -> str:
    """One document, keys in a fixed order, a line break at the end."""
    return json.dumps(document(result), indent=2) + "\n"


def document(result: MigrateResult) -> dict[str, Any]:
    """The document as plain values."""
    given = verdict(result)
    return {
        "schema": VERSION,
        "tool": "isolate-ext",
        "version": __version__,
        "command": "migrate",
        "dry_run": result.dry_run,
        "exit_code": int(given.code),
        "exit_reason": given.reason,
        "errors": list(result.errors),
        "projects": [_project(result, each) for each in result.projects],
        "patch": patch(result).decode("utf-8", "backslashreplace") if result.dry_run else None,
    }


def _project(result: MigrateResult, project: ProjectResult) -> dict[str, Any]:
    reasons = Counter(it.reason for each in project.extensions for it in each.refusals)
    return {
        "path": project.shown,
        "written": project.written,
        "commits": list(project.commits),
        "floor": f"{project.floor[0]}.{project.floor[1]}",
        "floor_change": project.floor_line,
        "files_changed": [
            {"path": shown_path(result, project.root, it.path), "new": it.before is None}
            for it in project.changes
        ],
        "summary": {
            "files_seen": project.seen,
            "files_parsed": project.parsed,
            "files_partly_parsed": project.partly,
            "levels": _total(each.levels for each in project.extensions),
            "edits": _total(each.edits for each in project.extensions),
            "refusals_by_reason": {str(k): v for k, v in sorted(reasons.items(), key=str)},
        },
        "skipped": [{"extension": name, "why": why} for name, why in project.skipped],
        "notes": list(project.notes),
        "extensions": [_extension(result, project, each) for each in project.extensions],
    }


def _total(counters: Any) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counters:
        total.update(each)
    return dict(sorted(total.items()))


def _extension(
    result: MigrateResult, project: ProjectResult, each: ExtensionResult
) -> dict[str, Any]:
    return {
        "name": each.name,
        "status": each.status,
        "stage": each.stage,
        "sources": list(each.sources),
        "files": list(each.files),
        "levels": dict(each.levels),
        "edits": dict(each.edits),
        "groups": dict(each.groups),
        "refusals": [_finding(result, project, it) for it in each.refusals],
        "review": [_finding(result, project, it) for it in each.notes],
        "compile": _compilation(each.compilation),
        "report": each.report,
    }


def _finding(result: MigrateResult, project: ProjectResult, it: Finding) -> dict[str, Any]:
    return {
        "rule": it.rule,
        "reason": it.reason,
        "path": shown_path(result, project.root, it.path) if it.path else "",
        "line": it.line,
        "column": it.column,
        "symbol": it.symbol,
        "message": it.message,
        "help": it.help,
        "chain": list(it.chain),
        "snippet": it.snippet,
        "review": it.review,
    }


def _compilation(given: Compilation | None) -> dict[str, Any] | None:
    if given is None:
        return None
    return {
        "checked": list(given.checked),
        "why_not": given.why,
        "errors": list(given.errors),
        "warnings": list(given.warnings),
        "edited_not_compiled": {path: list(lines) for path, lines in given.dead.items()},
    }
