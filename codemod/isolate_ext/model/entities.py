"""What an extension is made of: routines, variables, types, uses.  Facts only, no decisions.

Every position is a byte offset into the file of ``path``; spans are ``start <= end``.
Symbols are referred to by key: the bare name for external linkage, ``path:name`` for a static one
and ``path:function:name`` for a variable local to a function.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from isolate_ext.syntax import Condition, Define, Node, Parsed


class Kind(Enum):
    """What a variable with static storage holds (handbook section 3)."""

    OBJECT = "object"
    OBJECT_ARRAY = "array of objects"
    OBJECT_STRUCT = "struct that holds objects"
    TYPE = "static type"
    INSTANCE = "static instance"
    MODULE_DEF = "module definition"
    TABLE = "definition table"
    SUITE = "slot suite"
    ARG_PARSER = "argument parser"
    IDENTIFIER = "identifier string"
    LOCK = "lock"
    FUNCTION_POINTER = "function pointer"
    CONSTANT = "constant"
    PLAIN = "plain data"


class CType(msgspec.Struct, frozen=True, eq=False):
    """A declared type: base as written (``struct foo``, ``PyObject``), pointers, array sizes.

    ``qualifiers`` are those of the base, ``const`` says whether the variable itself is constant.
    ``steps`` is how it reads from the name on: ``[`` an array, ``*`` a pointer, ``!`` a constant
    one, and ``c`` at the end where the base is constant.
    """

    base: str
    pointers: int = 0
    arrays: tuple[str, ...] = ()
    function_pointer: bool = False
    const: bool = False
    qualifiers: tuple[str, ...] = ()
    steps: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CType) and self._compared == other._compared

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._compared)

    @property
    def _compared(self) -> tuple[object, ...]:
        """What makes it another type: how it is spelled does not."""
        return (self.base, self.pointers, self.arrays, self.function_pointer, self.const)

    @property
    def specifier(self) -> str:
        """The qualified base of a variable with this type that can be assigned."""
        points = self.pointers or self.function_pointer
        kept = [word for word in self.qualifiers if points or word != "const"]
        return " ".join([*kept, self.base])

    def declare(self, name: str) -> str:
        """C text that declares ``name`` with this type."""
        stars = "*" * self.pointers
        return f"{self.specifier} {stars}{name}{''.join(f'[{size}]' for size in self.arrays)}"


class Declaration(msgspec.Struct, frozen=True, eq=False):
    """One declarator of one declaration, as it stands in a file.

    ``start..end`` is the whole declaration with its semicolon, which may declare others too.
    """

    name: str
    path: str
    start: int
    end: int
    name_start: int
    ctype: CType
    node: Node
    declarator: Node
    initialiser: Node | None
    static: bool
    extern: bool
    siblings: int
    conditions: tuple[Condition, ...]
    inline_struct: bool = False


class Parameter(msgspec.Struct, frozen=True):
    """One parameter; ``name`` is None where there is none, ``unused`` says Py_UNUSED hides it."""

    name: str | None
    ctype: CType
    start: int
    end: int
    unused: bool = False


class Definition(msgspec.Struct, frozen=True, eq=False):
    """One body of a function or macro.  ``parameters_span`` includes the parentheses."""

    routine: str
    name: str
    path: str
    start: int
    end: int
    name_start: int
    parameters: tuple[Parameter, ...]
    parameters_span: tuple[int, int] | None
    body: tuple[int, int]
    node: Node | None
    macro: Define | None
    conditions: tuple[Condition, ...]

    @property
    def is_macro(self) -> bool:
        return self.macro is not None


class Prototype(msgspec.Struct, frozen=True, eq=False):
    """A function declaration without a body."""

    path: str
    start: int
    end: int
    parameters: tuple[Parameter, ...]
    parameters_span: tuple[int, int]


class Routine(msgspec.Struct, eq=False):
    """A function or macro with all its definitions (several under `#if`) and prototypes."""

    key: str
    name: str
    is_macro: bool
    static: bool
    definitions: list[Definition] = msgspec.field(default_factory=list)
    prototypes: list[Prototype] = msgspec.field(default_factory=list)


class Variable(msgspec.Struct, eq=False):
    """A variable with static storage: its definition(s) and its other declarations."""

    key: str
    name: str
    kind: Kind
    ctype: CType
    definitions: list[Declaration] = msgspec.field(default_factory=list)
    declarations: list[Declaration] = msgspec.field(default_factory=list)
    function: Definition | None = None
    made_by_macro: bool = False

    @property
    def home(self) -> Declaration:
        """The definition with an initialiser, else the first definition or declaration."""
        for each in self.definitions:
            if each.initialiser is not None:
                return each
        return (self.definitions or self.declarations)[0]

    @property
    def exported(self) -> bool:
        return not any(each.static for each in self.definitions)


class Identifier(msgspec.Struct, frozen=True, eq=False):
    """The ASCII ``text`` of a ``_Py_Identifier``, and the ``scope`` in which its name means it."""

    variable: Variable
    text: str
    scope: tuple[int, int]


class Use(msgspec.Struct, frozen=True, eq=False):
    """An identifier that means ``symbol``.

    ``inside`` is the function or macro whose body holds it, ``holder`` the key of the file-scope
    variable whose initialiser does.  ``called`` says that it is the callee of a call.
    """

    symbol: str
    path: str
    start: int
    end: int
    inside: Definition | None
    holder: str | None
    called: bool
    parsed: Parsed

    @property
    def node(self) -> Node | None:
        """Its node; None where a macro's stand-in hides it."""
        return self.parsed.node_at(self.start)

    @property
    def address_of(self) -> Node | None:
        """The ``&symbol`` expression, if this is its operand."""
        parent = self.node.parent if self.node is not None else None
        if parent is not None and parent.kind == "pointer_expression" and parent.text[:1] == b"&":
            return parent
        return None

    @property
    def call(self) -> Node | None:
        """The call expression of which this is the callee."""
        node = self.node if self.called else None
        return node.parent if node is not None else None


class Field(msgspec.Struct, frozen=True, eq=False):
    """A member of a struct, in source order."""

    name: str
    ctype: CType
    conditions: tuple[Condition, ...]


class Struct(msgspec.Struct, frozen=True, eq=False):
    """A struct or union definition under all its names; ``head`` says it begins as an object."""

    names: tuple[str, ...]
    path: str
    start: int
    end: int
    fields: tuple[Field, ...]
    head: bool
    node: Node


class Entry(msgspec.Struct, frozen=True, eq=False):
    """One value of an initialiser: the field it goes to, and where its text stands."""

    field: str
    value: Node
    start: int
    end: int
    conditions: tuple[Condition, ...]

    @property
    def text(self) -> str:
        return self.value.str

    @property
    def empty(self) -> bool:
        """Written as nothing: ``0`` or ``NULL``, with or without a cast."""
        return strip_casts(self.value).str.strip("() \t\r\n") in ("0", "NULL", "0L", "")


def strip_casts(node: Node) -> Node:
    """The expression below casts and parentheses."""
    while True:
        if node.kind == "cast_expression":
            inner = node.child("value")
        elif node.kind == "parenthesized_expression" and len(node.named) == 1:
            inner = node.named[0]
        else:
            return node
        if inner is None:
            return node
        node = inner


def with_casts(node: Node) -> Node:
    """The expression with the casts and parentheses around it."""
    parent = node.parent
    while parent is not None and parent.kind in ("cast_expression", "parenthesized_expression"):
        node, parent = parent, parent.parent
    return node
