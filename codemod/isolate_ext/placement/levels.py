"""The level of every variable with static storage, as placement decides it, and with evidence.

What moves, and what stays and why, is what the migration does; the rules of handbook section 3 say
what each variable is for, and where it belongs as long as the migration is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from enum import Enum

import msgspec
from msgspec.structs import replace

from isolate_ext.model.entities import Definition, Kind, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.init import init_closure, module_inits
from isolate_ext.model.macro_variables import macro_variables
from isolate_ext.placement.classify import classify
from isolate_ext.placement.clauses import Classified, Clause, Confidence
from isolate_ext.placement.decisions import Decisions, Level, Route, RouteKind
from isolate_ext.placement.evidence import Evidence, evidence_of
from isolate_ext.placement.fields import KEPT_STRING, lives
from isolate_ext.placement.refusals import Refusal


class Becomes(Enum):
    """What the migration makes of a variable."""

    MEMBER = "a member of the module state"
    HEAP_TYPE = "a heap type, kept in the module state"
    STATE = "the module state itself"
    LOCAL = "a variable of the function that uses it"
    NOTHING = "nothing: it is not needed any more"
    STATIC = "static, as it is"
    UNDECIDED = "undecided"


class Access(msgspec.Struct, frozen=True, eq=False):
    """How one function that uses a variable reaches the state; ``lacking`` says why it cannot."""

    function: Definition
    route: Route | None
    lacking: Refusal | None = None


class Placed(msgspec.Struct, frozen=True, eq=False):
    """A variable, its level, why it is that one, who uses it, and what keeps it from its level.

    ``shared`` says that interpreters with their own GIL would race on it; ``early`` that nothing
    but the init function, and what it alone calls, writes it.
    """

    variable: Variable
    level: Level
    becomes: Becomes
    classified: Classified
    why: str
    evidence: Evidence
    shared: bool = False
    early: bool = False
    accesses: tuple[Access, ...] = ()
    open: tuple[Refusal, ...] = ()

    @property
    def constant(self) -> bool:
        """Nothing writes it at run time."""
        return self.classified.clause in (Clause.C2, Clause.C5)


def levels(
    extension: Extension, decisions: Decisions | None, refusals: Iterable[Refusal] = ()
) -> list[Placed]:
    """Every variable by file and place.

    ``decisions`` are None where the extension as a whole is refused; ``refusals`` are all that the
    migration gives, those of rules included.
    """
    found = _Levels(extension, decisions, refusals)
    variables = (*extension.variables.values(), *macro_variables(extension))
    placed = [found.of(each) for each in variables]
    return sorted(placed, key=lambda it: (it.variable.home.path, it.variable.home.name_start))


def without_use(original: Extension, keys: Iterable[str]) -> list[Placed]:
    """Variables of the extension as it was that the migration does without, given by key."""
    early = during_init(original)
    return [_without_use(original, original.variables[key], early) for key in keys]


def _without_use(original: Extension, variable: Variable, early: frozenset[str]) -> Placed:
    classified = classify(original, variable, early)
    dead = variable.definitions and not lives(variable)
    why = "no supported Python compiles it" if dead else "the migration does without it"
    level, evidence = classified.clause.level, evidence_of(original, variable)
    return Placed(variable, level, Becomes.NOTHING, classified, why, evidence)


def during_init(extension: Extension) -> frozenset[str]:
    """Keys of the routines that only run while the module is made."""
    closures = [init_closure(extension, init) for init in module_inits(extension)]
    return frozenset().union(*closures)


class _Levels:
    """What each variable is asked with."""

    def __init__(
        self, extension: Extension, decisions: Decisions | None, refusals: Iterable[Refusal]
    ) -> None:
        self.extension = extension
        self.decisions = decisions
        self.during_init = during_init(extension)
        self.refused: dict[str, list[Refusal]] = defaultdict(list)
        for each in refusals:
            if each.symbol:
                self.refused[each.symbol].append(each)
        stays = decisions.stays if decisions is not None else []
        self.stays = {each.symbol: each for each in stays}

    def of(self, variable: Variable) -> Placed:
        classified = classify(self.extension, variable, self.during_init)
        evidence = evidence_of(self.extension, variable)
        level, becomes, why = self._placed(variable, classified)
        stay = self.stays.get(variable.key)
        still = tuple(self.refused.get(variable.key, ()))
        if still and becomes in (Becomes.STATIC, Becomes.MEMBER, Becomes.HEAP_TYPE):
            becomes = Becomes.UNDECIDED
            level = level if stay is not None else _wanted(variable, classified)
        choice = self.decisions.chosen.get(variable.key) if self.decisions is not None else None
        if choice is not None and not still:
            classified = replace(classified, confidence=Confidence.DECIDED)
            why = choice.told
        writes = evidence.writes
        early = bool(writes) and all(
            each.inside is not None and each.inside.routine in self.during_init for each in writes
        )
        accesses = self._accesses(evidence) if becomes in _REACHED else ()
        return Placed(
            variable, level, becomes, classified, why, evidence,
            stay is not None and stay.shared, early, accesses, still,
        )  # fmt: skip

    def _placed(self, variable: Variable, found: Classified) -> tuple[Level, Becomes, str]:
        """The level, what becomes of it, and why."""
        decisions, key = self.decisions, variable.key
        rule = found.clause.value
        if decisions is None:
            level = found.clause.level
            moving = level is Level.MODULE
            return level, Becomes.UNDECIDED if moving else Becomes.STATIC, rule
        if key in decisions.fields:
            heap = variable.kind is Kind.TYPE
            return Level.MODULE, Becomes.HEAP_TYPE if heap else Becomes.MEMBER, rule
        if key in decisions.tables:
            return Level.THREAD, Becomes.LOCAL, "it holds addresses of what moves"
        if variable in decisions.scratch:
            return Level.THREAD, Becomes.LOCAL, rule
        if key in self.stays:
            return self.stays[key].level, Becomes.STATIC, self.stays[key].why
        if any(each.variable is variable for each in decisions.strings.gone):
            return Level.MODULE, Becomes.NOTHING, "its string becomes a member, or is not needed"
        if key == decisions.module_global:
            return Level.MODULE, Becomes.NOTHING, "it keeps the module itself"
        if decisions.adopted is not None and variable is decisions.adopted.singleton:
            return Level.MODULE, Becomes.STATE, "it is the state struct of the module"
        return self._left(variable, found)

    def _left(self, variable: Variable, found: Classified) -> tuple[Level, Becomes, str]:
        """What the migration does not touch."""
        if variable.definitions and not lives(variable):
            return Level.PROCESS, Becomes.STATIC, "no supported Python compiles it"
        if variable.kind is Kind.IDENTIFIER:
            return Level.RUNTIME, Becomes.STATIC, KEPT_STRING
        level = found.clause.level
        if self.refused.get(variable.key):
            return level, Becomes.UNDECIDED, found.clause.value
        if level is Level.MODULE:
            return level, Becomes.UNDECIDED, found.clause.value
        return level, Becomes.STATIC, found.clause.value

    def _accesses(self, evidence: Evidence) -> tuple[Access, ...]:
        users = dict.fromkeys(it.inside for it in evidence.touches if it.inside is not None)
        return tuple(map(self._access, users))

    def _access(self, function: Definition) -> Access:
        decisions = self.decisions
        routes = decisions.routes | decisions.generated_routes if decisions is not None else {}
        route = routes.get(function)
        lacking = self.refused.get(function.routine, [])
        stuck = route is None or route.kind is RouteKind.GLOBAL
        return Access(function, route, lacking[0] if lacking and stuck else None)


_REACHED = (Becomes.MEMBER, Becomes.HEAP_TYPE, Becomes.UNDECIDED, Becomes.STATE)


def _wanted(variable: Variable, found: Classified) -> Level:
    """Where a variable belongs that something keeps from there."""
    return Level.MODULE if variable.kind is not Kind.CONSTANT else found.clause.level
