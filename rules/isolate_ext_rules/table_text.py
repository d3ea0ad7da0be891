"""A table of addresses as the declaration of a local variable, with its values from the state."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import Declaration, Kind, Use
from isolate_ext.placement.tables import LocalTable
from isolate_ext_rules.c_text import indent_at
from isolate_ext_rules.readied_tables import readying


def own_tables(pass_: Pass) -> list[LocalTable]:
    """Tables that the function which makes the module reads."""
    creator = pass_.decisions.init.creator
    return [each for each in pass_.decisions.tables.values() if each.reader is creator]


def is_local(table: LocalTable, home: Declaration) -> bool:
    """Whether it stands in the function that reads it, as a static variable."""
    return table.reader.path == home.path and table.reader.start < home.start < table.reader.end


def first_stage(pass_: Pass, table: LocalTable) -> Stage:
    """Types leave their place with the second stage only."""
    kinds = {pass_.decisions.fields[use.symbol].kind for use in table.entries}
    return Stage.HEAP_TYPES if kinds == {Kind.TYPE} else Stage.STATE


def local_lines(pass_: Pass, table: LocalTable, stage: Stage) -> list[str]:
    """The declaration with its comment, without `static`, in steps of four spaces.

    Nothing before the stage at which it moves, nor if nothing reads it any more.
    """
    home = pass_.extension.variables[table.symbol].home
    if stage < first_stage(pass_, table):
        return []
    if stage >= Stage.HEAP_TYPES and readying(pass_, table).all_uses:
        return []
    data = pass_.parsed(home.path).source.data
    at = with_comment(data, home.start)
    margin = indent_at(data, at).encode() if is_local(table, home) else b""
    pieces = []
    for start, end, text in sorted([*storage_class(home), *values(pass_, table, stage)]):
        pieces += [data[at:start], text]
        at = end
    whole = b"".join([*pieces, data[at : home.end]]).replace(b"\r\n", b"\n")
    step = pass_.style(home.path).indent
    lines = [line.removeprefix(margin) for line in whole.split(b"\n")]
    return [_in_steps(line, step).decode("utf-8", "surrogateescape") for line in lines]


def _in_steps(line: bytes, step: bytes) -> bytes:
    match = re.match(b"(?:%s)*" % re.escape(step), line)
    assert match is not None
    return b"    " * (match.end() // len(step)) + line[match.end() :]


def storage_class(home: Declaration) -> Iterator[tuple[int, int, bytes]]:
    """The word `static` with the space behind it, to be replaced by nothing."""
    for child in home.node.children:
        if child.kind == "storage_class_specifier" and child.str == "static":
            end = child.end
            while home.node.data[end : end + 1].isspace():
                end += 1
            yield child.start, end, b""


def values(pass_: Pass, table: LocalTable, stage: Stage) -> Iterator[tuple[int, int, bytes]]:
    """What stands for the uses of what moved by a stage."""
    state = pass_.state_name(table.reader, stage)
    for use in table.entries:
        field = pass_.decisions.fields[use.symbol]
        if field.kind is not Kind.TYPE or stage >= Stage.HEAP_TYPES:
            start, end = _replaced(use, field.kind)
            yield start, end, f"{state}->{field.name}".encode()


def _replaced(use: Use, kind: Kind) -> tuple[int, int]:
    """A type is meant by its address, anything else by its name."""
    address = use.address_of if kind is Kind.TYPE else None
    return (address.start, address.end) if address is not None else (use.start, use.end)


def with_comment(data: bytes, start: int) -> int:
    """The start of the comment that stands right above, if one does."""
    above = data[:start].rstrip(b" \t")
    if not above.endswith((b"*/\n", b"*/\r\n")):
        return start
    at = above.rfind(b"/*")
    line = data.rfind(b"\n", 0, at) + 1
    return at if not data[line:at].strip() else start
