"""The user's decisions against what is known: contradictions, and what cannot be had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from isolate_ext.model.declarators import local_names
from isolate_ext.model.entities import Kind, Use, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.placement.choices import STATIC, Choice, Choices
from isolate_ext.placement.decisions import Decisions, Level, Stay
from isolate_ext.placement.evidence import evidence_of
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.placement.type_writes import type_writes
from isolate_ext.syntax import Node

_OBJECTS = frozenset({Kind.OBJECT, Kind.OBJECT_ARRAY, Kind.OBJECT_STRUCT, Kind.INSTANCE})
_READ = frozenset({Kind.MODULE_DEF, Kind.TABLE, Kind.SUITE})


def kept_static(extension: Extension, choices: Choices) -> dict[str, Choice]:
    """The types that the user wants to stay static, by key."""
    found = choices.of_types(extension)
    return {key: each for key, each in found.items() if each.value == STATIC}


def static_stays(kept: Mapping[str, Choice]) -> Iterator[Stay]:
    """Static types: all interpreters share them, and no GIL of one's own protects them."""
    for key, each in kept.items():
        yield Stay(key, Level.PROCESS, each.told, shared=True)


def contradictions(extension: Extension, choices: Choices) -> Iterator[str]:
    """Choices that what is known of their variables excludes, one line each."""
    for key, each in choices.of_variables(extension).items():
        variable = extension.variables[key]
        why = _excluded(variable, Level(each.value))
        if why:
            yield each.problem(f"{variable.name} cannot be placed at level {each.value}: {why}")


def _excluded(variable: Variable, level: Level) -> str:
    if variable.kind in _OBJECTS and level in (Level.PROCESS, Level.RUNTIME):
        return "it holds objects of one interpreter; place it at 'module'"
    if variable.kind in _READ and level is not Level.PROCESS:
        return "Python only reads it; leave the entry out, or place it at 'process'"
    if variable.kind is Kind.CONSTANT and level is not Level.PROCESS:
        return "nothing writes it; leave the entry out, or place it at 'process'"
    return ""


def unkept(extension: Extension, decisions: Decisions) -> Iterator[Refusal]:
    """A refusal for each choice that the placement does not carry out."""
    told = {each.symbol for each in decisions.refusals}
    stays = {each.symbol: each.level for each in decisions.stays}
    local = {*decisions.tables, *(each.key for each in decisions.scratch)}
    for key, each in decisions.chosen.items():
        variable = extension.variables[key]
        if variable.kind is Kind.TYPE:
            if each.value == STATIC:
                yield from _needy(decisions, variable, each)
                yield from _filled(extension, decisions, variable, each)
            continue
        level = stays.get(key, Level.THREAD if key in local else Level.PROCESS)
        level = Level.MODULE if key in decisions.fields else level
        if each.value == Level.PROCESS.value and variable.ctype.pointers:
            yield from _led(extension, decisions, variable, each)
        if level.value != each.value and key not in told:
            home = variable.home
            at = (home.path, home.name_start, home.name_start + len(variable.name))
            text = f"{variable.name} cannot be given level {each.value}, as {each.told}"
            yield Refusal("global", Reason.PLACED, *at, text, key)


def _led(
    extension: Extension, decisions: Decisions, variable: Variable, choice: Choice
) -> Iterator[Refusal]:
    """Where a pointer that is to stay is led into what each copy of the module has its own of."""
    moved = _moved(extension, decisions)
    for each in evidence_of(extension, variable).writes:
        names = _identifiers(each.value) if each.value is not None else ()
        given = next((name for name in names if name in moved), "")
        if given:
            at = (each.path, each.start, each.end)
            yield _changed("global", variable, choice, *at, f"is given {given} here")


def _moved(extension: Extension, decisions: Decisions) -> set[str]:
    """The names of what becomes a member of the state."""
    return {extension.variables[key].name for key in decisions.fields if key in extension.variables}


def _identifiers(value: Node) -> list[str]:
    return [each.str for each in (value, *value.descendants()) if each.kind == "identifier"]


def _needy(decisions: Decisions, variable: Variable, choice: Choice) -> Iterator[Refusal]:
    """A type that is to stay, though functions of it find the module state by it alone."""
    cause = f"{variable.key} stays a static type"
    lacking = [each for each in decisions.refusals if cause in each.chain]
    if lacking:
        count = len(lacking)
        functions = f"{count} functions of it need" if count > 1 else "a function of it needs"
        text = f"{variable.name} stays static, but {functions} the module state; {choice.told}"
        home = variable.home
        end = home.name_start + len(variable.name)
        yield Refusal(
            "static-type", Reason.PLACED, home.path, home.name_start, end, text, variable.key
        )


def _filled(
    extension: Extension, decisions: Decisions, variable: Variable, choice: Choice
) -> Iterator[Refusal]:
    """Where a type that is to stay gets what each copy of the module has its own of."""
    if variable.key not in decisions.all_types:
        home = variable.home
        at = (home.path, home.name_start, home.name_start + len(variable.name))
        yield _changed(
            "static-type", variable, choice, *at, "is filled by a function, each time that it runs"
        )
        return
    for each in type_writes(extension).of(variable.key):
        at = (each.path, each.node.start, each.node.end)
        yield _changed(
            "static-type", variable, choice, *at, "is copied, filled or changed in parts here"
        )
    for use in extension.uses_of(variable.key):
        given = _given(extension, decisions, use)
        if given:
            at = (use.path, use.start, use.end)
            yield _changed("static-type", variable, choice, *at, f"is given {given} here")


def _changed(
    rule: str, variable: Variable, choice: Choice, path: str, start: int, end: int, text: str
) -> Refusal:
    message = f"{variable.name} {text}, and cannot be shared as it is; {choice.told}"
    return Refusal(rule, Reason.PLACED, path, start, end, message, variable.key)


def _given(extension: Extension, decisions: Decisions, use: Use) -> str:
    """What a member of a type is set to, if it is the module's own; its dictionary always is."""
    inside, member = use.inside, use.node.parent if use.node is not None else None
    if inside is None or inside.node is None or member is None or member.kind != "field_expression":
        return ""
    name, parent = member.child("field"), member.parent
    if name is not None and name.str == "tp_dict":
        return "a dictionary of objects"
    value = parent.child("right") if parent is not None else None
    if value is None or value is member:
        return ""
    own = set(local_names(extension.files[use.path], inside.node))
    own |= {each.name for each in inside.parameters if each.name is not None}
    own |= _moved(extension, decisions)
    return next((each for each in _identifiers(value) if each in own), "")
