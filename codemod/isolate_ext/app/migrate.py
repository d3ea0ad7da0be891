"""Migrate: rewrite the extensions of some projects, or say what would be rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from isolate_ext.app.changes import changes_of
from isolate_ext.app.committing import commit_stages, require_repository
from isolate_ext.app.crash import report_exception
from isolate_ext.app.dead_code import note_dead_lines
from isolate_ext.app.floors import floor_of
from isolate_ext.app.modelling import Library, modelled, one_by_one
from isolate_ext.app.options import MigrateOptions
from isolate_ext.app.planning import Planned, plan, settle
from isolate_ext.app.rulebook import all_rules
from isolate_ext.app.selection import select
from isolate_ext.app.skipping import protect, split_notes, why_skipped
from isolate_ext.app.targets import Target, base_of, find_targets, roots_of
from isolate_ext.app.user_decisions import UserDecisions, left_out, note_of
from isolate_ext.app.writing import (
    require_clean,
    require_unchanged,
    take_back_interrupted,
    write,
)
from isolate_ext.engine import Rule, Settings, Stage
from isolate_ext.project import (
    CompileCheck,
    DiscoveredExtension,
    ProjectError,
    default_interpreters,
)
from isolate_ext.project.configuration import GUARD, OPT_OUT
from isolate_ext.project.errors import ENVIRONMENT
from isolate_ext.report.results import (
    FAILED,
    ExtensionResult,
    MigrateResult,
    ProjectResult,
    Skipped,
)


def migrate(options: MigrateOptions) -> MigrateResult:
    """The errors of a project are lines of the result.  Raises ProjectError for a wrong option."""
    rules = select(all_rules(), options.rules, options.no_rules)
    taken_back = [] if options.dry_run else take_back_interrupted(roots_of(options.paths))
    targets, errors = find_targets(options.paths, options.cflags)
    roots = [target.discovery.root for target in targets]
    result = MigrateResult(base_of(roots), options.dry_run, errors=errors, usage=bool(errors))
    for target in targets:
        project = ProjectResult(target.discovery.root, target.shown, notes=taken_back)
        taken_back = []
        result.projects.append(project)
        try:
            _Migration(target, rules, options, project, result.base).run()
        except ProjectError as error:
            project.error = str(error)
            result.errors += error.lines
            result.environment |= error.exit_code == ENVIRONMENT
            result.usage |= error.exit_code != ENVIRONMENT
    return result


class _Migration:
    """One project, from its files to its changes."""

    def __init__(
        self, target: Target, rules: Sequence[Rule], options: MigrateOptions,
        result: ProjectResult, base: Path,
    ) -> None:  # fmt: skip
        self.target = target
        self.rules = rules
        self.options = options
        self.result = result
        self.library = Library(target.discovery.root)
        self.floor = floor_of(target.discovery, options.target)
        self.decided = UserDecisions(target, base)
        self.check = self._compiler() if options.compile else None

    def _compiler(self) -> CompileCheck:
        interpreters = default_interpreters(self.floor)
        return CompileCheck(self.target.discovery.root, interpreters=interpreters)

    def run(self) -> None:
        """Plan, settle, describe, write.  Raises ProjectError when nothing is written."""
        result = self.result
        result.floor = self.floor
        notes, skipped = split_notes(self.target.discovery.notes)
        result.notes += notes
        result.skipped += skipped
        planned = self.plan_all()
        whole = not (self.result.skipped or self.result.extensions or self.target.named)
        self.decided.check(whole)
        for each in planned:
            protect(each, self.library, self.target.named)
        settle(planned)
        if self.check is not None:
            note_dead_lines(self.check, self.library, planned)
        result.extensions += [each.result() for each in planned]
        result.changes, result.floor_line = changes_of(
            self.target, self.library, planned, self.floor
        )
        self.write(planned)

    def plan_all(self) -> list[Planned]:
        """Each extension by itself; its trees are gone before the next one's are made."""
        planned = []
        for found in one_by_one(self.library, self.target.discovery.extensions):
            each = self.plan(found)
            if each is not None:
                planned.append(each)
        return planned

    def plan(self, found: DiscoveredExtension) -> Planned | None:
        """None for an extension that is skipped, and for one that we fail on."""
        why = why_skipped(found)
        if why is not None:
            self.result.skipped.append(Skipped(found.name, why))
            return None
        policy = self.decided.policy(found)
        guarded = self.options.guarded or (policy is not None and policy.value == GUARD)
        settings = Settings(floor=self.floor, guarded=guarded)
        try:
            if policy is not None and policy.value == OPT_OUT:
                each = left_out(self.library, found, policy)
            else:
                each = plan(
                    self.library, found, self.rules, settings, self.options.stage,
                    self.options.commit, self.check, self.decided.of,
                )  # fmt: skip
                if policy is not None and guarded:
                    each.described.notes.append(note_of(policy))
        except ProjectError as error:
            self.result.skipped.append(Skipped(found.name, str(error)))
            return None
        except Exception as error:
            report = report_exception(f"migrate-{found.short_name}", error)
            failed = ExtensionResult(found.name, found.sources, FAILED, report=report)
            self.result.extensions.append(failed)
            return None
        self.count(each)
        return each

    def count(self, each: Planned) -> None:
        """Files seen, parsed, and parsed in part; a file of several extensions counts for each."""
        self.result.seen += len(each.found.files)
        self.result.parsed += len(modelled(each.found))
        self.result.partly += each.partly

    def write(self, planned: Sequence[Planned]) -> None:
        root, changes = self.target.discovery.root, self.result.changes
        require_unchanged(self.library)
        if self.options.dry_run or not changes:
            return
        if self.options.commit:
            require_repository(root)
        if self.options.commit or not self.options.allow_dirty:
            require_clean(root, [change.path for change in changes])
        if self.options.commit:
            self.commit(planned)
        else:
            write(root, self.library, changes)
        self.result.written = True

    def commit(self, planned: Sequence[Planned]) -> None:
        stages = [
            (stage, changes_of(self.target, self.library, planned, self.floor, stage)[0])
            for stage in Stage
            if stage <= self.options.stage
        ]
        names = ", ".join(each.found.short_name for each in planned if each.texts())
        self.result.commits = commit_stages(self.target.discovery.root, self.library, stages, names)
