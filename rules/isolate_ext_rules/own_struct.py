"""New members of structs of the extension's own, and where they get their values."""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import Struct
from isolate_ext.placement.contexts import Context, Filling
from isolate_ext_rules.c_text import indent_at


def fresh_member(struct: Struct, wanted: str) -> str:
    """A name that no member of the struct has."""
    taken = {each.name for each in struct.fields}
    while wanted in taken:
        wanted += "_"
    return wanted


def add_member(pass_: Pass, struct: Struct, declaration: str, group: str, since: Stage) -> None:
    """Put a member behind the others."""
    body = struct.node.child("body")
    assert body is not None
    data, at = struct.node.data, body.end - 1
    last = body.named[-1]
    if b"\n" in data[last.end : at]:
        at = data.find(b"\n", last.end) + 1
        text = f"{indent_at(data, last.start)}{declaration};\n"
    else:
        text = f" {declaration};"
        at = last.end
    pass_.replace(struct.path, at, at, text, group, since)


def fill(pass_: Pass, filling: Filling, assignment: str, group: str, since: Stage) -> None:
    """Put an assignment beside the statement that connects the struct with a callback."""
    statement, path = filling.statement, filling.path
    newline = pass_.style(path).newline.decode()
    margin = indent_at(pass_.parsed(path).source.data, statement.start)
    at = statement.end if filling.behind else statement.start
    text = f"{newline}{margin}{assignment}" if filling.behind else f"{assignment}{newline}{margin}"
    pass_.replace(path, at, at, text.encode(), group, since)


def fetch(pass_: Pass, context: Context, lines: str, group: str, since: Stage) -> None:
    """Put lines where the callback has the struct, or where its body begins."""
    definition = context.definition
    at = context.declaration.end if context.declaration is not None else definition.body[0] + 1
    margin = "    "
    if context.declaration is not None:
        data = pass_.parsed(definition.path).source.data
        margin = re.sub(r"[^ \t]", "", indent_at(data, context.declaration.start))
    pass_.replace(definition.path, at, at, f"\n{margin}{lines}", group, since)
