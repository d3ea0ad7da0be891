"""The members of the static state that an earlier stage wrote, as variables again."""

from __future__ import annotations

import re
from collections.abc import Collection

from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import Declaration
from isolate_ext.model.extension import Extension
from isolate_ext.model.staged import Staged
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import trailing_comment, whole_lines
from isolate_ext_rules.staged_uses import Edits, places_of

_NAMES = re.compile(r"[A-Za-z_]\w*")


def take_back_members(extension: Extension, staged: Staged, edits: Edits) -> bool:
    """Variables in the place of the struct; accessors go. False where names are in the way."""
    item, values = _item(staged), _values(staged)
    if item is None or values is None or _in_the_way(extension, staged):
        return False
    shared = any(each.extern for each in _declarations(staged))
    here = {
        name: value for name, value in values.items() if not shared and not _NAMES.search(value.str)
    }
    rows = _rows(staged, "extern" if shared else "static", here)
    _put(extension, staged.struct.path, item.start, _end(item), rows, edits)
    later = {name: value for name, value in values.items() if name not in here}
    for each in _declarations(staged):
        rows = ""
        if each.initialiser is not None and not shared:
            rows = _rows(staged, "static", later, set(later))
        elif shared and not each.extern:
            rows = _rows(staged, "", later)
        _put(extension, each.path, each.start, each.end, rows, edits)
    for routine in staged.accessors:
        for part in places_of(routine):
            data = extension.files[part.path].source.data
            _put(extension, part.path, _with_comment(data, part.start), part.end, "", edits)
    return True


def _with_comment(data: bytes, start: int) -> int:
    """Where the comment begins that stands right above."""
    match = re.search(rb"/\*(?:(?!\*/).)*\*/[ \t]*\r?\n$", data[:start], re.DOTALL)
    return match.start() if match is not None else start


def _put(extension: Extension, path: str, start: int, end: int, rows: str, edits: Edits) -> None:
    """Rows in the place of whole lines and of the blank ones behind them."""
    data = extension.files[path].source.data
    start, end = whole_lines(data, start, end)
    blank = re.compile(rb"(?:[ \t]*\r?\n)*").match(data, end)
    edits.put(path, start, blank.end() if blank is not None else end, rows.encode("latin-1"))


def _declarations(staged: Staged) -> list[Declaration]:
    return [*staged.variable.definitions, *staged.variable.declarations]


def _item(staged: Staged) -> Node | None:
    """The type definition of the struct, which has no other purpose."""
    parent = staged.struct.node.parent
    return parent if parent is not None and parent.kind == "type_definition" else None


def _end(item: Node) -> int:
    return item.end if item.text.endswith(b";") else item.data.find(b";", item.end) + 1


def _values(staged: Staged) -> dict[str, Node] | None:
    """What the members begin with; None for an initialiser that the tool does not write."""
    found: dict[str, Node] = {}
    value = staged.variable.home.initialiser
    for pair in value.named if value is not None else ():
        designator = pair.child("designator") if pair.kind == "initializer_pair" else None
        inner = pair.child("value")
        if pair.kind == "comment":
            continue
        if designator is None or inner is None:
            return None
        found[designator.str.lstrip(".")] = inner
    return found


def _rows(
    staged: Staged, storage: str, values: dict[str, Node], only: Collection[str] | None = None
) -> str:
    """A declaration a line of each member, with its comment and the directives around it."""
    body = staged.struct.node.child("body")
    assert body is not None
    lines: list[str] = []
    at = body.start + 1
    for node in body.named:
        if node.kind != "field_declaration":
            continue
        end = trailing_comment(body.data, _end(node))[1]
        lines += _between(body.data[at : node.start])
        at = end
        name = _declared_name(node)
        if only is not None and name not in only:
            continue
        row, _, comment = body.data[node.start : end].decode("latin-1").rpartition(";")
        value = f" = {values[name].str}" if name in values else ""
        lines.append(f"{storage} {row}{value};{comment}".strip())
    lines += _between(body.data[at : body.end - 1])
    return "".join(f"{line}\n" for line in lines)


def _between(text: bytes) -> list[str]:
    """Directives, and comments of lines of their own."""
    return [line.strip() for line in text.decode("latin-1").split("\n") if line.strip()]


def _declared_name(node: Node) -> str:
    return next(declarators(node)).name.str


def _in_the_way(extension: Extension, staged: Staged) -> bool:
    """Whether the name of a member means something else at file scope."""
    taken = {each.name for each in extension.routines.values()} | extension.structs.names()
    taken |= {each.name for each in extension.variables.values() if each.function is None}
    taken |= {it.name for parsed in extension.files.values() for it in parsed.scan.defines}
    return any(each.name in taken for each in staged.struct.fields)
