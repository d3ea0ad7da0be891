"""Macros of one source that a member of the shared state struct is made with: they move there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from isolate_ext.engine import Pass, Stage
from isolate_ext.placement.decisions import StateField
from isolate_ext.syntax import Define, Parsed, resolve_include
from isolate_ext_rules.c_text import with_blank_line
from isolate_ext_rules.line_places import HEADER

_WORD = re.compile(r"[A-Za-z_]\w*")


class Block(msgspec.Struct, frozen=True, order=True):
    """Whole lines of a source that hold directives only, and the macros that they define."""

    path: str
    start: int
    end: int
    names: frozenset[str]


def private_blocks(pass_: Pass, field: StateField) -> list[Block]:
    """What moves with a member: the macros in its array sizes, and those in theirs.

    Empty where there are none, or where one of them cannot move.
    """
    path = pass_.extension.variables[field.symbol].home.path
    parsed = pass_.parsed(path)
    if path.endswith(HEADER):
        return []
    found: set[Block] = set()
    pending = {word for size in field.arrays for word in _WORD.findall(size)}
    seen: set[str] = set()
    while pending:
        word = pending.pop()
        defines = [each for each in parsed.scan.defines if each.name == word]
        if word in seen or not defines:
            continue
        seen.add(word)
        for define in defines:
            block = _block(parsed, define)
            if block is None or not _only_here(pass_, block):
                return []
            found.add(block)
            pending |= _words(parsed, block)
    return sorted(found)


def text_of(pass_: Pass, blocks: Iterable[Block]) -> str:
    """The lines of the blocks, in the order in which they stood, blank lines between them kept."""
    text, last = b"", None
    for each in blocks:
        data = pass_.parsed(each.path).source.data
        apart = last is not None and (last.path != each.path or data[last.end : each.start])
        text += (b"\n" if apart else b"") + data[each.start : each.end]
        last = each
    return text.decode("latin-1").rstrip("\n")


def take_away(pass_: Pass, blocks: Iterable[Block], group: str) -> None:
    """Remove the blocks from where they stood."""
    for each in blocks:
        data = pass_.parsed(each.path).source.data
        start, end = with_blank_line(data, each.start, each.end)
        pass_.replace(each.path, start, end, b"", group, Stage.STATE)


def fits(pass_: Pass, block: Block, headers: set[str]) -> bool:
    """Whether what the block names of other libraries is known where these headers are read."""
    return _foreign(pass_, _read_by(pass_, block)) <= _foreign(pass_, headers)


def _block(parsed: Parsed, define: Define) -> Block | None:
    branch, group = define.branch, None
    while branch is not None and branch.group is not None:
        branch, group = branch.group.parent, branch.group
    start, end = (group.start, group.end) if group is not None else define.span
    if parsed.scan.skeleton[start:end].strip():
        return None
    data = parsed.source.data
    start, end = data.rfind(b"\n", 0, start) + 1, data.find(b"\n", end - 1) + 1
    names = {each.name for each in parsed.scan.defines if start <= each.span[0] < end}
    return Block(parsed.source.path, start, end or len(data), frozenset(names))


def _only_here(pass_: Pass, block: Block) -> bool:
    """No other file defines one of the macros, and none is undefined again."""
    for path, parsed in pass_.extension.files.items():
        others = {each.name for each in parsed.scan.defines}
        if path != block.path and block.names & others:
            return False
    data = pass_.parsed(block.path).scan.source.data
    undone = re.findall(rb"^[ \t]*#[ \t]*undef[ \t]+(\w+)", data, re.MULTILINE)
    return not block.names & {name.decode() for name in undone}


def _words(parsed: Parsed, block: Block) -> set[str]:
    text = parsed.source.data[block.start : block.end].decode("latin-1")
    return set(_WORD.findall(text)) - block.names


def _read_by(pass_: Pass, block: Block) -> set[str]:
    """The block's file and the owned headers that it reads first."""
    found = {block.path}
    pending = [*_included(pass_, block.path, block.start)]
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            pending += _included(pass_, path, len(pass_.parsed(path).source.data))
    return found


def _included(pass_: Pass, path: str, before: int) -> Iterator[str]:
    for include in pass_.parsed(path).scan.includes:
        target = resolve_include(path, include.name, pass_.extension.files)
        if target is not None and include.span[0] < before:
            yield target


def _foreign(pass_: Pass, paths: Iterable[str]) -> set[str]:
    """The headers of others that these files include."""
    files = pass_.extension.files
    return {
        include.name
        for path in paths
        for include in files[path].scan.includes
        if resolve_include(path, include.name, files) is None
    }
