"""The members of the static state that an earlier stage wrote, as variables again."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from isolate_ext.model.declarators import declarators
from isolate_ext.model.extension import Extension
from isolate_ext.model.staged import Staged
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import trailing_comment, whole_lines
from isolate_ext_rules.module_names import OWN_MODULE
from isolate_ext_rules.staged_own import used_otherwise
from isolate_ext_rules.staged_uses import Edits, places_of

_NAMES = re.compile(r"[A-Za-z_]\w*")
_DIRECTIVE = re.compile(rb"^\s*#", re.MULTILINE)
_NO_CODE = re.compile(
    rb"(?:\s|/\*.*?\*/|//[^\n]*|^[ \t]*#(?:[^\n\\]|\\\r?\n)*)*", re.DOTALL | re.MULTILINE
)


def take_back_members(extension: Extension, staged: Staged, edits: Edits) -> bool:
    """Variables in the place of the static state; what finds it goes.

    A struct that is the module's own loses the members that only the static state has; any other
    goes.  False where names are in the way, and where not all is in the form that the tool writes.
    """
    values, fields = _values(staged), staged.struct.fields
    if staged.own:
        fields = tuple(each for each in fields if each.name in edits.members)
    only = {each.name for each in fields}
    around = extension.files[staged.struct.path].conditions(staged.struct.start)
    conditional = {each.name for each in fields if len(each.conditions) > len(around)}
    if values is None or not values.keys() <= only or OWN_MODULE in only:
        return False
    if _in_the_way(extension, only, edits):
        return False
    named = {name for name, value in values.items() if _NAMES.search(value.str)}
    if not _all_seen(staged, only) or (only if staged.own else named) & conditional:
        return False
    if staged.own and any(used_otherwise(extension, staged, name, edits) for name in only):
        return False
    _take_from_struct(extension, staged, only, edits)
    _variables(extension, staged, values, named, edits)
    for routine in staged.accessors:
        for part in places_of(routine):
            data = extension.files[part.path].source.data
            _put(extension, part.path, _with_comment(data, part.start), part.end, "", edits)
    return True


def _take_from_struct(
    extension: Extension, staged: Staged, only: Collection[str], edits: Edits
) -> None:
    path, item = staged.struct.path, _item(staged)
    if not staged.own:
        _put(extension, path, item.start, _end(item), "", edits)
        return
    for node in _fields(staged):
        if _name(node) in only:
            end = trailing_comment(node.data, _end(node))[1]
            edits.put(path, *whole_lines(node.data, node.start, end))


def _variables(
    extension: Extension, staged: Staged, values: Mapping[str, Node], named: Collection[str],
    edits: Edits,
) -> None:  # fmt: skip
    """All where the static state is declared first; where it has its values, those that need it."""
    places = [*staged.variable.definitions, *staged.variable.declarations]
    places.sort(key=lambda each: each.start)
    shared = any(each.extern for each in places)
    only = edits.members if staged.own else None
    for number, each in enumerate(places):
        rows = ""
        if each.extern:
            rows = _rows(staged, "extern", {}, only)
        elif shared:
            rows = _rows(staged, "", values, only)
        elif number == 0:
            now = values if len(places) == 1 else {n: values[n] for n in values if n not in named}
            rows = _rows(staged, "static", now, only)
        elif each.initialiser is not None:
            rows = _rows(staged, "static", values, named)
        _put(extension, each.path, each.start, each.end, rows, edits)


def _all_seen(staged: Staged, only: set[str]) -> bool:
    """Whether each of the members has a line, and none is hidden by an `#if` that is not taken."""
    body = staged.struct.node.child("body")
    nodes = _fields(staged)
    lines = [{each.name.str for each in declarators(node)} for node in nodes]
    if body is None or any(len(names) > 1 and names & only for names in lines):
        return False
    if staged.own:
        return only <= set().union(*lines)
    starts = [each.start for each in nodes] + [body.end - 1]
    ends = [body.start + 1] + [_end(each) for each in nodes]
    gaps = (body.data[end:start] for end, start in zip(ends, starts, strict=True))
    return all(_NO_CODE.fullmatch(gap) for gap in gaps)


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


def _item(staged: Staged) -> Node:
    """The type definition of the struct."""
    node = staged.struct.node
    parent = node.parent
    return parent if parent is not None and parent.kind == "type_definition" else node


def _end(item: Node) -> int:
    return item.end if item.text.endswith(b";") else item.data.find(b";", item.end) + 1


def _values(staged: Staged) -> dict[str, Node] | None:
    """What the members begin with; None for an initialiser that the tool does not write."""
    found: dict[str, Node] = {}
    value = staged.variable.home.initialiser
    if value is not None and _DIRECTIVE.search(value.text):
        return None
    for pair in value.named if value is not None else ():
        designator = pair.child("designator") if pair.kind == "initializer_pair" else None
        inner = pair.child("value")
        if pair.kind == "comment":
            continue
        if designator is None or inner is None:
            return None
        found[designator.str.lstrip(".")] = inner
    return found


def _fields(staged: Staged) -> list[Node]:
    body = staged.struct.node.child("body")
    return [it for it in body.named if it.kind == "field_declaration"] if body is not None else []


def _rows(
    staged: Staged, storage: str, values: Mapping[str, Node], only: Collection[str] | None = None
) -> str:
    """A declaration a line of each member, with its comment; all have the directives around too."""
    body = staged.struct.node.child("body")
    assert body is not None
    lines: list[str] = []
    at = body.start + 1
    for node in _fields(staged):
        end = trailing_comment(body.data, _end(node))[1]
        lines += _between(body.data[at : node.start], only is None)
        at = end
        name = _name(node)
        if only is not None and name not in only:
            continue
        row = body.data[node.start : _end(node) - 1].decode("latin-1")
        comment = body.data[_end(node) : end].decode("latin-1")
        value = f" = {values[name].str}" if name in values else ""
        lines.append(f"{storage} {row}{value};{comment}".strip())
    lines += _between(body.data[at : body.end - 1], only is None)
    return "".join(f"{line}\n" for line in lines)


def _between(text: bytes, whole: bool) -> list[str]:
    """Directives, and comments of lines of their own."""
    lines = [line.strip() for line in text.decode("latin-1").split("\n")]
    return [line for line in lines if line and whole]


def _name(node: Node) -> str:
    return next(declarators(node)).name.str


def _in_the_way(extension: Extension, names: set[str], edits: Edits) -> bool:
    """Whether one of the names means something else at file scope."""
    taken = {each.name for each in extension.routines.values() if not each.is_macro}
    taken |= extension.structs.names()
    taken |= {each.name for each in extension.variables.values() if each.function is None}
    for path, parsed in extension.files.items():
        macros = parsed.scan.defines
        taken |= {it.name for it in macros if not edits.covers(path, it.span[0])}
    return not names.isdisjoint(taken)
