"""The text of the state struct: a new one, or the module's own with new members."""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import Kind
from isolate_ext.placement.decisions import StateField
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import conditional, indent_at, trailing_comment, with_blank_line
from isolate_ext_rules.home import GROUP
from isolate_ext_rules.module_names import OWN_MODULE
from isolate_ext_rules.name_ahead import tag
from isolate_ext_rules.state_home import struct_comes_late
from isolate_ext_rules.state_needs import conditions_of, number_below


def stages_with_state(pass_: Pass) -> list[Stage]:
    """Those at which there is something of the state: with types only, not the first.

    A struct that the module has already is there at the last in any case.
    """
    adopted = pass_.decisions.adopted is not None
    return [
        stage for stage in Stage if fields_at(pass_, stage) or (adopted and stage is Stage.ISOLATED)
    ]


def fields_at(pass_: Pass, stage: Stage) -> list[StateField]:
    """The members that exist at a stage: types join with the second, guards leave with the last."""
    return [
        field
        for field in pass_.decisions.fields.values()
        if (stage >= Stage.HEAP_TYPES or field.kind is not Kind.TYPE)
        and (stage >= Stage.ISOLATED or field.symbol != pass_.decisions.module_global)
        and (stage < Stage.ISOLATED or field.symbol not in pass_.decisions.guards)
    ]


def struct_text(pass_: Pass, stage: Stage, *, named: bool) -> str:
    """The struct; without its typedef where its name is declared already."""
    if struct_comes_late(pass_):
        return _own_struct(pass_, stage, named=named)
    if pass_.decisions.adopted is not None:
        return ""
    members = [_member(pass_, field) for field in fields_at(pass_, stage)]
    if not members:
        return ""
    members += _borrowed_module(pass_, stage)
    body = "\n".join(members)
    if named:
        return f"struct {tag(pass_)} {{\n{body}\n}};"
    return f"typedef struct {{\n{body}\n}} {pass_.decisions.names.state_struct};"


def _own_struct(pass_: Pass, stage: Stage, *, named: bool) -> str:
    """The module's own struct with the new members, for a place further up."""
    item, body = _struct_item(pass_)
    members = _new_members(pass_, stage, body)
    data, at = item.data, body.end - 1
    text = data[item.start : at].decode("latin-1").rstrip() + "\n"
    end = data.find(b";", body.end) + 1
    rows = "".join(f"{member}\n" for member in members)
    if named:
        inside = data[body.start : at].decode("latin-1").rstrip()
        return f"struct {tag(pass_)} {inside}\n{rows}}};"
    return f"{text}{rows}{data[at:end].decode('latin-1')}"


def _new_members(pass_: Pass, stage: Stage, body: Node) -> list[str]:
    """The lines of new members of a struct, indented like those it has."""
    members = [_member(pass_, field) for field in fields_at(pass_, stage)]
    members += _borrowed_module(pass_, stage)
    margin = indent_at(body.data, body.named[-1].start) if body.named else ""
    return [re.sub(r"(?m)^    ", margin or "    ", each) for each in members]


def _struct_item(pass_: Pass) -> tuple[Node, Node]:
    adopted = pass_.decisions.adopted
    assert adopted is not None
    node, body = adopted.struct.node, adopted.struct.node.child("body")
    assert body is not None
    parent = node.parent
    return (parent if parent is not None and parent.kind == "type_definition" else node), body


def take_own_away(pass_: Pass) -> None:
    adopted = pass_.decisions.adopted
    assert adopted is not None
    item, body = _struct_item(pass_)
    end = item.data.find(b";", body.end) + 1
    start, end = with_blank_line(item.data, item.start, end)
    first = stages_with_state(pass_)[0]
    pass_.replace(adopted.struct.path, start, end, b"", GROUP, first)


def _borrowed_module(pass_: Pass, stage: Stage) -> list[str]:
    """The module itself, for callbacks that are registered and functions that are made."""
    wanted = stage >= Stage.ACCESS and pass_.decisions.borrows_module
    return [f"    PyObject *{OWN_MODULE};  /* borrowed */"] if wanted else []


def _member(pass_: Pass, field: StateField) -> str:
    variable = pass_.extension.variables[field.symbol]
    home = variable.home
    comment = ""
    if field.kind is not Kind.TYPE and home.siblings == 1:
        comment = trailing_comment(pass_.parsed(home.path).source.data, home.end)[0]
    number, declaration = number_below(pass_, field), field.declaration
    if number:
        declaration = re.sub(rf"\b{field.needs}\b", number, declaration, count=1)
    line = f"    {declaration};" + (f"  {comment}" if comment else "")
    return conditional(conditions_of(pass_, field), line)


def extend_own(pass_: Pass, stage: Stage) -> None:
    adopted = pass_.decisions.adopted
    assert adopted is not None
    body = adopted.struct.node.child("body")
    members = _new_members(pass_, stage, body) if body is not None else []
    if not members or body is None:
        return
    at = body.end - 1
    text = "".join(f"{member}\n" for member in members)
    pass_.replace(adopted.struct.path, at, at, text, GROUP, stage, stage)
