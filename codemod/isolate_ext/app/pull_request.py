"""Pull request: a project is verified, and what its migration changes is told beside the proof."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from isolate_ext.app.migrate import migrate
from isolate_ext.app.options import MigrateOptions
from isolate_ext.app.verify import VerifyOptions, verify
from isolate_ext.project import ProjectError
from isolate_ext.report.pull_request import PullRequest
from isolate_ext.report.results import MigrateResult
from isolate_ext.verify.settings import Trees

NO_ORIGINAL = "--pr-body needs the original: no migration is on record, name it with --before"


def pull_request(options: VerifyOptions, say: Callable[[str], None]) -> PullRequest:
    """The ladder, and the groups of edits that lead from the original to the project as it is.

    Raises ProjectError as ``verify`` does, and where there is no original.
    """
    told: list[tuple[MigrateResult, tuple[str, ...]]] = []

    def look(trees: Trees) -> None:
        if trees.before is None:
            raise ProjectError(NO_ORIGINAL, str(options.path))
        say("planning the migration of the original")
        made = migrate(MigrateOptions((trees.before,), dry_run=True))
        told.append((made, _edited(made, trees.after)))

    ladder = verify(options, say, look)
    return PullRequest(ladder, *told[0])


def _edited(made: MigrateResult, tree: Path) -> tuple[str, ...]:
    """The files that the migration changes and that are not as it writes them."""
    changes = [change for project in made.projects for change in project.changes]
    return tuple(change.path for change in changes if _bytes(tree / change.path) != change.after)


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
