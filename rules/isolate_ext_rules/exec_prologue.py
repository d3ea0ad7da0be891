"""What happens first when a module is executed: the state, its initial values, early types."""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.declarators import is_declaration
from isolate_ext.model.entities import Kind
from isolate_ext.placement.decisions import StateField
from isolate_ext_rules.c_text import body_start, conditional, indent_at
from isolate_ext_rules.identifier_calls import interning
from isolate_ext_rules.load_once import guard_test, loads_once
from isolate_ext_rules.module_names import OWN_MODULE, module_name
from isolate_ext_rules.state_needs import conditions_of
from isolate_ext_rules.table_text import local_lines, own_tables
from isolate_ext_rules.type_ready import creation, prologue_types

GROUP = "init"


def add_prologue(pass_: Pass) -> None:
    names, creator = pass_.decisions.names, pass_.decisions.init.creator
    data = pass_.parsed(creator.path).source.data
    types = prologue_types(pass_)
    values = [
        line for field in pass_.decisions.fields.values() for line in initial_value(pass_, field)
    ]
    borrows = pass_.decisions.borrows_module
    interns = bool(pass_.decisions.strings.members)
    entry = body_start(data, creator.body)
    declare = f"\n    {names.state_struct} *{names.variable} = "
    if types or interns or _uses_state(pass_, Stage.ACCESS):
        static = f"{declare}{names.global_accessor}();"
        pass_.replace(creator.path, entry, entry, static, GROUP, Stage.ACCESS, Stage.ACCESS)
    if types or values or borrows or interns or _uses_state(pass_, Stage.ISOLATED):
        final = f"{declare}{names.module_accessor}({module_name(pass_)});"
        pass_.replace(creator.path, entry, entry, final, GROUP, Stage.ISOLATED)
    start, end, first = _after_declarations(pass_)
    margin = indent_at(data, first) or "    "
    multi_phase = pass_.decisions.init.multi_phase
    static_state = f"{names.global_accessor}()"
    for stage in Stage:
        state = static_state if stage < Stage.ACCESS else names.variable
        isolated = stage is Stage.ISOLATED
        failure = "-1" if isolated or multi_phase else "NULL"
        lines = list(values) if isolated else []
        if isolated and loads_once(pass_) and not multi_phase:
            lines += guard_test(pass_)
        if isolated and pass_.decisions.module_global in pass_.decisions.fields:
            kept = pass_.decisions.fields[pass_.decisions.module_global or ""]
            lines.insert(0, f"{names.variable}->{kept.name} = {module_name(pass_)};")
        if isolated and borrows:
            lines.insert(0, f"{names.variable}->{OWN_MODULE} = {module_name(pass_)};")
        lines += interning(pass_, state, failure)
        for key in types if stage >= Stage.HEAP_TYPES else ():
            made = creation(
                pass_, pass_.decisions.types[key], module_name(pass_) if isolated else "NULL", state
            )
            lines += [
                f"if ({made} < 0) {{",
                f"    return {failure};",
                "}",
            ]
        lines += [line for table in own_tables(pass_) for line in local_lines(pass_, table, stage)]
        if lines:
            text = "".join(
                f"{margin}{line}\n" if line and not line.startswith("#") else f"{line}\n"
                for each in lines
                for line in each.split("\n")
            )
            if data[start - 1 : start] != b"\n":
                text = f"\n{text}{margin}"
            pass_.replace(creator.path, start, end, text, GROUP, stage, stage, order=5)


def _uses_state(pass_: Pass, stage: Stage) -> bool:
    decisions = pass_.decisions
    wanted = set(decisions.fields) | decisions.threaded
    if stage is Stage.ISOLATED:
        wanted -= decisions.guards.keys()
    if decisions.adopted is not None:
        wanted |= decisions.adopted.accessors
    tables = decisions.tables.values()
    return any(each.reader is decisions.init.creator for each in tables) or any(
        use.symbol in wanted for use in pass_.extension.uses_inside(decisions.init.creator)
    )


def _after_declarations(pass_: Pass) -> tuple[int, int, int]:
    """The span behind the leading declarations that new lines go to, and the first statement.

    It is empty, at the start of a line, unless that statement stands on the line of what is before.
    """
    creator = pass_.decisions.init.creator
    data = pass_.parsed(creator.path).source.data
    at = body_start(data, creator.body)
    body = creator.node.child("body") if creator.node is not None else None
    first = at
    for statement in body.named if body is not None else ():
        first = statement.start
        if is_declaration(statement):
            at = statement.end
        elif statement.kind != "comment":
            break
    line = data.find(b"\n", at, first) + 1
    if line:
        blank = re.compile(rb"[ \t]*\r?\n").match(data, line)
        line = blank.end() if blank is not None and blank.end() <= first else line
        return line, line, first
    return first if data[at:first].strip() else at, first, first


def initial_value(pass_: Pass, field: StateField) -> list[str]:
    """Statements that give a member what its variable was initialised with; zero needs none."""
    variable = pass_.extension.variables[field.symbol]
    value = variable.home.initialiser
    if field.kind is Kind.TYPE or value is None:
        return []
    text = value.str
    if text.strip("() ") in ("NULL", "0", "0L", "0.0", "{0}", "{NULL}", "false", "FALSE", "'\\0'"):
        return []
    target = f"{pass_.decisions.names.variable}->{field.name}"
    if value.kind == "initializer_list" or variable.ctype.arrays:
        base = variable.ctype.specifier
        stars = "*" * variable.ctype.pointers
        sizes = "".join(f"[{size}]" for size in field.arrays)
        lines = [
            "{",
            f"    static const {base} {stars}initial{sizes} = {text};",
            f"    memcpy(&{target}, &initial, sizeof(initial));",
            "}",
        ]
        if variable.ctype.pointers:
            lines[1] = f"    static {base} {stars}const initial{sizes} = {text};"
        return [conditional(conditions_of(pass_, field), "\n".join(lines))]
    return [conditional(conditions_of(pass_, field), f"{target} = {text};")]


def static_initialiser(pass_: Pass) -> str:
    """The designated initialiser of the static state, before the module has its own."""
    rows = []
    for field in pass_.decisions.fields.values():
        if initial_value(pass_, field):
            value = pass_.extension.variables[field.symbol].home.initialiser
            assert value is not None
            row = f"    .{field.name} = {value.str},"
            rows.append(conditional(conditions_of(pass_, field), row))
    return " = {\n" + "\n".join(rows) + "\n}" if rows else ""
