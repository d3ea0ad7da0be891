"""Members of a struct that each module has too: who reaches them through what."""

from __future__ import annotations

from isolate_ext.model.declarators import declarators
from isolate_ext.model.extension import Extension
from isolate_ext.model.staged import Staged
from isolate_ext.syntax import Node
from isolate_ext_rules.staged_uses import Edits


def used_otherwise(extension: Extension, staged: Staged, name: str, edits: Edits) -> bool:
    """Whether a member is reached through anything that may be the state of a module."""
    for path, parsed in extension.files.items():
        for at in parsed.occurrences(name) if name in parsed.names() else ():
            if edits.follows(path, at):
                continue
            node = parsed.node_at(at)
            holder = node.parent if node is not None else None
            if holder is None:
                return True
            if holder.kind != "field_expression":
                continue
            pointer = holder.child("argument")
            if pointer is None or not _is_other(extension, staged, path, pointer):
                return True
    return False


def _is_other(extension: Extension, staged: Staged, path: str, pointer: Node) -> bool:
    """A parameter or local of a function that is no pointer to the struct, or what one holds."""
    while pointer.kind == "field_expression" and (inner := pointer.child("argument")) is not None:
        pointer = inner
    function = extension.function_at(path, pointer.start)
    if pointer.kind != "identifier" or function is None or function.node is None:
        return False
    types = [it.ctype for it in function.parameters if it.name == pointer.str]
    types += [
        each.ctype
        for node in function.node.of_kind("declaration")
        for each in declarators(node)
        if each.name.str == pointer.str
    ]
    return bool(types) and not any(staged.points_to_state(each) for each in types)
