"""New members in the hooks that a module has already."""

from __future__ import annotations

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import Definition
from isolate_ext.placement.own_hooks import HOOKS, completed_hooks, handled, raw_releases
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.c_text import indent_at
from isolate_ext_rules.hook_lines import hook_lines, owned


def complete(pass_: Pass) -> None:
    """Each hook takes care of every member once, and releases none without forgetting it."""
    extension, init = pass_.extension, pass_.decisions.init
    symbols = {each.symbol for each in owned(pass_)}
    for field, routine in completed_hooks(extension, init).items():
        for definition in routine.definitions:
            done = handled(extension, routine, definition, field)
            lines = [
                line for each in hook_lines(pass_, HOOKS[field], done) for line in each.split("\n")
            ]
            if lines:
                _add(pass_, definition, lines, void=field == "m_free")
    for use, callee in raw_releases(extension, init, symbols):
        pass_.replace(use.path, callee.start, callee.end, b"Py_CLEAR", "state", Stage.ISOLATED)


def _add(pass_: Pass, definition: Definition, lines: list[str], *, void: bool) -> None:
    """Before the last return; in a function without a result, else at its end."""
    body = definition.node.child("body") if definition.node is not None else None
    last = body.named[-1] if body is not None and body.named else None
    data = pass_.parsed(definition.path).source.data
    newline = pass_.style(definition.path).newline.decode()
    if last is not None and last.kind == "return_statement":
        margin = indent_at(data, last.start)
        at, text = last.start, "".join(f"{line}{newline}{margin}" for line in lines)
    elif void:
        margin = indent_at(data, last.start) if last is not None else "    "
        at = data.rindex(b"}", *definition.body)
        line_start = data.rfind(b"\n", 0, at) + 1
        own_line = not data[line_start:at].strip()
        at = line_start if own_line else at
        text = "".join(f"{margin}{line}{newline}" for line in lines)
        text = text if own_line else newline + text
    else:
        pass_.refuse(
            Reason.INIT_SHAPE,
            definition.path,
            definition.name_start,
            definition.name_start + len(definition.name),
            f"{definition.name} does not end with a return for new members to precede",
        )
        return
    pass_.replace(definition.path, at, at, text.encode(), "state", Stage.ISOLATED)
