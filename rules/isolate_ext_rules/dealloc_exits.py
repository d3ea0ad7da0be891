"""Returns of a dealloc function that gave an unfinished instance up (handbook pattern 25)."""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Stage
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import indent_at

_UNSET = re.compile(r"\(\s*(!\s*\w+\s*->\s*\w+|\w+\s*->\s*\w+\s*==\s*(NULL|0))\s*\)")


def leaves_unfinished(node: Node) -> bool:
    """``if (!self->x) return;``: the constructor failed, and the instance's memory was leaked."""
    outer: Node | None = node.parent
    if outer is not None and outer.kind == "compound_statement":
        if outer.named != [node]:
            return False
        outer = outer.parent
    test = outer.child("condition") if outer is not None and outer.kind == "if_statement" else None
    return node.text.rstrip(b"; \t") == b"return" and bool(test and _UNSET.fullmatch(test.str))


def free_and_leave(
    pass_: Pass, path: str, node: Node, self_name: str, variable: str, group: str
) -> None:
    """Give the memory and the reference to the type back before such a return."""
    data, style = pass_.parsed(path).source.data, pass_.style(path)
    braces = node.parent is not None and node.parent.kind == "compound_statement"
    outer = indent_at(data, node.start).encode()
    inner = outer if braces else outer + style.indent
    lines = [f"{variable}->tp_free((PyObject *){self_name});", f"Py_DECREF({variable});", "return;"]
    text = (style.newline + inner).join(line.encode() for line in lines)
    if not braces:
        text = b"{" + style.newline + inner + text + style.newline + outer + b"}"
    pass_.replace(path, node.start, node.end, text, group, Stage.HEAP_TYPES)
    pass_.note(path, node.start, "an unfinished instance was leaked here; it is freed", review=True)
