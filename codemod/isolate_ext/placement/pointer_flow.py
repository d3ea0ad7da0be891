"""Follows the pointers that lead to one variable, to everything that may write through them.

A value is followed from the variable's name outwards, and from each place that it is put into to
every use of that place: names, parameters of own functions and macros, members, results.  What is
not understood counts as a write, so that "not written" holds for all C that keeps to the declared
types.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from msgspec.structs import replace

from isolate_ext.capi import foreign_calls
from isolate_ext.model.calls import made_by
from isolate_ext.model.declarators import described
from isolate_ext.model.entities import Definition, Variable
from isolate_ext.model.extension import Extension, Pasted
from isolate_ext.model.shapes import Shape
from isolate_ext.placement.pointer_places import Holder, Place, PointerPlaces, Target
from isolate_ext.placement.pointer_values import How, Value, Write
from isolate_ext.syntax import Node

_DEEPEST = 4
_ONLY_READ = frozenset(
    "if_statement while_statement do_statement for_statement switch_statement case_statement "
    "unary_expression sizeof_expression alignof_expression offsetof_expression type_descriptor "
    "subscript_designator compound_statement labeled_statement enumerator bitfield_clause "
    "call_expression".split()
)
_COMPARISONS = frozenset("== != < > <= >= && || % * / << >>".split())


class PointerFlow:
    """One walk, for one variable; ``writes`` and ``seen`` places are in no particular order.

    What routines do that nothing uses (``dead``, by key) does not count.
    """

    def __init__(
        self, extension: Extension, places: PointerPlaces, dead: Collection[str] = ()
    ) -> None:
        self.extension = extension
        self.places = places
        self.dead = dead
        self.shapes = places.shapes
        self.writes: list[Write] = []
        self.seen: set[tuple[Place, int, bool, Shape | None]] = set()
        self._pending: list[tuple[Place, int, bool, Shape | None]] = []

    def run(self, variable: Variable) -> list[Write]:
        place = Place(Holder.VARIABLE, variable.key)
        self._enter(place, 0, False, None)
        for path, at in self.extension.fenced.get(variable.key, ()):
            inside = self.extension.function_at(path, at)
            self._note(path, at, at + len(variable.name), inside)
        for pasted in self.extension.pasted:
            if made_by(self.extension, pasted, variable.name):
                self._spell(variable, pasted)
        while self._pending:
            self._visit(*self._pending.pop())
        return self.writes

    def _spell(self, variable: Variable, pasted: Pasted) -> None:
        """A name that a macro makes may be the variable's."""
        node = self.extension.files[pasted.path].node_at(pasted.start)
        macro = self.places.macro_at(pasted.path, pasted.start)
        if node is None or macro is None:
            self._note(pasted.path, pasted.start, pasted.start + 1, macro)
        elif node.kind == "identifier":
            shape = self.shapes.of_variable(variable)
            self._follow(Value(node, pasted.path, macro, 0, shape))

    def _enter(self, place: Place, depth: int, constant: bool, shape: Shape | None) -> None:
        """Let a value into a place; its shape counts where the place has none of its own."""
        state = (place, depth, constant, shape)
        if state not in self.seen:
            self.seen.add(state)
            self._pending.append(state)

    def _visit(self, place: Place, depth: int, constant: bool, given: Shape | None) -> None:
        for spot in self.places.spots(place):
            if spot.node is None:
                if not constant:
                    self._note(spot.path, spot.start, spot.start + 1, spot.inside)
                continue
            shape = self.places.shape_at(place, spot.node) or given
            if depth and shape is not None and shape.is_number:
                continue
            shut = constant if shape is None else shape.constant(depth)
            self._follow(Value(spot.node, spot.path, spot.inside, depth, shape, shut))

    def _follow(self, value: Value) -> None:
        """Take a value outwards, as far as it goes."""
        following: Value | None = value
        while following is not None:
            following = self._step(following)

    def _step(self, value: Value) -> Value | None:
        """The next larger expression that still leads to the variable."""
        parent = value.node.parent
        if parent is None or value.beyond:
            return self._leave_macro(value)
        step = _STEPS.get(parent.kind)
        if step is not None:
            return step(self, value, parent)
        if parent.kind not in _ONLY_READ and not parent.kind.endswith(
            ("declarator", "declaration")
        ):
            self._lose(value)
        return None

    def _write(self, value: Value, how: How) -> None:
        if not value.constant and (value.inside is None or value.inside.routine not in self.dead):
            node = value.node
            self.writes.append(Write(value.path, node.start, node.end, value.inside, how, node))

    def _lose(self, value: Value) -> None:
        self._write(value, How.ESCAPED)

    def _note(self, path: str, start: int, end: int, inside: Definition | None) -> None:
        if inside is None or inside.routine not in self.dead:
            self.writes.append(Write(path, start, end, inside, How.ESCAPED))

    def _leave_macro(self, value: Value) -> Value | None:
        """A macro that is one expression stands for it wherever it is used."""
        macro = value.whole_macro
        if macro is None:
            self._lose(value)
            return None
        place = Place(Holder.RESULT, macro)
        self._enter(place, value.depth, value.constant, value.shape)
        return None

    def _same(self, value: Value, parent: Node) -> Value | None:
        return value.at(parent)

    def _cast(self, value: Value, parent: Node) -> Value | None:
        found = value.read
        named = parent.child("type")
        if not found.depth or named is None or named is value.node:
            return None
        shape = self.shapes.shape(described(named))
        if shape.is_pointer:
            shut = shape.constant(found.depth)
            return replace(found, node=parent, shape=shape, constant=shut)
        if not shape.is_number and shape.base != "void":
            return replace(found, node=parent, shape=None, constant=False)
        if shape.base != "void" and not _is_compared(parent):
            self._lose(replace(found, constant=False))
        return None

    def _pointer(self, value: Value, parent: Node) -> Value | None:
        if parent.text[:1] == b"&":
            shape = value.shape.pointer if value.shape is not None else None
            if value.depth < _DEEPEST:
                return replace(value, node=parent, depth=value.depth + 1, shape=shape)
            self._lose(value)
            return None
        target = value.target
        return target.at(parent) if target is not None else None

    def _subscript(self, value: Value, parent: Node) -> Value | None:
        target = value.target if parent.children[0] is value.node else None
        return target.at(parent) if target is not None else None

    def _field(self, value: Value, parent: Node) -> Value | None:
        name = parent.child("field")
        if name is None or name is value.node:
            return None
        arrow = b"->" in value.node.data[value.node.end : name.start]
        whole = value.target if arrow else value
        if whole is None:
            return None
        shape = self.shapes.of_member(self.shapes.struct(whole.shape), name.str)
        return replace(whole, node=parent, shape=shape)

    def _assignment(self, value: Value, parent: Node) -> Value | None:
        operator, left = parent.child("operator"), parent.child("left")
        if left is value.node:
            if not value.depth:
                self._write(value, How.ASSIGNED)
                return None
            return value.at(parent) if operator is None or operator.str != "=" else None
        found = value.read
        if not found.depth or left is None:
            return None
        self._store(found, left)
        return found.at(parent)

    def _update(self, value: Value, parent: Node) -> Value | None:
        if value.depth:
            return value.at(parent)
        self._write(value, How.ASSIGNED)
        return None

    def _binary(self, value: Value, parent: Node) -> Value | None:
        found = value.read
        operator, right = parent.child("operator"), parent.child("right")
        if not found.depth or operator is None or right is None or operator.str in _COMPARISONS:
            return None
        if operator.str == "-":
            other = self.shapes.of(value.path, value.inside, right)
            if value.node is right or (other is not None and (other.is_pointer or other.is_array)):
                return None
        return found.at(parent)

    def _conditional(self, value: Value, parent: Node) -> Value | None:
        found = value.read
        return found.at(parent) if found.depth and value.node.field != "condition" else None

    def _comma(self, value: Value, parent: Node) -> Value | None:
        found = value.read
        return found.at(parent) if found.depth and parent.named[-1] is value.node else None

    def _statement(self, value: Value, parent: Node) -> Value | None:
        """The last statement of a block in parentheses gives the block its value."""
        block = parent.parent
        if (
            block is None
            or block.kind != "compound_statement"
            or block.parent is None
            or block.parent.kind != "parenthesized_expression"
            or block.named[-1] is not parent
        ):
            return None
        found = value.read
        return found.at(block) if found.depth else None

    def _return(self, value: Value, parent: Node) -> Value | None:
        found = value.read
        if not found.depth:
            return None
        if found.inside is None or found.inside.is_macro:
            self._lose(found)
        else:
            place = Place(Holder.RESULT, found.inside.routine)
            self._enter(place, found.depth, found.constant, found.shape)
        return None

    def _declared(self, value: Value, parent: Node) -> Value | None:
        found = value.read
        if found.depth and value.node.field == "value":
            self._put(found, self.places.declared(found.path, found.inside, parent))
        return None

    def _initialiser(self, value: Value, parent: Node) -> Value | None:
        found = value.read
        paired = parent.kind == "initializer_pair"
        if found.depth and not (paired and value.node.field != "value"):
            element = parent if paired else value.node
            self._put(found, self.places.element(found.path, found.inside, element))
        return None

    def _store(self, value: Value, left: Node) -> None:
        name = left.child("field") if left.kind == "field_expression" else None
        if name is not None and foreign_calls.only_read(name.str):
            return
        place = self.places.named(value.path, value.inside, left)
        self._put(value, (place, self.shapes.of(value.path, value.inside, left)))

    def _put(self, value: Value, target: Target) -> None:
        """Into a place; where there is none that can be followed, only a constant is safe."""
        place, shape = target
        if shape is not None and shape.is_number:
            return
        if place is not None:
            self._enter(place, value.depth, value.constant, value.shape)
        elif shape is None or not shape.constant(value.depth):
            self._lose(value)

    def _argument(self, value: Value, arguments: Node) -> Value | None:
        """A macro gets the expression, a function what reading it gives."""
        call = arguments.parent
        callee = call.child("function") if call is not None else None
        found = value.read
        if call is None or callee is None or callee.kind != "identifier":
            if found.depth:
                self._lose(found)
            return None
        position = [each for each in arguments.named if each.kind != "comment"].index(value.node)
        hidden = value.inside is not None and self.shapes.of_local(value.inside, callee) is not None
        callees = self.places.callees(value.path, "" if hidden else callee.str)
        for definition in callees.own:
            if definition.is_macro or found.depth:
                self._pass(definition, position, value if definition.is_macro else found)
        into: Value | None = None
        for each in callees.foreign:
            into = self._foreign(value, call, each, position) or into
        return into

    def _pass(self, definition: Definition, position: int, value: Value) -> None:
        """To a parameter of an own function or macro."""
        named = definition.parameters[position : position + 1]
        if not named or named[0].name == "...":
            self._lose(value)
        elif named[0].name is not None:
            place = Place(Holder.LOCAL, definition, named[0].name)
            self._enter(place, value.depth, value.constant, value.shape)

    def _foreign(self, value: Value, call: Node, name: str, position: int) -> Value | None:
        """To a function of others, or to a macro of theirs, which may assign what it is given."""
        found = value.read
        if not value.depth and foreign_calls.assigns(name):
            self._write(value, How.ESCAPED)
        if not found.depth:
            return None
        written = foreign_calls.written(name, position, call.text)
        into = foreign_calls.points_into(name) == position
        promised = self.shapes.of_parameter(value.path, name, position)
        if written or (into and found.depth > 1):
            self._write(found, How.FILLED)
        elif written is None and (promised is None or not promised.constant(found.depth)):
            self._lose(found)
        return found.at(call) if into else None


