"""Results as JSON; ``schema.json`` beside this file describes every document."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from isolate_ext import __version__
from isolate_ext.report.audit import AuditedExtension, AuditResult, readiness
from isolate_ext.report.diff import patch, shown_path
from isolate_ext.report.exits import Verdict, audited, batch_verdict, verdict, verified
from isolate_ext.report.ladder import Ladder
from isolate_ext.report.results import (
    Compilation,
    ExtensionResult,
    Finding,
    MigrateResult,
    ProjectResult,
    reasons,
    total,
)
from isolate_ext.report.views import BatchResult

SCHEMA = 1


def document(command: str, given: Verdict, **more: Any) -> str:
    """One document, keys in a fixed order, a line break at the end."""
    head = {
        "schema": SCHEMA,
        "tool": "isolate-ext",
        "version": __version__,
        "command": command,
        "exit_code": int(given.code),
        "exit_reason": given.reason,
    }
    return json.dumps({**head, **more}, indent=2, default=asdict) + "\n"


def migration(result: MigrateResult) -> str:
    """The document of ``migrate``; the patch is in it for a dry run."""
    return document(
        "migrate",
        verdict(result),
        errors=result.errors,
        dry_run=result.dry_run,
        projects=[_project(result, each) for each in result.projects],
        patch=patch(result).decode("utf-8", "backslashreplace") if result.dry_run else None,
    )


def _project(result: MigrateResult, project: ProjectResult) -> dict[str, Any]:
    found = project.extensions
    return {
        "path": project.shown,
        "written": project.written,
        "error": project.error,
        "commits": project.commits,
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
            "levels": dict(sorted(total(each.levels for each in found).items())),
            "edits": dict(sorted(total(each.edits for each in found).items())),
            "refusals_by_reason": dict(sorted(reasons(found).items())),
        },
        "skipped": [asdict(each) for each in project.skipped],
        "notes": project.notes,
        "extensions": [_extension(result, project, each) for each in found],
    }


def _extension(
    result: MigrateResult, project: ProjectResult, each: ExtensionResult
) -> dict[str, Any]:
    return {
        "name": each.name,
        "status": each.status,
        "stage": each.stage,
        "sources": each.sources,
        "files": each.files,
        "levels": each.levels,
        "edits": each.edits,
        "groups": each.groups,
        "types": each.types,
        "users": each.users,
        "refusals": [_finding(result, project, it) for it in each.refusals],
        "notes": [_finding(result, project, it) for it in each.notes],
        "compile": _compilation(each.compilation),
        "report": each.report,
    }


def _finding(result: MigrateResult, project: ProjectResult, it: Finding) -> dict[str, Any]:
    return {**asdict(it), "path": shown_path(result, project.root, it.path)}


def _compilation(given: Compilation | None) -> dict[str, Any] | None:
    if given is None:
        return None
    return {
        "checked": given.checked,
        "why_not": given.why,
        "errors": given.errors,
        "warnings": given.warnings,
        "edited_not_compiled": given.dead,
    }


def batch(result: BatchResult) -> str:
    """The document of ``batch``."""
    rows = [
        {
            "project": row.project,
            "result": row.result,
            "seconds": round(row.seconds, 3),
            "detail": row.detail,
            "extensions": row.extensions,
            "refusals_by_reason": row.reasons,
            "files": row.files,
            "report": row.report,
        }
        for row in result.rows
    ]
    given = batch_verdict(result)
    return document("batch", given, errors=result.errors, dry_run=result.dry_run, rows=rows)


def audit(result: AuditResult) -> str:
    """The document of ``audit``."""
    projects = [
        {
            "path": project.shown,
            "extensions": [_audited(each) for each in project.extensions],
            "skipped": project.skipped,
            "notes": project.notes,
        }
        for project in result.projects
    ]
    return document("audit", audited(result), errors=result.errors, projects=projects)


def _audited(each: AuditedExtension) -> dict[str, Any]:
    return {**asdict(each), "readiness": readiness(each), "levels": each.levels}


def verification(result: Ladder) -> str:
    """The document of ``verify``."""
    return document("verify", verified(result), errors=[], **asdict(result))
