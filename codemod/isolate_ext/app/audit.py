"""Audit: the level of every variable with static storage, and how far each extension is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from isolate_ext.app.audit_views import Described, decided
from isolate_ext.app.binaries import beside_binary, library_of
from isolate_ext.app.crash import report_exception
from isolate_ext.app.floors import floor_of
from isolate_ext.app.modelling import Library, one_by_one, remodelled
from isolate_ext.app.planning import Planned, settle
from isolate_ext.app.proposing import proposals
from isolate_ext.app.rulebook import all_rules
from isolate_ext.app.skipping import protect, split_notes, why_skipped
from isolate_ext.app.targets import Target, base_of, find_targets
from isolate_ext.app.user_decisions import UserDecisions, silent
from isolate_ext.app.writing import write
from isolate_ext.engine import Rule, Settings, Stage, survey
from isolate_ext.model.extension import Extension
from isolate_ext.placement.clauses import Clause
from isolate_ext.placement.readiness import Standing
from isolate_ext.project import DiscoveredExtension, ProjectError
from isolate_ext.project.configuration import ISOLATED as POLICY_ISOLATED
from isolate_ext.project.configuration import OPT_OUT
from isolate_ext.project.configuration_text import with_proposals
from isolate_ext.project.errors import ENVIRONMENT
from isolate_ext.project.import_gates import import_gates
from isolate_ext.report.audit import AuditedExtension, AuditedProject, AuditResult, GateView
from isolate_ext.report.results import FAILED, ExtensionResult, FileChange, Skipped


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """``binary`` is a library to compare with: of the one extension that it is named after.

    With ``propose`` the configuration that is still to be written is proposed, with ``apply`` it
    is written.
    """

    paths: tuple[Path, ...]
    cflags: tuple[str, ...] = ()
    binary: Path | None = None
    propose: bool = False
    apply: bool = False


def audit(options: AuditOptions) -> AuditResult:
    """Nothing but a proposal is written.  Errors are lines of the result."""
    targets, errors = find_targets(options.paths, options.cflags)
    result = AuditResult(errors=errors, usage=bool(errors))
    base = base_of([target.discovery.root for target in targets])
    rules = all_rules()
    for target in targets:
        project = AuditedProject(target.shown)
        result.projects.append(project)
        try:
            _Audit(target, rules, options, project, base).run()
        except ProjectError as error:
            result.errors += error.lines
            result.environment |= error.exit_code == ENVIRONMENT
            result.usage |= error.exit_code != ENVIRONMENT
    return result


class _Audit:
    """One project."""

    def __init__(
        self, target: Target, rules: Sequence[Rule], options: AuditOptions, result: AuditedProject,
        base: Path,
    ) -> None:  # fmt: skip
        self.base = base
        self.discovery = target.discovery
        self.rules = rules
        self.options = options
        self.result = result
        self.library = Library(self.discovery.root)
        self.settings = Settings(floor=floor_of(self.discovery, None))
        self.named = target.named
        self.decided = UserDecisions(target, base)
        self.planned: list[tuple[Planned, AuditedExtension]] = []

    def run(self) -> None:
        """Each extension by itself; its trees are gone before the next one's are made."""
        notes, skipped = split_notes(self.discovery.notes)
        self.result.notes += notes
        self.result.skipped += skipped
        found = self.discovery.extensions
        gates = import_gates(self.discovery.root, [each.name for each in found])
        for each in one_by_one(self.library, found):
            audited = self.of(each)
            if audited is not None:
                audited.gates = tuple(
                    GateView(it.module, self.shown(it.path), it.line, not it.fallback)
                    for it in gates[each.name]
                )
                self.result.extensions.append(audited)
        failed = any(each.standing == FAILED for each in self.result.extensions)
        self.decided.check(not (self.result.skipped or failed or self.named))
        self.settle()
        if self.options.propose:
            self.propose()

    def propose(self) -> None:
        """Entries of the configuration for what is to be decided."""
        root = self.discovery.root
        done = {it.name for each, it in self.planned if each.stage is Stage.ISOLATED}
        found = with_proposals(root, proposals(self.result.extensions, done))
        if found is None:
            return
        path, before, after = found
        self.result.proposal = FileChange(self.shown(path), before, after)
        if self.options.apply:
            write(root, self.library, [FileChange(path, before, after)])

    def settle(self) -> None:
        """What the migration leaves alone because of its files, or of others that share them."""
        for each, _ in self.planned:
            protect(each, self.library, self.named)
        settle([each for each, _ in self.planned])
        for each, audited in self.planned:
            audited.decisions += tuple(decided(it, self.shown) for it in each.whole)
            if each.whole and audited.standing == Standing.UNATTENDED.value:
                audited.standing = Standing.DECISIONS.value

    def shown(self, path: str) -> str:
        """A file of the project as the user sees it."""
        return os.path.relpath(self.discovery.root / path, self.base).replace(os.sep, "/")

    def of(self, found: DiscoveredExtension) -> AuditedExtension | None:
        """None for an extension that is skipped."""
        why = why_skipped(found)
        if why is not None:
            self.result.skipped.append(Skipped(found.name, why))
            return None
        try:
            return self._look(found)
        except ProjectError as error:
            if error.exit_code == ENVIRONMENT:
                raise
            self.result.skipped.append(Skipped(found.name, str(error)))
            return None
        except Exception as error:
            report = report_exception(f"audit-{found.short_name}", error)
            return AuditedExtension(found.name, found.sources, report=report)

    def _look(self, found: DiscoveredExtension) -> AuditedExtension:
        with remodelled(self.library, found) as (extension, reparse):
            settings = replace(self.settings, choices=self.decided.of(extension))
            surveyed = survey(extension, self.rules, settings, reparse)
            described = Described(surveyed, self.library, self.shown).extension(found)
            self._decide(found, extension, described)
            library = library_of(self.discovery.root, found, self.options.binary)
            if library is not None:
                known = described.globals
                described.binary = beside_binary(
                    library, found, surveyed.extension, known, self.shown
                )
            outcome, owned = surveyed.outcome, frozenset(found.files)
            told = ExtensionResult(found.name, found.sources)
            plan = Planned(found, told, outcome.stage, outcome.texts, owned)
            self.planned.append((plan, described))
            return described

    def _decide(
        self, found: DiscoveredExtension, extension: Extension, audited: AuditedExtension
    ) -> None:
        """An extension that the user takes out needs no decisions any more."""
        policy = self.decided.policy(found)
        if policy is None or policy.value == POLICY_ISOLATED:
            return
        if policy.value == OPT_OUT and silent(extension):
            return
        audited.standing = Standing.OPTED_OUT.value
        audited.decisions, audited.decided = (), policy.told


def rule_texts() -> dict[str, str]:
    """What a finding may refer to by id: the rules for levels, and those of the migration."""
    clauses = {each.name: each.value for each in Clause}
    return clauses | {each.id: each.title for each in all_rules()}
