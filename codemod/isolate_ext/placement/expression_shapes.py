"""The shapes of expressions: which struct a member is of, what an index or a call leads to."""

from __future__ import annotations

from isolate_ext.model.declarators import declarators, described, local_names
from isolate_ext.model.entities import CType, Definition, Struct, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.shapes import Shape, is_number
from isolate_ext.syntax import Node

_TAGS = ("struct ", "union ", "enum ")


class ExpressionShapes:
    """Shapes as they are declared; None where they are not plain to see."""

    def __init__(self, extension: Extension) -> None:
        self.extension = extension
        self._spelled: dict[tuple[str, int], str] | None = None
        self._foreign: set[Struct] | None = None

    def shape(self, ctype: CType) -> Shape:
        structs = self.extension.structs
        under = structs.resolve(ctype)
        plain = under.base.startswith(_TAGS) or is_number(under.base) or under.base == "void"
        known = plain or under.function_pointer or under.base in structs.ends
        return Shape(under.base, under.steps, not known)

    def of_variable(self, variable: Variable) -> Shape:
        """The shape of a variable, whose struct may have no name."""
        shape = self.shape(variable.ctype)
        node = variable.home.node.child("type") if variable.home.inline_struct else None
        if shape.base in ("struct", "union") and node is not None:
            return Shape(f"{variable.home.path}:{node.start}", shape.steps)
        return shape

    def of(self, path: str, inside: Definition | None, node: Node) -> Shape | None:
        """The shape of an expression in a function."""
        if node.kind == "parenthesized_expression" and len(node.named) == 1:
            return self.of(path, inside, node.named[0])
        if node.kind == "identifier":
            return self._of_name(path, inside, node)
        if node.kind == "field_expression":
            name = node.child("field")
            return self.of_member(self.owner(path, inside, node), name.str) if name else None
        if node.kind in ("cast_expression", "compound_literal_expression"):
            kind = node.child("type")
            return self.shape(described(kind)) if kind is not None else None
        if node.kind in ("subscript_expression", "pointer_expression"):
            inner = self.of(path, inside, node.child("argument") or node.children[0])
            if inner is None:
                return None
            return inner.pointer if node.text[:1] == b"&" else inner.inner
        return None

    def _of_name(self, path: str, inside: Definition | None, node: Node) -> Shape | None:
        shape = self.of_local(inside, node) if inside is not None else None
        variable = self.extension.variables.get(self.symbol(path, node) or "")
        return shape or (self.of_variable(variable) if variable is not None else None)

    def of_local(self, inside: Definition, node: Node) -> Shape | None:
        """The shape of the local or parameter that an identifier in a function means."""
        if inside.macro is not None:
            return self._in_macro(inside, node.str)
        if inside.node is None:
            return None
        parsed, name = self.extension.files[inside.path], node.str
        hiding = [
            local
            for local in local_names(parsed, inside.node).get(name, ())
            if local.start <= node.start < local.end
        ]
        innermost = max(hiding, key=lambda local: local.start, default=None)
        if innermost is None or innermost.static:
            return None
        for found in declarators(innermost.declaration):
            if found.name.str == name:
                shape = self.shape(found.ctype)
                parameter = innermost.declaration.kind == "parameter_declaration"
                return shape.decayed if parameter else shape
        return None

    def _in_macro(self, macro: Definition, name: str) -> Shape | None:
        """The shape of what a macro declares."""
        assert macro.macro is not None
        body = self.extension.files[macro.path].macro_body(macro.macro)
        for each in body.of_kind("declaration") if body is not None else ():
            if macro.body[0] <= each.start < macro.body[1]:
                for found in declarators(each):
                    if found.name.str == name:
                        return self.shape(found.ctype)
        return None

    def of_member(self, owner: Struct | None, name: str) -> Shape | None:
        for each in owner.fields if owner is not None else ():
            if each.name == name:
                return self.shape(each.ctype)
        return None

    def of_result(self, routine: str) -> Shape | None:
        """What a function gives back."""
        for definition in self.extension.routines[routine].definitions:
            for found in declarators(definition.node) if definition.node is not None else ():
                return self.shape(found.ctype)
        return None

    def of_parameter(self, path: str, name: str, position: int) -> Shape | None:
        """The shape of a parameter of a function that is declared here and defined elsewhere."""
        routine = self.extension.routine_named(name, path)
        for each in routine.prototypes if routine is not None else ():
            if position < len(each.parameters):
                return self.shape(each.parameters[position].ctype).decayed
        return None

    def owner(self, path: str, inside: Definition | None, member: Node) -> Struct | None:
        """The struct whose member an expression names."""
        return self.struct(self.of(path, inside, member.children[0]))

    def struct(self, shape: Shape | None) -> Struct | None:
        if shape is None:
            return None
        if ":" in shape.base:
            for each in self.extension.structs.definitions:
                if shape.base == f"{each.path}:{each.node.start}":
                    return each
        return self.extension.structs.struct(CType(shape.base))

    def handed_out(self, struct: Struct) -> bool:
        """Whether functions that are defined elsewhere take such structs."""
        if self._foreign is None:
            taken = [
                self.struct(self.shape(parameter.ctype))
                for routine in self.extension.routines.values()
                if not routine.definitions
                for prototype in routine.prototypes
                for parameter in prototype.parameters
            ]
            self._foreign = {each for each in taken if each is not None}
        return struct in self._foreign

    def symbol(self, path: str, node: Node) -> str | None:
        """The symbol with linkage, or static local, that a spelled name means."""
        if self._spelled is None:
            self._spelled = {
                (use.path, use.start): key
                for key, uses in self.extension.uses.items()
                for use in uses
            }
        return self._spelled.get((path, node.start))
