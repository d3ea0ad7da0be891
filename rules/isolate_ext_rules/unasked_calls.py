"""Calls of the init function that may fail, and whose result nobody asks for.

An exec function that returns 0 with an exception set makes the interpreter raise SystemError, as
the import of a single-phase module did (handbook section 6, row 2): the error itself says more.
"""

from __future__ import annotations

import re

from isolate_ext.engine import Pass
from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.model.init import creator_nodes, init_closure
from isolate_ext.syntax import Node
from isolate_ext_rules.adjacent import spelled

_FALLIBLE = re.compile(
    r"PyModule_Add\w*|PyDict_SetItem\w*|PyObject_SetAttr\w*|PyList_Append|PySet_Add"
)
_MAKES = re.compile(
    r"Py(Long|Float|Complex|Bytes|Unicode|Bool)_(From|InternFrom)\w+|Py_BuildValue|PyTuple_Pack"
    r"|Py(Tuple|List|Dict|Set|FrozenSet|Capsule)_New|PyErr_NewException(WithDoc)?|PyType_From\w+"
    r"|PyObject_(GetAttr|GetAttrString|Call\w*)|PyImport_Import\w*"
)
"""Calls that return a new object, or NULL with an exception set."""
_LEAVING = re.compile(rb"\b(?:return|goto|if)\b")
_LEAVES = re.compile(rb"\b(?:return|goto|Py_FatalError)\b")
_FAILS = re.compile(rb"\breturn\s*\(?\s*(?:-\s*1|NULL)\b")
_ASKED = re.compile(rb"\bPyErr_Occurred\s*\(")


def success(pass_: Pass) -> str:
    """What exec returns where the init function returned the module."""
    return "PyErr_Occurred() ? -1 : 0" if _has_unasked(pass_) else "0"


def _has_unasked(pass_: Pass) -> bool:
    """Whether an error may be set at the end; what the init function asked itself is known."""
    extension, init = pass_.extension, pass_.decisions.init
    creator = init.creator
    data = pass_.parsed(creator.path).source.data
    asked = max(
        (found.start() for found in _ASKED.finditer(data, *creator.body)), default=creator.start
    )
    return any(
        _fails_unasked(pass_, definition, asked if definition is creator else definition.start)
        for key in {creator.routine, *init_closure(extension, init)}
        for definition in extension.routines[key].definitions
        if definition.node is not None
    )


def _fails_unasked(pass_: Pass, definition: Definition, since: int) -> bool:
    nodes = [node for node in creator_nodes(pass_.extension, definition) if node.start > since]
    return any(_drops(pass_, node) for node in nodes) or any(
        not _is_asked(pass_, target, nodes) for node in nodes for target in [_made(node)] if target
    )


def _drops(pass_: Pass, node: Node) -> bool:
    """A statement that is nothing but a call that may fail, itself or through a macro."""
    if node.kind != "expression_statement" or not node.named:
        return False
    callee = _callee(node.named[0])
    if callee is None:
        return False
    if _FALLIBLE.fullmatch(callee) or any(map(_FAILS.search, _bodies(pass_, callee))):
        return True
    return any(
        _FALLIBLE.match(body.strip(b"( \t").decode("latin-1")) and not _LEAVING.search(body)
        for body in _bodies(pass_, f"#{callee}")
    )


def _callee(node: Node) -> str | None:
    call = strip_casts(node)
    callee = call.child("function") if call.kind == "call_expression" else None
    return callee.str if callee is not None and callee.kind == "identifier" else None


def _bodies(pass_: Pass, name: str) -> list[bytes]:
    """What a function does, or with a `#` before its name a macro stands for."""
    routine = pass_.extension.routine_named(name, pass_.decisions.init.creator.path)
    return [
        pass_.parsed(each.path).source.data[slice(*each.body)]
        for each in (routine.definitions if routine is not None else ())
    ]


def _made(node: Node) -> Node | None:
    """What a statement or declaration sets to a new object."""
    if node.kind == "init_declarator":
        left, right = node.child("declarator"), node.child("value")
        while left is not None and left.kind == "pointer_declarator":
            left = left.child("declarator")
    elif node.kind == "expression_statement" and node.named:
        left, right = node.named[0].child("left"), node.named[0].child("right")
    else:
        return None
    callee = _callee(right) if right is not None else None
    return left if callee is not None and _MAKES.fullmatch(callee) else None


def _is_asked(pass_: Pass, target: Node, nodes: list[Node]) -> bool:
    """Whether something behind it leaves the function where the object is missing."""
    name = re.compile(rf"(?<!\w){re.escape(spelled(target))}(?!\w)")
    return any(
        node.start > target.end and _leaves(pass_, node) and name.search(_condition(node))
        for node in nodes
    )


def _leaves(pass_: Pass, node: Node) -> bool:
    if node.kind in ("if_statement", "return_statement"):
        return _LEAVES.search(node.text) is not None
    called = _callee(node.named[0]) if node.kind == "expression_statement" and node.named else None
    return called is not None and any(_LEAVES.search(e) for e in _bodies(pass_, f"#{called}"))


def _condition(node: Node) -> str:
    condition = node.child("condition") or next(iter(node.named), node)
    return spelled(condition)
