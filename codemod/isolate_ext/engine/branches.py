"""Branches for Python 2 that edits would break: they go before the plan is made (pattern 13)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.engine.spelling import applied, edit
from isolate_ext.model.entities import Kind
from isolate_ext.model.extension import Extension
from isolate_ext.placement.decisions import Decisions
from isolate_ext.syntax import Group, Parsed
from isolate_ext.text.replacement import Replacement

_VERSION = re.compile(
    r"\bPY_(MAJOR_VERSION|VERSION_HEX|MINOR_VERSION)\b|PY3|PYTHON3|PYPY|PY2|PY_2|PY_3"
)


def plain_branches(extension: Extension, decisions: Decisions) -> dict[str, bytes]:
    """Files with the `#if` groups resolved that Python >= 3.9 decides and edits would touch."""
    changed = {}
    for path, parsed in extension.files.items():
        touched = list(_touched(extension, decisions, path))
        items = [
            change
            for group in _decided_groups(parsed)
            if any(start < group.end and group.start < end for start, end in touched)
            for change in _resolve(parsed, group)
        ]
        if items:
            changed[path] = applied(parsed, items)
    return changed


def _touched(extension: Extension, decisions: Decisions, path: str) -> Iterator[tuple[int, int]]:
    """Spans that the migration rewrites as a whole, and every use that it edits."""
    for definition in {decisions.init.creator, decisions.init.entry}:
        if definition.path == path:
            yield definition.start, definition.end
    home = decisions.init.def_declaration
    if home is not None and home.path == path:
        yield home.start, home.end
    for type_ in decisions.types.values():
        keys = [type_.key, *type_.suites]
        for key in keys:
            for declaration in extension.variables[key].definitions:
                if declaration.path == path:
                    yield declaration.start, declaration.end
    for key in [*decisions.fields, *decisions.threaded]:
        for use in extension.uses_of(key):
            if use.path == path and any(
                c.verdict is False for c in extension.files[path].conditions(use.start)
            ):
                yield use.start, use.end
    for variable in extension.of_kind(Kind.MODULE_DEF):
        for declaration in variable.definitions:
            if declaration.path == path:
                yield declaration.start, declaration.end


def _decided_groups(parsed: Parsed) -> Iterator[Group]:
    """Outermost groups whose branches are decided by the version of Python."""
    pending = list(parsed.scan.groups)
    while pending:
        group = pending.pop(0)
        verdicts = [branch.verdict for branch in group.branches]
        texts = " ".join(branch.text for branch in group.branches)
        if False in verdicts and None not in verdicts and _VERSION.search(texts):
            yield group
        else:
            pending.extend(inner for branch in group.branches for inner in branch.groups())


def _resolve(parsed: Parsed, group: Group) -> Iterator[Replacement]:
    """Keep the branch that is taken, without its directives."""
    data = parsed.source.data
    taken = next((branch for branch in group.branches if branch.verdict is True), None)
    start = data.rfind(b"\n", 0, group.start) + 1
    end = data.find(b"\n", group.end - 1)
    end = len(data) if end < 0 else end + 1
    if taken is None:
        yield edit(parsed, start, end, b"")
        return
    yield edit(parsed, start, taken.start, b"")
    yield edit(parsed, data.rfind(b"\n", 0, taken.end) + 1, end, b"")
