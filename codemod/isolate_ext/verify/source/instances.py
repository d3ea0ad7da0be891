"""What instances own: visited, released, their type last (handbook section 6, items 4 and 5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isolate_ext.model.entities import strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.types import StaticType, spec_types, static_types
from isolate_ext.syntax import Node
from isolate_ext.verify.source.bodies import Body, bodies, called

FREES = ("PyObject_GC_Del", "PyObject_Del", "PyObject_Free", "PyObject_FREE", "PyObject_DEL")
LOOKUP = "PyType_GetModuleByDef"
FLAG = "Py_TPFLAGS_"


def findings(extension: Extension) -> Iterator[str]:
    """One line for each mistake in the functions that visit and destroy instances."""
    for type_ in static_types(extension).values():
        yield from _Teardown(extension, type_).members()
    for type_ in spec_types(extension).values():
        teardown = _Teardown(extension, type_)
        yield from teardown.members()
        yield from teardown.type_itself()


class _Teardown:
    """What the slots of one type do with an instance."""

    def __init__(self, extension: Extension, type_: StaticType) -> None:
        self.extension = extension
        self.type_ = type_
        self.traverse = self._slot("tp_traverse")
        self.clear = self._slot("tp_clear")
        self.dealloc = self._slot("tp_dealloc")
        if any(_calls_slot(each, "tp_clear") for each in self.dealloc):
            self.dealloc = [*self.dealloc, *self.clear]

    def _slot(self, name: str) -> list[Body]:
        function = self.type_.function(name)
        slot = self.type_.slot(name)
        if function is None or slot is None:
            return []
        routine = self.extension.routine_named(function, slot.path)
        found = bodies(self.extension, routine, _base(self.extension, self.type_))
        return [each for each in found if each.definition.path not in self.extension.generated]

    def members(self) -> Iterator[str]:
        """Members that one of the functions leaves out and another one does not."""
        if not self.traverse or not self.dealloc:
            return
        visited = set().union(*(each.visited() for each in self.traverse))
        traverse, dealloc = _name(self.traverse), _name(self.dealloc)
        for member in sorted(_released(self.dealloc) - visited):
            yield f"{traverse} does not visit {member[1:]}, which {dealloc} releases"
        if self.clear:
            for member in sorted(_released(self.clear) - visited):
                yield f"{traverse} does not visit {member[1:]}, which {_name(self.clear)} releases"
            for member in _kept(self.clear, visited):
                yield f"{_name(self.clear)} keeps {member[1:]}, which {traverse} visits"
        for member in _kept(self.dealloc, visited):
            yield f"{dealloc} keeps {member[1:]}, which {traverse} visits"

    def type_itself(self) -> Iterator[str]:
        """The reference that an instance of a heap type owns to its type."""
        if self.traverse:
            name = _name(self.traverse)
            if _is_uncollected(self.type_):
                yield f"{self.type_.variable.name} has {name} without Py_TPFLAGS_HAVE_GC"
            elif not any(_calls_slot(each, "tp_traverse") for each in self.traverse):
                if not any(_visits_type(each) for each in self.traverse):
                    yield f"{name} does not visit the type"
        for each in (*self.traverse, *self.clear, *self.dealloc):
            if any(callee == LOOKUP for _, callee, _ in each.calls()):
                yield f"{each.definition.name} finds the module through a type that may be cleared"
        yield from self._released()

    def _released(self) -> Iterator[str]:
        frees = [each for each in self.dealloc if _frees(each)]
        if frees and not any(_type_releases(each) for each in self.dealloc):
            yield f"{_name(frees)} does not release the type"
        for each in self.dealloc:
            for statement, name in _type_releases(each):
                if _used_after(statement, each.names | {name}):
                    yield f"{each.definition.name} goes on after it has released the type"


def _is_uncollected(type_: StaticType) -> bool:
    """Whether the flags, all of them plain to see, are without that of the collector."""
    plain = all(each.startswith(FLAG) or each.isdigit() for each in type_.flags)
    return plain and not type_.has_flag("HAVE_GC")


def _base(extension: Extension, type_: StaticType) -> str:
    """The first member of the instance, where that is an instance of another type."""
    first = type_.struct.fields[0] if type_.struct is not None and type_.struct.fields else None
    embedded = first is not None and not first.ctype.pointers
    return (
        first.name
        if first is not None and embedded and extension.structs.is_object(first.ctype.base)
        else ""
    )


def _name(found: Sequence[Body]) -> str:
    return found[0].definition.name


def _released(found: Sequence[Body]) -> set[str]:
    """Without elements of arrays, which may be anything that a loop knows of."""
    places = set().union(*(each.released() for each in found))
    return {each for each in places if "[" not in each}


def _kept(found: Sequence[Body], visited: set[str]) -> list[str]:
    """Members that none of the functions does anything with, nor with what they are part of."""
    handed = set().union(*(each.handed_on() for each in found))
    return sorted(
        each for each in visited if not any((each + ".").startswith(f"{it}.") for it in handed)
    )


def _calls_slot(body: Body, slot: str) -> bool:
    return any(
        callee.endswith((f"->{slot}", f".{slot}", f"->{slot})")) for _, callee, _ in body.calls()
    )


def _frees(body: Body) -> bool:
    return _calls_slot(body, "tp_free") or any(callee in FREES for _, callee, _ in body.calls())


def _types(body: Body) -> set[str]:
    """The names that mean the instance's type."""
    found = {
        each.name
        for each in body.definition.parameters
        if each.name is not None and each.ctype.base == "PyTypeObject"
    }
    for each in body.node.of_kind("init_declarator", "assignment_expression"):
        left = each.child("declarator") or each.child("left")
        value = each.child("value") or each.child("right")
        if left is not None and value is not None and "Py_TYPE" in value.str:
            found.add(left.str.lstrip("* "))
    return found


def _is_type(body: Body, value: Node) -> bool:
    value = strip_casts(value)
    callee, given = called(value)
    if callee == "Py_TYPE":
        return body.is_instance(given[0])
    return value.str in _types(body)


def _visits_type(body: Body) -> bool:
    return any(_is_type(body, each) for each in body.visits())


def _type_releases(body: Body) -> list[tuple[Node, str]]:
    """(statement, the type's name) where the type is let go of."""
    return [
        (call.parent, value.str.rpartition(")")[2].strip())
        for call, value in body.releases()
        if _is_type(body, value) and call.parent is not None
    ]


def _used_after(statement: Node, names: frozenset[str]) -> bool:
    """Whether the rest of the block names what may be gone."""
    block = statement.parent
    later = [each for each in block.named if each.start >= statement.end] if block else []
    return any(name.str in names for each in later for name in (each, *each.of_kind("identifier")))
