"""How long the struct that a callback gets lives, and what holds while it is filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator

from isolate_ext.model.declarators import declarators, storage
from isolate_ext.model.entities import CType, Definition, Struct, strip_casts
from isolate_ext.model.expressions import type_of
from isolate_ext.model.extension import Extension
from isolate_ext.model.roles import Called, Role
from isolate_ext.placement.contexts import Filling
from isolate_ext.syntax import Node

_LEAVES = re.compile(
    rb"\b(?:(Py_BEGIN_ALLOW_THREADS|Py_UNBLOCK_THREADS|PyEval_SaveThread|PyEval_ReleaseThread)"
    rb"|Py_END_ALLOW_THREADS|Py_BLOCK_THREADS|PyEval_RestoreThread|PyEval_AcquireThread"
    rb"|PyGILState_Ensure)\b"
)
_OURS = re.compile(
    r"_?Py\w+|mem\w+|str\w+|free|malloc|calloc|realloc|assert|offsetof|sizeof|.*(->|\.)\s*tp_\w+",
    re.DOTALL,
)
_FOREIGN = frozenset({Called.STORED, Called.CALLBACK, Called.IDENTITY})
RolesOf = Callable[[str], Collection[Role]]


class Lives:
    """Follows the struct of a filling back to what it is part of.

    ``instances`` are the structs of types that move; ``owners`` those that were met on the way.
    """

    def __init__(self, extension: Extension, instances: Collection[int]) -> None:
        self._extension = extension
        self._instances = instances
        self._seen: set[tuple[Definition, int]] = set()
        self.owners: list[Struct] = []

    def bounded(self, filling: Filling) -> bool:
        """Whether it is a local of a call, or part of an instance, in every case."""
        if filling.owner.endswith("->"):
            return self._pointer(filling.path, filling.inside, filling.object)
        return self._value(filling.path, filling.inside, filling.object)

    def _pointer(self, path: str, inside: Definition, node: Node) -> bool:
        bare = strip_casts(node)
        inner = bare.child("argument") if bare.kind == "pointer_expression" else None
        if inner is not None and bare.text[:1] == b"&":
            return self._value(path, inside, inner)
        names = [parameter.name for parameter in inside.parameters]
        if bare.kind != "identifier" or bare.str not in names:
            return False
        return self._callers(inside, names.index(bare.str))

    def _value(self, path: str, inside: Definition, node: Node) -> bool:
        while node.kind == "field_expression":
            inner, name = node.children[0], node.child("field")
            if name is not None and b"->" in node.data[inner.end : name.start]:
                return self._instance(type_of(self._extension, inside, path, inner))
            node = inner
        if node.kind == "pointer_expression" and node.text[:1] == b"&":
            inner_node = node.child("argument")
            return inner_node is not None and self._value(path, inside, inner_node)
        return node.kind == "identifier" and _automatic(inside, node.str)

    def _instance(self, ctype: CType | None) -> bool:
        struct = self._extension.structs.struct(ctype) if ctype is not None else None
        if ctype is None or struct is None or ctype.pointers != 1:
            return False
        self.owners.append(struct)
        return id(struct) in self._instances

    def _callers(self, inside: Definition, index: int) -> bool:
        if (inside, index) in self._seen:
            return True
        self._seen.add((inside, index))
        for use in self._extension.uses_of(inside.routine):
            arguments = use.call.child("arguments") if use.call is not None else None
            if arguments is None or use.inside is None or len(arguments.named) <= index:
                return False
            if not self._pointer(use.path, use.inside, arguments.named[index]):
                return False
        return True


def calls_library(extension: Extension, routines: Iterable[str]) -> bool:
    """Whether any of these calls what is neither the extension's nor Python's: it may call back."""
    for key in routines:
        for definition in extension.routines[key].definitions:
            for name, path in _called(extension, definition):
                routine = extension.routine_named(name, path)
                macro = extension.routine_named(f"#{name}", path)
                own = any(each is not None and each.definitions for each in (routine, macro))
                if not own and not _OURS.fullmatch(name):
                    return True
    return False


def with_gil(extension: Extension, filling: Filling, roles_of: RolesOf) -> bool:
    """Whether a thread that Python runs fills the struct in, and holds the GIL."""
    pending = [(filling.inside, filling.statement.start)]
    seen: set[Definition] = set()
    while pending:
        inside, offset = pending.pop()
        if not _attached(extension, inside, offset):
            return False
        if inside in seen:
            continue
        seen.add(inside)
        found = roles_of(inside.routine)
        if any(each.called in _FOREIGN for each in found):
            return False
        uses = [use for use in extension.uses_of(inside.routine) if use.called]
        if not uses and not found and not inside.name.startswith("PyInit_"):
            return False
        for use in uses:
            if use.inside is None or use.inside.is_macro:
                return False
            pending.append((use.inside, use.start))
    return True


def _attached(extension: Extension, inside: Definition, offset: int) -> bool:
    """The last call before an offset that lets go of the GIL or takes it, if any, takes it."""
    code = extension.files[inside.path].scan.code
    found = [(match.start(), match[1] is None) for match in _LEAVES.finditer(code, *inside.body)]
    for use in extension.uses_inside(inside):
        routine = extension.routines.get(use.symbol)
        for macro in routine.definitions if routine is not None and routine.is_macro else ():
            data = extension.files[macro.path].source.data
            for match in _LEAVES.finditer(data, *macro.body):
                found.append((use.start, match[1] is None))
    before = sorted(each for each in found if each[0] < offset)
    return not before or before[-1][1]


def _automatic(inside: Definition, name: str) -> bool:
    """A local without static storage."""
    for node in inside.node.of_kind("declaration") if inside.node is not None else ():
        if any(each.name.str == name for each in declarators(node)):
            return not {"static", "extern"} & storage(node)
    return False


def _called(extension: Extension, definition: Definition) -> Iterator[tuple[str, str]]:
    node = definition.node
    if definition.macro is not None:
        node = extension.files[definition.path].macro_body(definition.macro)
    for call in node.of_kind("call_expression") if node is not None else ():
        callee = call.child("function")
        if callee is not None:
            yield callee.str, definition.path
