"""Values that lead to a variable, and what is found where one ends."""

from __future__ import annotations

from enum import Enum

import msgspec
from msgspec.structs import replace

from isolate_ext.model.entities import Definition
from isolate_ext.model.shapes import Shape
from isolate_ext.syntax import Node


class How(Enum):
    """How a variable comes to be written."""

    ASSIGNED = "it is assigned"
    FILLED = "a function that keeps no pointer to it fills it"
    ESCAPED = "its address goes where it cannot be followed"


class Write(msgspec.Struct, frozen=True, eq=False):
    """A place where a variable is or may be written; ``inside`` is None at file scope.

    ``node`` is what is written, or what leads there; None where the parser does not see it.
    """

    path: str
    start: int
    end: int
    inside: Definition | None
    how: How
    node: Node | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Write) and self._place == other._place

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._place)

    @property
    def _place(self) -> tuple[object, ...]:
        return (self.path, self.start, self.end, self.inside, self.how)


class Value(msgspec.Struct, frozen=True):
    """An expression from which ``depth`` dereferences lead to the variable or a part of it.

    ``shape`` is None where its type is not known; nothing is written through a ``constant`` one
    unless a cast says otherwise.
    """

    node: Node
    path: str
    inside: Definition | None
    depth: int
    shape: Shape | None
    constant: bool = False

    def at(self, node: Node) -> Value:
        """The same value as what a larger expression gives."""
        return replace(self, node=node)

    @property
    def read(self) -> Value:
        """What reading it gives: an array is a pointer then, and so may be what is not known."""
        if self.shape is None or self.shape.is_opaque:
            return replace(self, depth=max(self.depth, 1))
        if self.shape.is_array:
            return replace(self, depth=self.depth + 1, shape=self.shape.decayed)
        return self

    @property
    def target(self) -> Value | None:
        """What an index or a dereference gives; None where that is no part of the variable."""
        if self.shape is not None and self.shape.is_array:
            return replace(self, shape=self.shape.inner)
        pointer = self.shape is not None and self.shape.is_pointer
        inner = self.shape.inner if self.shape is not None and pointer else None
        if self.depth:
            return replace(self, depth=self.depth - 1, shape=inner)
        return None if pointer else replace(self, shape=None)

    @property
    def beyond(self) -> bool:
        """Whether the next larger node is what a macro body was wrapped in for the parser."""
        parent = self.node.parent
        if parent is None:
            return True
        if self.inside is None or not self.inside.is_macro:
            return False
        start, end = self.inside.body
        return parent.start < start or end < parent.end

    @property
    def whole_macro(self) -> str | None:
        """The macro that is this expression and nothing more."""
        if self.inside is None or not self.inside.is_macro:
            return None
        start, end = self.inside.body
        whole = self.node.data[start:end].strip() == self.node.text
        return self.inside.routine if whole else None
