"""Which files and functions name the state struct, and what its members are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from isolate_ext.engine import Pass
from isolate_ext.model.entities import CType, Definition
from isolate_ext.placement.decisions import BY_TYPE, RouteKind, StateField
from isolate_ext.syntax import Condition, Group, resolve_include
from isolate_ext_rules.line_places import HEADER, unconditional

_BUILT_IN = re.compile(r"(?:(?:unsigned|signed|char|short|int|long|float|double|_Bool)\b\s*)+")


def is_shared(pass_: Pass) -> bool:
    """Whether several translation units use the state."""
    if not pass_.decisions.fields and pass_.decisions.adopted is None:
        return False
    return len(pass_.extension.units_of(naming_paths(pass_))) > 1


def exports_definition(pass_: Pass) -> bool:
    """Whether other files name the module definition: to look the state up, or as before."""
    variable = pass_.decisions.init.module_def
    named = bool(pass_.decisions.ways & (BY_TYPE | {RouteKind.TEARDOWN}))
    exported = variable is not None and variable.function is None and variable.exported
    return is_shared(pass_) and (named or exported)


def naming_paths(pass_: Pass) -> set[str]:
    """The files whose text names the state."""
    paths = {each.path for each in needing(pass_)} | {pass_.decisions.init.creator.path}
    paths |= {each.struct.path for each in pass_.decisions.contexts}
    paths |= {s.path for channel in pass_.decisions.channels for s in channel.signatures}
    paths |= {use.path for each in pass_.decisions.closures for _, use in each.rows}
    paths |= {
        prototype.path
        for key in pass_.decisions.threaded
        for prototype in pass_.extension.routines[key].prototypes
    }
    return paths | {
        declaration.path
        for key in pass_.decisions.types
        for declaration in pass_.extension.variables[key].definitions
        if declaration.initialiser is not None
    }


def needing(pass_: Pass) -> list[Definition]:
    return [d for d in pass_.decisions.routes if not d.is_macro]


def uses_state(pass_: Pass, function: Definition) -> bool:
    """Whether what stands in a function names the state from stage access on."""
    decisions = pass_.decisions
    wanted = set(decisions.fields) | decisions.threaded
    if decisions.adopted is not None:
        wanted |= decisions.adopted.accessors
    inside = [each.inside for each in decisions.strings.by_object]
    inside += [call.inside for channel in decisions.channels for call in channel.calls]
    inside += [each.inside for context in decisions.contexts for each in context.fillings]
    inside += [each.inside for frame in decisions.frames for each in frame.sites]
    inside += [each.inside for each in decisions.conversions]
    return any(each is function for each in inside) or any(
        use.symbol in wanted for use in pass_.extension.uses_inside(function)
    )


def first_need(pass_: Pass, path: str) -> int:
    """The first byte of the first item of a file that names the state struct, `#if` included."""
    parsed, around = pass_.parsed(path), shelter(pass_, path)
    needs = _needs(pass_, path)
    return min(
        (unconditional(parsed, each, around) for each in needs), default=len(parsed.source.data)
    )


def shelter(pass_: Pass, path: str) -> list[Group]:
    """The `#if` groups that hold all that needs the state in one branch, the init function too."""
    parsed, creator = pass_.parsed(path), pass_.decisions.init.creator
    if path != creator.path:
        return []
    common = list(parsed.conditions(creator.start))
    for need in _needs(pass_, path):
        present = parsed.conditions(need)
        common = [each for each in common if each in present]
    return [each.group for each in common]


def conditions_of(pass_: Pass, field: StateField) -> tuple[Condition, ...]:
    """The conditions of a member that do not hold for all of the module anyway."""
    if not field.conditions:
        return ()
    around = shelter(pass_, pass_.decisions.init.creator.path)
    return tuple(each for each in field.conditions if each.group not in around)


def names_only(pass_: Pass, path: str) -> bool:
    """Whether pointers to the struct are all that a file needs of it."""
    return not _uses(pass_, path)


def _needs(pass_: Pass, path: str) -> list[int]:
    return [*_uses(pass_, path), *_mentions(pass_, path)]


def _uses(pass_: Pass, path: str) -> list[int]:
    """Code that uses the state, or what the accessors are declared for."""
    starts = [d.start for d in pass_.decisions.routes if d.path == path and not d.is_macro]
    starts += [
        d.start
        for key in pass_.decisions.types
        for d in pass_.extension.variables[key].definitions
        if d.path == path and d.initialiser
    ]
    closures = (use for each in pass_.decisions.closures for _, use in each.rows)
    starts += [
        pass_.extension.variables[use.holder or ""].home.start
        for use in closures
        if use.path == path
    ]
    for include in pass_.parsed(path).scan.includes:
        target = resolve_include(path, include.name, pass_.extension.files)
        if target in pass_.extension.generated:
            starts.append(include.span[0])
    return starts


def _mentions(pass_: Pass, path: str) -> list[int]:
    """Prototypes, members and signatures that have a pointer to the struct."""
    parsed, starts = pass_.parsed(path), []
    for key in pass_.decisions.threaded:
        starts += [p.start for p in pass_.extension.routines[key].prototypes if p.path == path]
    inner = [
        each.struct.node.start for each in pass_.decisions.contexts if each.struct.path == path
    ]
    inner += [
        each.start
        for channel in pass_.decisions.channels
        for each in channel.signatures
        if each.path == path
    ]
    starts += [i.start for at in inner for i in parsed.items() if i.start <= at < i.end]
    return starts


def declared(pass_: Pass, field: StateField) -> Iterator[tuple[str, int, int]]:
    """Where the type of a member is declared, and what its array sizes and conditions name."""
    ends = pass_.extension.structs.ends
    path = pass_.extension.variables[field.symbol].home.path
    words = _words(field.arrays)
    needs = set() if number_below(pass_, field) else {field.needs}
    for word in sorted(words | needs):
        if word in ends:
            yield ends[word]
            continue
        macro = pass_.extension.routine_named(f"#{word}", path) if word else None
        for definition in macro.definitions if macro is not None else ():
            yield definition.path, definition.start, definition.end
    tested = _words(each.text for each in field.conditions if each.verdict is not True)
    for other, parsed in pass_.extension.files.items():
        for define in parsed.scan.defines:
            if define.name in tested:
                yield other, *define.span


def number_below(pass_: Pass, field: StateField) -> str:
    """The built-in type that a member gets in place of a name for it that is declared too late."""
    where = pass_.extension.structs.ends.get(field.needs)
    under = pass_.extension.structs.resolve(CType(field.needs))
    if where is None or under.steps not in ("", "c") or not _BUILT_IN.fullmatch(under.specifier):
        return ""
    path, _, end = where
    hidden = not path.endswith(HEADER) and is_shared(pass_)
    return under.specifier if hidden or end > first_need(pass_, path) else ""


def declared_for_own(pass_: Pass) -> Iterator[tuple[str, int, int]]:
    """Where the types are declared that the module's own state struct is made of."""
    adopted, ends = pass_.decisions.adopted, pass_.extension.structs.ends
    if adopted is None:
        return
    for each in adopted.struct.fields:
        for word in sorted({each.ctype.base, *_words(each.ctype.arrays)}):
            if word in ends and word not in adopted.struct.names:
                yield ends[word]


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"[A-Za-z_]\w*", text)}
