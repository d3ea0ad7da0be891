"""The audit of one extension, from what the engine found, for people and programs to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isolate_ext.app.describe import reason_id
from isolate_ext.app.modelling import Library
from isolate_ext.app.places import Places
from isolate_ext.engine import Survey
from isolate_ext.model.entities import CType, Definition
from isolate_ext.placement.evidence import Deed, Touch
from isolate_ext.placement.levels import Access, Placed, during_init, levels, without_use
from isolate_ext.placement.readiness import readiness
from isolate_ext.placement.refusals import Refusal
from isolate_ext.project import DiscoveredExtension
from isolate_ext.report.audit import AuditedExtension, DecisionView, GlobalView, UseView
from isolate_ext.report.results import Finding

Shown = Callable[[str], str]
"""A path of a project as the user sees it."""
Offset = Callable[[str, int], int]
"""A place in a file of the model as one in the file on disk."""


class Described:
    """Turns the survey of one extension into data; places are those of the files on disk."""

    def __init__(self, surveyed: Survey, library: Library, shown: Shown) -> None:
        self.shown = shown
        self.surveyed = surveyed
        self.outcome = surveyed.outcome
        self.places = Places(surveyed.original.files, library.read)
        self.during_init = during_init(surveyed.extension)

    def extension(self, found: DiscoveredExtension) -> AuditedExtension:
        outcome, extension = self.outcome, self.surveyed.extension
        hooks = outcome.decisions.resources if outcome.decisions is not None else ()
        ready = readiness(extension, outcome.already, outcome.refusals, hooks)
        seen = [
            self._global(each, self.surveyed.places.offset)
            for each in levels(extension, outcome.decisions, outcome.refusals)
        ]
        seen += [
            self._global(each, lambda _, at: at)
            for each in without_use(self.surveyed.original, self.surveyed.gone)
        ]
        seen.sort(key=lambda each: (each.path, each.start))
        return AuditedExtension(
            found.name,
            found.sources,
            ready.standing.value,
            tuple(map(self._decision, ready.decisions)),
            tuple(map(self._decision, ready.resources)),
            globals=tuple(seen),
            fenced=sum(len(each.fences) for each in self.surveyed.original.files.values()),
        )

    def _global(self, each: Placed, offset: Offset) -> GlobalView:
        variable, home = each.variable, each.variable.home
        start = offset(home.path, home.name_start)
        line, column, _ = self.places.of(home.path, start)
        escapes = dict.fromkeys(
            it.callee for it in each.evidence.touches if it.deed is Deed.LETS_GO and it.callee
        )
        return GlobalView(
            variable.key, variable.name, variable.function.name if variable.function else "",
            spelled(variable.ctype), variable.kind.value, self.shown(home.path), line, column,
            start, start + len(variable.name.encode()),
            each.classified.clause.name, each.classified.purpose.value, each.level.value,
            each.constant, each.becomes.value, each.classified.confidence.value, each.why,
            _written(each), each.shared, tuple(escapes), each.evidence.passed_to,
            tuple(self._uses(each, offset)), tuple(map(self._decision, each.open)),
            variable.made_by_macro,
        )  # fmt: skip

    def _uses(self, each: Placed, offset: Offset) -> Iterator[UseView]:
        accesses = {it.function: it for it in each.accesses}
        by_function: dict[Definition | None, list[Touch]] = {}
        for touch in each.evidence.touches:
            by_function.setdefault(touch.inside, []).append(touch)
        for function, touches in by_function.items():
            access = accesses.get(function) if function is not None else None
            yield self._use(function, touches, access, offset)

    def _use(
        self, function: Definition | None, touches: list[Touch], access: Access | None,
        offset: Offset,
    ) -> UseView:  # fmt: skip
        first = touches[0]
        line, _, _ = self.places.of(first.path, offset(first.path, first.start))
        lacking = access.lacking if access is not None else None
        return UseView(
            function.name if function is not None else "",
            self.shown(first.path),
            line,
            tuple(dict.fromkeys(it.deed.value for it in touches)),
            tuple(dict.fromkeys(it.callee for it in touches if it.callee)),
            function is not None and function.routine in self.during_init,
            _reaches(access),
            lacking.message if lacking is not None else "",
            lacking.help if lacking is not None else "",
        )

    def _decision(self, refusal: Refusal) -> DecisionView:
        at = self.surveyed.places.offset(refusal.path, refusal.start)
        line, column, _ = self.places.of(refusal.path, at)
        return DecisionView(
            refusal.rule, reason_id(refusal.reason), refusal.message, refusal.help,
            self.shown(refusal.path), line, column, refusal.symbol,
        )  # fmt: skip


def decided(it: Finding, shown: Shown) -> DecisionView:
    """A refusal of a whole extension, for the sake of a file."""
    path = shown(it.path)
    message = f"{path}: {it.message}"
    return DecisionView(
        it.rule, it.reason or "", message, it.help, path, it.line, it.column, it.symbol
    )


def spelled(ctype: CType) -> str:
    """A type as it would be written without a name."""
    if ctype.function_pointer:
        return f"{ctype.base} (*)()"
    stars = "*" * ctype.pointers
    arrays = "".join(f"[{size}]" for size in ctype.arrays)
    words = [*ctype.qualifiers, f"{ctype.base}{' ' if stars else ''}{stars}"]
    if ctype.const and ctype.pointers and "const" not in ctype.qualifiers:
        words.append("const")
    return " ".join(words) + arrays


def _written(each: Placed) -> str:
    if not each.evidence.writes:
        return "never"
    return "by init alone" if each.early else "at run time"


def _reaches(access: Access | None) -> str:
    if access is None or access.route is None:
        return ""
    return access.route.kind.value
