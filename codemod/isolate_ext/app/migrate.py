"""Migrate: rewrite the extensions of some projects, or say what would be rewritten."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from isolate_ext.app.compiling import check_all
from isolate_ext.app.crash import report_exception
from isolate_ext.app.describe import describe
from isolate_ext.app.floors import floor_of, raise_declared
from isolate_ext.app.headers import ship_headers
from isolate_ext.app.modelling import Library, fences_in, modelled
from isolate_ext.app.options import MigrateOptions
from isolate_ext.app.planning import Planned, merged, plan, settle
from isolate_ext.app.rulebook import all_rules
from isolate_ext.app.selection import select
from isolate_ext.app.skipping import why_skipped
from isolate_ext.app.targets import Target, find_targets
from isolate_ext.app.writing import commit_stages, dirty, write
from isolate_ext.engine import Rule, Settings, Stage
from isolate_ext.project import CompileCheck, ProjectError
from isolate_ext.report.results import (
    FAILED,
    Compilation,
    ExtensionResult,
    FileChange,
    MigrateResult,
    ProjectResult,
)


def migrate(options: MigrateOptions) -> MigrateResult:
    """Never raises for what the projects hold: their errors are lines of the result."""
    rules = select(all_rules(), options.rules, options.no_rules)
    targets, errors = find_targets(options.paths, options.cflags)
    roots = [target.discovery.root for target in targets]
    result = MigrateResult(_base(roots), options.dry_run, errors=errors, usage=bool(errors))
    for target in targets:
        project = ProjectResult(target.discovery.root, target.shown)
        result.projects.append(project)
        try:
            _Migration(target, rules, options, project).run()
        except ProjectError as error:
            project.changes.clear()
            result.errors.append(str(error))
            result.environment |= error.exit_code == 5
            result.usage |= error.exit_code == 2
    return result


def _base(roots: Sequence[Path]) -> Path:
    """The folder that shown paths are relative to: here, or where the projects are."""
    here = Path.cwd()
    if not roots or all(root.is_relative_to(here) for root in roots):
        return here
    return Path(os.path.commonpath(roots))


class _Migration:
    """One project, from its files to its changes."""

    def __init__(
        self, target: Target, rules: Sequence[Rule], options: MigrateOptions, result: ProjectResult
    ) -> None:
        self.target = target
        self.discovery = target.discovery
        self.rules = rules
        self.options = options
        self.result = result
        self.library = Library(self.discovery.root)
        self.floor = floor_of(self.discovery, options.target)
        self.failed: list[ExtensionResult] = []

    def run(self) -> None:
        """Plan, settle, check, describe, write.  Raises ProjectError when nothing is written."""
        result = self.result
        result.floor = self.floor
        result.notes += self.discovery.notes
        planned = self.plan()
        settle(planned)
        compilations = self.compile(planned)
        for each in planned:
            compilation = compilations.get(each.found.name)
            result.extensions.append(describe(each, self.rules, self.library, compilation))
        result.extensions += self.failed
        result.changes += self.changes(planned)
        self.write(planned)

    def plan(self) -> list[Planned]:
        settings = Settings(floor=self.floor, guarded=self.options.guarded)
        planned = []
        for found in self.discovery.extensions:
            why = why_skipped(found, self.target)
            if why is not None:
                self.result.skipped.append((found.name, why))
                continue
            try:
                each = plan(self.library, found, self.rules, settings, self.options.stage,
                            self.options.commit)
            except ProjectError:
                raise
            except Exception as error:
                report = report_exception(f"migrate-{found.short_name}", error)
                self.failed.append(ExtensionResult(
                    found.name, found.sources, FAILED, report=report
                ))
                continue
            self.count(each)
            planned.append(each)
        return planned

    def count(self, each: Planned) -> None:
        """Files seen, parsed, and parsed in part; a file of several extensions counts for each."""
        files = each.outcome.extension.files
        self.result.seen += len(each.found.files)
        self.result.parsed += len(modelled(each.found))
        self.result.partly += sum(1 for parsed in files.values() if fences_in([parsed]))

    def compile(self, planned: Sequence[Planned]) -> dict[str, Compilation]:
        if not self.options.compile:
            return {}
        early = self.options.commit or self.options.stage < Stage.ISOLATED
        stages = [stage for stage in Stage if stage < self.options.stage] if early else []
        check = CompileCheck(self.discovery.root)
        return check_all(check, self.library, planned, [*stages, self.options.stage])

    def changes(self, planned: Sequence[Planned]) -> list[FileChange]:
        """The C files, and what of the build files must change with them."""
        texts = merged(planned)
        read = self.library.read
        found = [FileChange(path, read[path].data if path in read else None, text)
                 for path, text in texts.items()]
        if not found or self.target.named:
            return sorted(found, key=lambda each: each.path)
        raised, line = raise_declared(self.discovery, self.floor)
        self.result.floor_line = line
        build = ship_headers(self.discovery, planned, raised)
        found += [FileChange(path, before, after) for path, (before, after) in build.items()]
        return sorted(found, key=lambda each: each.path)

    def write(self, planned: Sequence[Planned]) -> None:
        if self.options.dry_run or not self.result.changes:
            return
        if self.options.commit:
            commit_stages(self.discovery.root, self.library, planned, self.options.stage, self.result)
            return
        if not self.options.allow_dirty:
            dirty(self.discovery.root, self.result.changes)
        write(self.discovery.root, self.library, self.result.changes)
        self.result.written = True
