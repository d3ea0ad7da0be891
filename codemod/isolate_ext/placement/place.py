"""The greatest feasible set: everything moves, until something that was refused keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from isolate_ext.model.entities import Kind, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.found_module import found_modules
from isolate_ext.model.hidden_statics import hidden_statics
from isolate_ext.model.init import ModuleInit, module_inits
from isolate_ext.model.makings import makings as makings_of
from isolate_ext.model.sequences import struct_sequences
from isolate_ext.model.staged import static_getter
from isolate_ext.model.strings import stringised
from isolate_ext.model.types import spec_types, static_types
from isolate_ext.placement.adopt import adopted_state, module_global
from isolate_ext.placement.choices import NONE, Choice, Choices
from isolate_ext.placement.chosen import kept_static, static_stays, unkept
from isolate_ext.placement.closures import closure_readers
from isolate_ext.placement.decisions import Adopted, Decisions
from isolate_ext.placement.exported import Exported
from isolate_ext.placement.fields import FieldPlan
from isolate_ext.placement.hidden_returns import hidden_returns
from isolate_ext.placement.init_guards import init_guards
from isolate_ext.placement.limited import beyond_limits, is_limited
from isolate_ext.placement.made_functions import bound_tables, wanting
from isolate_ext.placement.modules import modules_at_hand
from isolate_ext.placement.naming import names_for
from isolate_ext.placement.own_hooks import completed_hooks
from isolate_ext.placement.process_wide import loose_hooks, owned_hooks
from isolate_ext.placement.reach import Reach
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.placement.strings import StringPlan
from isolate_ext.placement.tables import local_tables


def place_guarded(extension: Extension) -> Decisions | Refusal:
    """Decisions that move nothing: the init function alone is converted, under a guard."""
    inits = module_inits(extension)
    problem = _unfit(extension, inits)
    if problem is not None:
        return problem
    init = inits[0]
    for path, parsed in extension.files.items():
        for at in parsed.occurrences("PyState_FindModule"):
            if extension.function_at(path, at) is not init.creator:
                return Refusal(
                    "load-once",
                    Reason.NO_ROUTE,
                    path,
                    at,
                    at + len("PyState_FindModule"),
                    "PyState_FindModule finds no module that has slots",
                )
    names = names_for(extension, init.name, None)
    return Decisions(init, names, None, limited=is_limited(extension))


def place(
    extension: Extension, refused: frozenset[str] = frozenset(), choices: Choices = NONE
) -> Decisions | Refusal:
    """Decide for one extension; ``refused`` are keys of types and variables that must stay.

    ``choices`` are the user's; those that cannot be carried out are refused.

    A Refusal instead of decisions means that the extension as a whole cannot be migrated.
    """
    inits = module_inits(extension)
    problem = _unfit(extension, inits)
    if problem is not None:
        return problem
    init = inits[0]
    adopted = adopted_state(extension, init)
    names = names_for(extension, init.name, adopted)
    types = static_types(extension)
    exported = Exported(extension)
    static, levels = kept_static(extension, choices), choices.of_variables(extension)
    refused |= exported.kept | static.keys()
    moving = {key: each for key, each in types.items() if key not in refused}
    sequences = {k: v for k, v in struct_sequences(extension).items() if k not in refused}
    kept = module_global(extension, init)
    fields = _fields(extension, init, {*moving, *sequences}, refused, adopted, levels)
    if kept is not None:
        _keep_module(extension, kept, adopted, init, fields)
    local, fixed = local_tables(extension, set(fields.fields))
    for key in local:
        fields.fields.pop(key, None)
    decisions = Decisions(
        init, names, adopted, fields.fields, moving, types, sequences, local, fixed,
        stays=[*fields.stays, *exported.stays(), *static_stays(static)],
    )  # fmt: skip
    decisions.specs = spec_types(extension)
    decisions.once = fields.once
    decisions.module_global = kept.key if kept is not None else None
    guards = init_guards(extension, init.creator, fields.fields)
    if adopted is not None or guards.keys() < fields.fields.keys():
        decisions.guards = guards
    decisions.scratch = fields.scratch
    decisions.refusals.extend(fields.refusals)
    strings = StringPlan(extension, refused)
    _find_ways(extension, decisions, exported, strings)
    decisions.strings = strings.strings(fields.taken)
    decisions.stays += decisions.strings.stays
    decisions.fields |= {each.symbol: each for each in decisions.strings.members.values()}
    by_stage = sorted(decisions.fields.items(), key=lambda each: each[1].kind is Kind.TYPE)
    decisions.fields = dict(by_stage)
    decisions.limited = is_limited(extension)
    decisions.refusals.extend(beyond_limits(extension, decisions))
    decisions.refusals.extend(exported.refusals())
    decisions.resources.extend(owned_hooks(extension, init))
    decisions.refusals.extend(loose_hooks(extension, init))
    decisions.refusals.extend(_stringised(extension, decisions))
    decisions.refusals.extend(hidden_returns(extension, init, decisions.roles))
    decisions.refusals.extend(_hidden(extension))
    decisions.chosen = levels | choices.of_types(extension)
    decisions.refusals.extend(unkept(extension, decisions))
    return decisions


def _find_ways(
    extension: Extension, decisions: Decisions, exported: Exported, strings: StringPlan
) -> None:
    """Which functions need the state or the module, and how each gets it."""
    tables = {v.key for v in extension.of_kind(Kind.TABLE) if v.ctype.base == "PyType_Slot"}
    tables |= _spec_tables(extension)
    init, adopted = decisions.init, decisions.adopted
    moved = set(decisions.fields)
    if adopted is not None:
        moved |= set(adopted.accessors)
    decisions.makings = wanting(extension, makings_of(extension), moved)
    makers = {each.inside.routine for each in decisions.makings}
    modules = modules_at_hand(extension, init, set(decisions.types), makers)
    decisions.modules = modules.names
    decisions.module_threaded = modules.threaded
    decisions.module_parameter = modules.parameter
    if adopted is not None:
        decisions.found_modules = [
            each for each in found_modules(extension) if each.function is not init.creator
        ]
    bound = bound_tables(extension, decisions.makings)
    objects = [key for key, field in decisions.fields.items() if field.kind is Kind.OBJECT]
    while True:
        reach = Reach(
            extension, init, moved, decisions.types, decisions.specs, tables, modules.names,
            exported, bound,
        )  # fmt: skip
        decisions.closures = closure_readers(extension, objects, reach.roles)
        wanted = strings.wanting()
        grows = bool(wanted) or any(each.owned for each in decisions.fields.values())
        reach.solve({*_seeds(extension, decisions, reach, grows), *wanted})
        if not strings.settle(reach):
            break
    _take_over(decisions, reach)


def _take_over(decisions: Decisions, reach: Reach) -> None:
    decisions.routes = reach.routes
    decisions.generated_routes = reach.generated_routes
    decisions.threaded = reach.threaded
    decisions.channels = reach.channels
    decisions.registrations = reach.handed.registrations
    decisions.contexts = reach.handed.contexts
    decisions.frames = reach.handed.frames
    decisions.pairs = reach.handed.pairs
    decisions.conversions = reach.handed.conversions
    decisions.type_checks = reach.handed.type_checks
    decisions.teardown = reach.teardown
    decisions.roles = reach.roles
    decisions.refusals.extend(reach.refusals)


def _keep_module(
    extension: Extension, kept: Variable, adopted: Adopted | None, init: ModuleInit, plan: FieldPlan
) -> None:
    """The module in a global: a borrowed member, or nothing where only init uses it."""
    accessors = adopted.accessors if adopted is not None else frozenset()
    elsewhere = [
        use
        for use in extension.uses_of(kept.key)
        if use.inside is None
        or (use.inside is not init.creator and use.inside.routine not in accessors)
    ]
    field = plan.fields.pop(kept.key, None)
    if elsewhere and field is not None:
        plan.fields[kept.key] = replace(field, owned=False)


def _stringised(extension: Extension, decisions: Decisions) -> Iterator[Refusal]:
    """Names of what moves that a macro makes strings of; writing it out was of no avail."""
    for each in stringised(extension, decisions.fields):
        use, name = each.macro, extension.variables[each.symbol].name
        text = f"{extension.routines[use.symbol].name} makes a string of the name {name}"
        yield Refusal("global", Reason.PASTED_NAME, use.path, use.start, use.end, text, each.symbol)


def _hidden(extension: Extension) -> Iterator[Refusal]:
    """Variables that only a macro declares: nothing is known of them."""
    for each in hidden_statics(extension.files):
        text = f"{each.name} hides a static variable"
        yield Refusal("global", Reason.FENCED, each.path, each.start, each.end, text)


def _seeds(extension: Extension, decisions: Decisions, reach: Reach, grows: bool) -> Iterator[str]:
    """What needs the state whatever it names; ``grows`` says that new members are owned."""
    yield decisions.init.creator.routine
    yield from sorted({each.inside.routine for each in decisions.borrowing} - reach.teardown)
    yield from (each.reader.routine for each in decisions.tables.values())
    yield from (each.function.routine for each in decisions.found_modules)
    yield from (each.function.routine for each in decisions.closures)
    if grows:
        yield from (each.key for each in completed_hooks(extension, decisions.init).values())


def _fields(
    extension: Extension,
    init: ModuleInit,
    types: set[str],
    refused: frozenset[str],
    adopted: object,
    chosen: Mapping[str, Choice],
) -> FieldPlan:
    taken: set[str] = set()
    if isinstance(adopted, Adopted):
        taken = {each.name for each in adopted.struct.fields}
    for parsed in extension.files.values():
        taken.update(define.name for define in parsed.scan.defines)
    plan = FieldPlan(extension, init, types, set(refused), taken, chosen)
    plan.sort()
    return plan


def _spec_tables(extension: Extension) -> set[str]:
    """Method and getset tables of types that are made from specs already."""
    found = set()
    for variable in extension.of_kind(Kind.TABLE):
        if variable.ctype.base != "PyType_Slot":
            for use in extension.uses_of(variable.key):
                holder = extension.variables[use.holder] if use.holder else None
                if holder is not None and holder.ctype.base == "PyType_Slot":
                    found.add(variable.key)
    return found


def _staged(extension: Extension) -> Refusal | None:
    """The output of an earlier stage, where it could not be taken on from."""
    routine = static_getter(extension)
    if routine is None:
        return None
    first = routine.definitions[0]
    end = first.name_start + len(first.name)
    message = f"what {first.name} finds is not used as an earlier stage left it"
    return Refusal("earlier-stage", Reason.STAGED, first.path, first.name_start, end, message)


def _unfit(extension: Extension, inits: list[ModuleInit]) -> Refusal | None:
    first = extension.sources[0] if extension.sources else ""
    if not inits:
        return Refusal(
            "single-phase-init",
            Reason.INIT_SHAPE,
            first,
            0,
            0,
            "no init function that creates a module was found",
        )
    entries = {init.entry.routine for init in inits}
    if len(entries) > 1:
        entry = inits[1].entry
        return Refusal(
            "single-phase-init",
            Reason.MANY_INITS,
            entry.path,
            entry.name_start,
            entry.name_start + len(entry.name),
            "several init functions share these files",
        )
    init = inits[0]
    staged = _staged(extension)
    if staged is not None:
        return staged
    if init.module_def is None:
        entry = init.entry
        return Refusal(
            "single-phase-init",
            Reason.NO_DEFINITION,
            entry.path,
            entry.name_start,
            entry.name_start + len(entry.name),
            "the PyModuleDef that the module is created from was not found",
        )
    return None
