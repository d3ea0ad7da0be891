"""What the configuration could say about an audit: an entry for each thing that it could decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from isolate_ext.model.entities import Kind
from isolate_ext.placement.choices import STATIC
from isolate_ext.placement.clauses import Confidence
from isolate_ext.placement.decisions import Level
from isolate_ext.placement.levels import Becomes
from isolate_ext.placement.readiness import Standing
from isolate_ext.project.configuration import EXTENSIONS, GUARD, SYMBOLS, TYPES
from isolate_ext.project.configuration_text import Proposal
from isolate_ext.report.audit import AuditedExtension, GlobalView

_HOLDING = frozenset(
    {each.value for each in (Kind.OBJECT, Kind.OBJECT_ARRAY, Kind.OBJECT_STRUCT, Kind.INSTANCE)}
)


def proposals(extensions: Sequence[AuditedExtension], planned: Collection[str]) -> list[Proposal]:
    """One for each guess, each type and plain variable that is stuck, each hook of the process.

    Extensions that are ``planned``, by name, are migrated with the hooks that they have.
    What only an edit of the sources lifts has no proposal.
    """
    names = _names(it for each in extensions for it in each.globals)
    found: dict[tuple[str, str], Proposal] = {}
    for each in extensions:
        whole = () if each.name in planned else _extension(each)
        for it in (*whole, *_globals(each, names)):
            found.setdefault((it.table, it.name), it)
    return sorted(found.values(), key=lambda each: (EXTENSIONS, TYPES, SYMBOLS).index(each.table))


def _extension(each: AuditedExtension) -> Iterator[Proposal]:
    if each.standing == Standing.OPT_OUT.value:
        why = "; ".join(dict.fromkeys(it.message for it in each.resources))
        yield Proposal(EXTENSIONS, each.name, "policy", GUARD, why)


def _globals(each: AuditedExtension, names: dict[str, str]) -> Iterator[Proposal]:
    for it in each.globals:
        if it.made_by_macro:
            continue
        stuck = it.becomes == Becomes.UNDECIDED.value and bool(it.decisions)
        name = names[it.symbol]
        if it.holds == Kind.TYPE.value:
            if stuck:
                yield Proposal(TYPES, name, "policy", STATIC, _evidence(it))
        elif it.holds in _HOLDING:
            continue
        elif stuck:
            yield Proposal(SYMBOLS, name, "level", Level.PROCESS.value, _evidence(it))
        elif it.confidence == Confidence.GUESS.value and it.becomes != Becomes.LOCAL.value:
            level = Level.MODULE if it.becomes == Becomes.MEMBER.value else Level.PROCESS
            yield Proposal(SYMBOLS, name, "level", level.value, _evidence(it))


def _evidence(it: GlobalView) -> str:
    users = dict.fromkeys(each.function for each in it.uses if each.function)
    by = f" by {', '.join(list(users)[:3])}" if users else ""
    stuck = "".join(f"; {each.message}" for each in it.decisions[:1])
    where = f"{it.path}:{it.line}"
    return f"{where}: {it.ctype}, {it.purpose} ({it.rule}), written {it.written}, used{by}{stuck}"


def _names(found: Iterable[GlobalView]) -> dict[str, str]:
    """The shortest name that means one variable, by key: its own where no other has it."""
    keys = {it.symbol: it.name for it in found}
    counts = Counter(keys.values())
    return {key: name if counts[name] == 1 else key for key, name in keys.items()}