_STEPS: dict[str, Callable[[PointerFlow, Value, Node], Value | None]] = {
    "parenthesized_expression": PointerFlow._same,
    "cast_expression": PointerFlow._cast,
    "pointer_expression": PointerFlow._pointer,
    "subscript_expression": PointerFlow._subscript,
    "field_expression": PointerFlow._field,
    "assignment_expression": PointerFlow._assignment,
    "update_expression": PointerFlow._update,
    "binary_expression": PointerFlow._binary,
    "conditional_expression": PointerFlow._conditional,
    "comma_expression": PointerFlow._comma,
    "expression_statement": PointerFlow._statement,
    "return_statement": PointerFlow._return,
    "init_declarator": PointerFlow._declared,
    "initializer_list": PointerFlow._initialiser,
    "initializer_pair": PointerFlow._initialiser,
    "argument_list": PointerFlow._argument,
}


def _is_compared(number: Node) -> bool:
    """Whether an address as a number is tested, and not kept."""
    parent = number.parent
    while parent is not None and parent.kind == "parenthesized_expression":
        parent = parent.parent
    operator = parent.child("operator") if parent is not None else None
    return (
        parent is not None
        and parent.kind == "binary_expression"
        and operator is not None
        and (operator.str in _COMPARISONS or operator.str == "&")
    )
