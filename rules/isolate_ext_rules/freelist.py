"""Instances kept for reuse.

What: a free list goes: dealloc always frees, and constructors always allocate.

Why: a parked instance holds on to its type or forgets it, is seen by the GC with no references, and
belongs to the interpreter that made it, whichever takes it out.

Declines when: the list is used for anything but parking, taking out and draining.

Handbook pattern 73.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

import msgspec

from isolate_ext.capi.ownership import FREE
from isolate_ext.engine import Pass, Preparation, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, Kind, Use, Variable, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.types import StaticType
from isolate_ext.placement.decisions import Decisions
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext.text.replacement import Replacement, Span
from isolate_ext_rules.c_text import indent_at, statement_of, whole_lines, with_blank_line
from isolate_ext_rules.examples import TYPE
from isolate_ext_rules.type_dealloc import aliases

_PARKING = TYPE.replace(
    "    PyObject_Del(self);",
    "    if (num_free < 8) {\n        free_list[num_free++] = self;\n    }\n"
    "    else {\n        PyObject_Del(self);\n    }",
).replace(
    "    EggObject *egg = PyObject_New(EggObject, &Egg_Type);\n",
    "    EggObject *egg;\n\n    if (num_free > 0) {\n        egg = free_list[--num_free];\n"
    "        (void)PyObject_Init((PyObject *)egg, &Egg_Type);\n    }\n"
    "    else {\n        egg = PyObject_New(EggObject, &Egg_Type);\n    }\n",
).replace(
    "static PyTypeObject Egg_Type;\n",
    "static PyTypeObject Egg_Type;\nstatic EggObject *free_list[8];\nstatic int num_free;\n",
)  # fmt: skip
EXAMPLES = (
    Rewrite(_PARKING, ("PyType_GenericAlloc", "tp->tp_free"), ("free_list", "num_free")),
    Refused(
        _PARKING.replace("    return new_egg();", "    return PyLong_FromLong(num_free);"),
        Reason.DEALLOC_SHAPE,
    ),
)


class FreeList(msgspec.Struct):
    """The variables of one free list, and the statement in dealloc that parks an instance."""

    type: StaticType
    dealloc: Definition
    parking: Node
    variables: list[Variable] = msgspec.field(default_factory=list)


def run(pass_: Pass) -> None:
    for found in free_lists(pass_.extension, pass_.decisions):
        pass_.refuse_node(
            Reason.DEALLOC_SHAPE,
            found.dealloc.path,
            found.parking,
            f"{found.dealloc.name} keeps instances for reuse",
            found.type.key,
        )


def prepare(extension: Extension, decisions: Decisions) -> Iterator[Preparation]:
    """One preparation for each free list that can be taken away whole."""
    for found in free_lists(extension, decisions):
        changes = _without(extension, found)
        if changes:
            yield Preparation(
                tuple(changes),
                found.dealloc.path,
                found.parking.start,
                f"{found.type.variable.name} no longer keeps instances for reuse",
            )


def free_lists(extension: Extension, decisions: Decisions) -> Iterator[FreeList]:
    """Free lists that dealloc functions of static types fill."""
    seen: set[Definition] = set()
    for type_ in decisions.types.values():
        name = type_.function("tp_dealloc")
        routine = extension.routine_named(name, type_.home.path) if name is not None else None
        for definition in routine.definitions if routine is not None else ():
            if definition in seen or definition.node is None or not definition.parameters:
                continue
            seen.add(definition)
            found = _parking(extension, type_, definition)
            if found is not None:
                yield found


def _parking(extension: Extension, type_: StaticType, definition: Definition) -> FreeList | None:
    own = aliases(definition)
    for use in extension.uses_inside(definition):
        variable = extension.variables.get(use.symbol)
        if variable is None or variable.kind not in (Kind.OBJECT, Kind.OBJECT_ARRAY):
            continue
        node = use.node
        if node is not None and node.parent is not None:
            if node.parent.kind == "subscript_expression" and node.parent.children[0] is node:
                node = node.parent
        assignment = node.parent if node is not None else None
        value = assignment.child("right") if assignment is not None else None
        if assignment is None or value is None or assignment.child("left") is not node:
            continue
        if strip_casts(value).str in own:
            found = FreeList(type_, definition, statement_of(assignment), [variable])
            _add_counter(extension, found)
            return found
    return None


def _add_counter(extension: Extension, found: FreeList) -> None:
    """The variable that counts what is parked: changed in the branch that parks."""
    branch = found.parking.enclosing("if_statement")
    if branch is None:
        return
    for use in extension.uses_inside(found.dealloc):
        variable = extension.variables.get(use.symbol)
        if variable is None or variable in found.variables or use.node is None:
            continue
        parent = use.node.parent
        if parent is not None and parent.kind in ("update_expression", "assignment_expression"):
            if branch.start <= use.start < branch.end and variable.kind is Kind.PLAIN:
                found.variables.append(variable)


def _without(extension: Extension, found: FreeList) -> list[Replacement]:
    """The edits that take a free list away; empty where a use of it is left."""
    changes: dict[tuple[str, int, int], Replacement] = {}
    for variable in found.variables:
        for use in extension.uses_of(variable.key):
            change = _without_use(extension, found, use)
            if change is None:
                return []
            changes[(change.path, change.span.start, change.span.end)] = change
        for declaration in variable.definitions + variable.declarations:
            if declaration.siblings > 1:
                return []
            data = extension.files[declaration.path].source.data
            start, end = with_blank_line(data, declaration.start, declaration.end)
            changes[(declaration.path, start, end)] = _change(declaration.path, start, end, b"")
    return _outermost(list(changes.values()))


def _without_use(extension: Extension, found: FreeList, use: Use) -> Replacement | None:
    """The replacement of the statement that a use stands in."""
    if use.inside is None or use.inside.is_macro or use.node is None:
        return None
    data = extension.files[use.path].source.data
    for kind in ("while_statement", "for_statement"):
        loop = use.node.enclosing(kind)
        if loop is not None and _drains(loop):
            return _change(use.path, *whole_lines(data, loop.start, loop.end), b"")
    branch = use.node.enclosing("if_statement")
    if branch is not None:
        return _one_branch(data, found, use, branch)
    statement = statement_of(use.node)
    if re.fullmatch(r"\w+\s*=\s*(0|NULL)\s*;", statement.str):
        return _change(use.path, *whole_lines(data, statement.start, statement.end), b"")
    return None


def _drains(loop: Node) -> bool:
    """A loop that only gives memory back."""
    calls = [node for node in loop.descendants() if node.kind == "call_expression"]
    names = {(call.child("function") or call).str for call in calls}
    return bool(names) and names <= FREE


def _one_branch(data: bytes, found: FreeList, use: Use, branch: Node) -> Replacement | None:
    """An `if` without the branch that parks or takes out."""
    then, other = branch.child("consequence"), branch.child("alternative")
    if other is not None and other.kind == "else_clause":
        other = other.named[-1]
    names = re.compile(r"\b(" + "|".join(v.name for v in found.variables) + r")\b")
    if then is None or branch.parent is None or branch.parent.kind == "else_clause":
        return None
    if other is None:
        if names.search(then.str) and re.search(r"\breturn\b[^;]*;\s*\}?$", then.str):
            return _change(use.path, *whole_lines(data, branch.start, branch.end), b"")
        return None
    kept = [each for each in (then, other) if not names.search(each.str)]
    if len(kept) != 1:
        return None
    return _change(use.path, branch.start, branch.end, _plain(data, branch, kept[0]))


def _plain(data: bytes, branch: Node, kept: Node) -> bytes:
    """The statements of a branch, as they stand in place of the whole."""
    if kept.kind != "compound_statement" or any(c.kind == "declaration" for c in kept.named):
        return kept.text
    inner = data[kept.start + 1 : kept.end - 1].decode("latin-1").strip("\r\n")
    lines = textwrap.dedent(inner.rstrip()).splitlines()
    margin = indent_at(data, branch.start)
    newline = "\r\n" if b"\r\n" in kept.text else "\n"
    return newline.join(
        (margin if number and line.strip() else "") + line for number, line in enumerate(lines)
    ).encode("latin-1")


def _outermost(changes: list[Replacement]) -> list[Replacement]:
    return [
        each
        for each in changes
        if not any(
            other is not each
            and other.path == each.path
            and other.span.start <= each.span.start
            and each.span.end <= other.span.end
            for other in changes
        )
    ]


def _change(path: str, start: int, end: int, text: bytes) -> Replacement:
    return Replacement(path, Span(start, end), (text,), "freelist")


RULE = Rule(
    "freelist", __doc__, (73,), Stage.STATE, Safety.REVIEW, run, EXAMPLES, prepare=prepare
)  # fmt: skip
