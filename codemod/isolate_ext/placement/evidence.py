"""Who uses a variable, and what each use does with it: what its level is judged by."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import msgspec
from msgspec.structs import replace

from isolate_ext.capi.foreign_calls import written
from isolate_ext.model.entities import Definition, Kind, Use, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.remembered import remembered
from isolate_ext.placement.pointer_values import How, Write
from isolate_ext.placement.writes import assigned, part, writers_of
from isolate_ext.syntax import Node

_FOLLOWED = frozenset({Kind.PLAIN, Kind.LOCK, Kind.FUNCTION_POINTER})
_NAMED = frozenset({Kind.TYPE, Kind.MODULE_DEF, Kind.IDENTIFIER, Kind.ARG_PARSER})
"""Of these the address is what one has to do with."""
_REPLACING = frozenset({"Py_CLEAR", "Py_SETREF", "Py_XSETREF"})


class Deed(Enum):
    """What a use does with a variable."""

    READS = "reads"
    WRITES = "writes"
    FILLS = "fills"
    LETS_GO = "gives its address away"


_DEEDS = {How.ASSIGNED: Deed.WRITES, How.FILLED: Deed.FILLS, How.ESCAPED: Deed.LETS_GO}


class Touch(msgspec.Struct, frozen=True, eq=False):
    """One use; ``inside`` is None in an initialiser at file scope.

    ``node`` is the expression that names the variable or a part of it, None where a macro hides it.
    ``callee`` is the function that a call hands the variable or its address to, ``foreign`` says
    that it is neither the extension's own nor the C API's.
    """

    path: str
    start: int
    end: int
    inside: Definition | None
    deed: Deed
    callee: str = ""
    foreign: bool = False
    node: Node | None = None

    @property
    def value(self) -> Node | None:
        """What is assigned."""
        parent = self.node.parent if self.node is not None else None
        if parent is not None and self.callee in _REPLACING and parent.kind == "argument_list":
            return parent.named[1] if parent.named[1:] else None
        if parent is None or parent.kind != "assignment_expression":
            return None
        return parent.child("right") if parent.child("left") is self.node else None

    @property
    def steps(self) -> bool:
        """Whether it goes up or down by some amount."""
        parent = self.node.parent if self.node is not None else None
        if parent is None or parent.kind == "update_expression":
            return parent is not None
        operators = {each.kind for each in parent.children if not each.is_named}
        return self.value is not None and bool(operators & {"+=", "-="})


class Evidence(msgspec.Struct, frozen=True, eq=False):
    """Every use of one variable, by place."""

    touches: tuple[Touch, ...]

    @property
    def writes(self) -> list[Touch]:
        """Where it is or may be written."""
        return [each for each in self.touches if each.deed is not Deed.READS]

    @property
    def reads(self) -> list[Touch]:
        return [each for each in self.touches if each.deed is Deed.READS]

    @property
    def passed_to(self) -> tuple[str, ...]:
        """The functions of C libraries that get the variable or its address."""
        return tuple(dict.fromkeys(each.callee for each in self.touches if each.foreign))

    @property
    def values(self) -> list[Node]:
        """What is assigned to it."""
        return [each.value for each in self.touches if each.value is not None]

    def calls(self) -> Iterator[str]:
        """The names of functions whose results are assigned to it, or a part of what is."""
        for value in self.values:
            for call in value.of_kind("call_expression"):
                callee = call.child("function")
                if callee is not None:
                    yield callee.str


@remembered
def evidence_of(extension: Extension, variable: Variable) -> Evidence:
    """The uses of a variable; of plain data also those through pointers to it."""
    declared = {(each.path, each.name_start) for each in variable.definitions}
    uses = [use for use in extension.uses_of(variable.key) if (use.path, use.start) not in declared]
    if variable.kind not in _FOLLOWED or not variable.definitions:
        return Evidence(tuple(_touch(extension, variable, use) for use in uses))
    written_at = [_written(extension, each) for each in writers_of(extension).of(variable)]
    spans = {(each.path, at) for each in written_at for at in range(each.start, each.end)}
    read = [_touch(extension, variable, use) for use in uses if (use.path, use.start) not in spans]
    plain = [replace(each, deed=Deed.READS) for each in read]
    found = sorted((*written_at, *plain), key=lambda each: (each.path, each.start))
    return Evidence(tuple(found))


def _written(extension: Extension, write: Write) -> Touch:
    deed = _DEEDS[write.how]
    callee = _receiver(write.node) if write.node is not None and deed is not Deed.WRITES else ""
    foreign = _foreign(extension, callee, write.path)
    return Touch(
        write.path, write.start, write.end, write.inside, deed, callee, foreign, write.node
    )  # fmt: skip


def _touch(extension: Extension, variable: Variable, use: Use) -> Touch:
    deed, callee, node = Deed.READS, "", None
    if use.node is not None:
        node, address = part(use.node)
        callee = _receiver(node)
        if assigned(use) or (callee in _REPLACING and _first(node)):
            deed = Deed.WRITES
        elif address and callee and variable.kind not in _NAMED:
            deed = _given(callee, node)
    foreign = _foreign(extension, callee, use.path)
    return Touch(use.path, use.start, use.end, use.inside, deed, callee, foreign, node)


def _given(callee: str, argument: Node) -> Deed:
    """What a call does with an address that it is handed."""
    arguments = argument.parent
    assert arguments is not None
    at = next((i for i, each in enumerate(arguments.named) if each is argument), 0)
    fills = written(callee, at, arguments.text)
    return Deed.LETS_GO if fills is None else Deed.FILLS if fills else Deed.READS


def _first(argument: Node) -> bool:
    return argument.parent is not None and argument.parent.named[:1] == [argument]


def _receiver(node: Node) -> str:
    """The function that an expression is an argument of, casts apart; "" where it is none."""
    while node.parent is not None and node.parent.kind in (
        "cast_expression",
        "parenthesized_expression",
        "pointer_expression",
    ):
        node = node.parent
    arguments = node.parent
    call = arguments.parent if arguments is not None else None
    if arguments is None or call is None or arguments.kind != "argument_list":
        return ""
    callee = call.child("function")
    return callee.str if callee is not None and callee.kind == "identifier" else ""


def _foreign(extension: Extension, callee: str, path: str) -> bool:
    return (
        bool(callee)
        and not callee.startswith(("Py", "_Py"))
        and extension.routine_named(callee, path) is None
        and extension.routine_named(f"#{callee}", path) is None
    )
