"""Calls of the init function that may fail, and whose result nobody asks for.

An exec function that returns 0 with an exception set makes the interpreter raise SystemError, as
the import of a single-phase module did (handbook section 6, row 2): the error itself says more.
"""

from __future__ import annotations

import re

from isolate_ext.engine import Pass
from isolate_ext.model.entities import strip_casts
from isolate_ext.model.init import creator_nodes, init_closure
from isolate_ext.syntax import Node

_FALLIBLE = re.compile(
    r"PyModule_Add\w*|PyDict_SetItem\w*|PyObject_SetAttr\w*|PyList_Append|PySet_Add"
)
_LEAVING = re.compile(rb"\b(?:return|goto|if)\b")
_ASKED = re.compile(rb"\bPyErr_Occurred\s*\(")


def success(pass_: Pass) -> str:
    """What exec returns where the init function returned the module."""
    return "PyErr_Occurred() ? -1 : 0" if _has_unasked(pass_) else "0"


def _has_unasked(pass_: Pass) -> bool:
    """Whether an error may be set at the end; what the init function asked itself is known."""
    extension, init = pass_.extension, pass_.decisions.init
    creator = init.creator
    asked = max(
        (
            found.start()
            for found in _ASKED.finditer(pass_.parsed(creator.path).source.data, *creator.body)
        ),
        default=creator.start,
    )
    if any(
        node.start > asked and _drops(pass_, node) for node in creator_nodes(extension, creator)
    ):
        return True
    helpers = [extension.routines[key] for key in init_closure(extension, init)]
    return any(
        _drops(pass_, node)
        for helper in helpers
        for each in helper.definitions
        if each is not creator and each.node is not None
        for node in each.node.of_kind("expression_statement")
    )


def _drops(pass_: Pass, node: Node) -> bool:
    """A statement that is nothing but a call that may fail, itself or through a macro."""
    if node.kind != "expression_statement" or not node.named:
        return False
    call = strip_casts(node.named[0])
    callee = call.child("function") if call.kind == "call_expression" else None
    if callee is None or callee.kind != "identifier":
        return False
    if _FALLIBLE.fullmatch(callee.str):
        return True
    macro = pass_.extension.routine_named(f"#{callee.str}", pass_.decisions.init.creator.path)
    bodies = [
        pass_.parsed(each.path).source.data[slice(*each.body)]
        for each in (macro.definitions if macro is not None else ())
    ]
    return any(
        _FALLIBLE.match(body.strip(b"( \t").decode("latin-1")) and not _LEAVING.search(body)
        for body in bodies
    )
