"""Which uses of a variable may write it."""

from __future__ import annotations

from collections.abc import Collection

from isolate_ext.model.calls import uncalled
from isolate_ext.model.entities import Use, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.remembered import remembered
from isolate_ext.placement.pointer_flow import PointerFlow
from isolate_ext.placement.pointer_places import Place, PointerPlaces
from isolate_ext.placement.pointer_values import Write
from isolate_ext.syntax import Node


class Writers:
    """Who writes the variables of an extension; what ``dead`` routines do does not count."""

    def __init__(self, extension: Extension, dead: Collection[str]) -> None:
        self.extension = extension
        self.places = PointerPlaces(extension)
        self.dead = dead
        self._found: dict[str, list[Write]] = {}
        self._reached: dict[str, frozenset[Place]] = {}

    def of(self, variable: Variable) -> list[Write]:
        """Every place where the variable or a part of it is or may be written."""
        if variable.key not in self._found:
            flow = PointerFlow(self.extension, self.places, self.dead)
            found = sorted(set(flow.run(variable)), key=lambda each: (each.path, each.start))
            self._found[variable.key] = found
            self._reached[variable.key] = frozenset(place for place, *_ in flow.seen)
        return self._found[variable.key]

    def reached(self, variable: Variable) -> frozenset[Place]:
        """Every place that may hold a pointer to the variable, and the variable itself."""
        self.of(variable)
        return self._reached[variable.key]


@remembered
def writers_of(extension: Extension) -> Writers:
    """Who writes the variables of an extension; what nothing calls does not."""
    return Writers(extension, uncalled(extension))


def writes(extension: Extension, variable: Variable) -> list[Write]:
    """Who writes one variable; initialisers do not."""
    return writers_of(extension).of(variable)


def assigned(use: Use) -> bool:
    """Whether a use is written directly, not through an address that escapes."""
    if use.node is None:
        return True
    node, _ = part(use.node)
    parent = node.parent
    return parent is not None and (
        (parent.kind == "assignment_expression" and parent.child("left") is node)
        or parent.kind == "update_expression"
    )


def part(node: Node) -> tuple[Node, bool]:
    """The largest expression that names a part of the variable, and whether `&` is before it."""
    while (parent := node.parent) is not None:
        if (
            (
                parent.kind == "subscript_expression"
                and parent.children
                and parent.children[0] is node
            )
            or (parent.kind == "field_expression" and parent.children[0] is node and _dot(parent))
            or parent.kind in ("parenthesized_expression", "cast_expression")
        ):
            node = parent
        else:
            break
    parent = node.parent
    if parent is not None and parent.kind == "pointer_expression" and parent.text[:1] == b"&":
        return _through_casts(parent), True
    return node, False


def _through_casts(node: Node) -> Node:
    while node.parent is not None and node.parent.kind in (
        "parenthesized_expression",
        "cast_expression",
    ):
        node = node.parent
    return node


def _dot(field_expression: Node) -> bool:
    name = field_expression.child("field")
    if name is None:
        return False
    between = field_expression.data[field_expression.children[0].end : name.start]
    return b"->" not in between
