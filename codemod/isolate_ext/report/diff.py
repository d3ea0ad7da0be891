"""The patch of a run, accepted by ``git apply``."""

from __future__ import annotations

import os
from pathlib import Path

from isolate_ext.report.audit import AuditResult
from isolate_ext.report.results import MigrateResult
from isolate_ext.text import unified_diff


def patch(result: MigrateResult) -> bytes:
    """Every change of every project; paths are relative to the base of the run."""
    return b"".join(
        unified_diff(shown_path(result, project.root, change.path), change.before, change.after)
        for project in result.projects
        for change in project.changes
    )


def proposed(result: AuditResult) -> bytes:
    """What an audit would add to the configuration of each project."""
    changes = (project.proposal for project in result.projects)
    return b"".join(unified_diff(it.path, it.before, it.after) for it in changes if it is not None)


def shown_path(result: MigrateResult, root: Path, path: str) -> str:
    """A file of a project as the user sees it."""
    return os.path.relpath(root / path, result.base).replace(os.sep, "/")
