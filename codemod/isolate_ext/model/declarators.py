"""C declarators: which name a declaration declares, and with what type."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from isolate_ext.model.entities import CType, Parameter
from isolate_ext.model.remembered import remembered
from isolate_ext.syntax import Node, Parsed

_UNUSED = re.compile(r"\bPy_UNUSED\s*\(\s*(\w+)\s*\)")
DECLARING = ("_Py_IDENTIFIER", "_Py_static_string")
"""Macros of the C API that declare a variable where a statement may stand."""
_PLAIN = re.compile(
    rb"(?!(?:const|volatile|register|struct|union|enum|unsigned|signed|long|short)\b)"
    rb"([A-Za-z_]\w*)\s*(?:\s|(\*\**)\s*)([A-Za-z_]\w*)"
)
"""A parameter of one word, stars and a name: nearly all are that."""
_TYPE_QUALIFIERS = ("const", "volatile", "_Atomic")
_STORAGE = ("storage_class_specifier", "type_qualifier")
_NO_WORDS: frozenset[str] = frozenset()
_QUALIFIERS = {"const", "volatile", "restrict", "register", "static", "extern", "inline", "auto"}


class Declarator(msgspec.Struct, frozen=True):
    """A declarator taken apart; ``node`` includes its initialiser."""

    name: Node
    node: Node
    ctype: CType
    parameters: Node | None
    initialiser: Node | None

    @property
    def is_function(self) -> bool:
        return self.parameters is not None and not self.ctype.function_pointer


def is_declaration(statement: Node) -> bool:
    """A declaration, or a macro of the C API that hides one."""
    if statement.kind == "expression_statement" and statement.named:
        callee = statement.named[0].child("function")
        return callee is not None and callee.str in DECLARING
    return statement.kind == "declaration"


def storage(declaration: Node) -> frozenset[str]:
    """The storage classes and qualifiers written before the type."""
    words = [child.str for child in declaration.children if child.kind in _STORAGE]
    return frozenset(" ".join(words).split()) if words else _NO_WORDS


def base_type(declaration: Node) -> str:
    """The type specifier as written, white space folded, a struct body left out."""
    node = declaration.child("type")
    if node is None:
        return "int"
    if node.kind in ("struct_specifier", "union_specifier", "enum_specifier"):
        name = node.child("name")
        keyword = node.kind.split("_")[0]
        tag = name.str if name is not None else future_tag(declaration)
        return f"{keyword} {tag}" if tag is not None else keyword
    return " ".join(node.str.split())


def future_tag(declaration: Node) -> str | None:
    """What the unnamed struct, union or enum of a declaration is called: as its first variable."""
    node = declaration.child("type")
    if declaration.kind != "declaration" or node is None or node.child("body") is None:
        return None
    if node.child("name") is not None:
        return None
    child = declaration.child("declarator")
    first = _take_apart(child, "", ()) if child is not None else None
    return first.name.str if first is not None else None


def declarators(declaration: Node) -> Iterator[Declarator]:
    """Every declarator of a declaration, typedef, field or parameter."""
    base = base_type(declaration)
    words = storage(declaration)
    qualifiers = tuple(each for each in _TYPE_QUALIFIERS if each in words) if words else ()
    for child in declaration.children:
        if child.field == "declarator":
            found = _take_apart(child, base, qualifiers)
            if found is not None:
                yield found


def _take_apart(node: Node, base: str, qualifiers: tuple[str, ...]) -> Declarator | None:
    whole, initialiser = node, None
    if node.kind == "init_declarator":
        initialiser = node.child("value")
        inner = node.child("declarator")
        if inner is None:
            return None
        node = inner
    pointers, parameters = 0, None
    arrays: list[str] = []
    function_pointer = False
    const_pointer = False
    steps = "c" if "const" in qualifiers else ""
    while True:
        if node.kind == "pointer_declarator":
            const = _is_const(node)
            if parameters is not None:
                function_pointer = True
            else:
                pointers += 1
                const_pointer = const
            steps = ("!" if const else "*") + steps
        elif node.kind == "array_declarator":
            size = node.child("size")
            arrays.insert(0, size.str if size is not None else "")
            steps = "[" + steps
        elif node.kind == "function_declarator":
            parameters = node.child("parameters")
        elif node.kind not in ("parenthesized_declarator", "attributed_declarator"):
            break
        following = node.child("declarator") or _first_declarator(node)
        if following is None:
            return None
        node = following
    if node.kind not in ("identifier", "field_identifier", "type_identifier", "primitive_type"):
        return None
    return Declarator(
        node,
        whole,
        CType(
            base,
            pointers,
            tuple(arrays),
            function_pointer,
            const_pointer if pointers else "const" in qualifiers,
            qualifiers,
            steps,
        ),
        parameters,
        initialiser,
    )


def _is_const(pointer: Node) -> bool:
    return any(c.kind == "type_qualifier" and "const" in c.str for c in pointer.children)


def described(type_descriptor: Node) -> CType:
    """The type that a cast or a compound literal names."""
    base = base_type(type_descriptor)
    words = [word for word in base.split() if word not in _QUALIFIERS]
    node = type_descriptor.child("declarator")
    pointers, steps = 0, "c" if "const" in storage(type_descriptor) else ""
    arrays = 0
    while node is not None:
        if node.kind == "abstract_pointer_declarator":
            pointers += 1
            steps = ("!" if _is_const(node) else "*") + steps
        elif node.kind == "abstract_array_declarator":
            arrays += 1
            steps = "[" + steps
        node = node.child("declarator") or next(
            (each for each in node.named if each.kind.startswith("abstract_")), None
        )
    return CType(" ".join(words), pointers, ("",) * arrays, steps=steps)


def _first_declarator(node: Node) -> Node | None:
    for child in node.named:
        if child.kind.endswith("declarator") or child.kind.endswith("identifier"):
            return child
    return None


def parameters(parameter_list: Node) -> tuple[Parameter, ...]:
    """The parameters of a function; ``(void)`` has none."""
    result = []
    for child in parameter_list.named:
        if child.kind == "parameter_declaration":
            plain = _PLAIN.fullmatch(child.data, child.start, child.end)
            if plain is not None:
                base, stars, name = (group or b"" for group in plain.groups())
                ctype = CType(base.decode(), len(stars), steps="*" * len(stars))
                result.append(Parameter(name.decode(), ctype, child.start, child.end))
                continue
            found = next(declarators(child), None)
            text = child.data[child.start : child.end + 4]
            unused = _UNUSED.search(text.decode("latin-1")) if b"Py_UNUSED" in text else None
            if found is None and unused is None:
                ctype = _abstract(child)
                if ctype.base == "void" and not ctype.pointers:
                    continue
                result.append(Parameter(None, ctype, child.start, child.end))
                continue
            ctype = found.ctype if found is not None else _abstract(child)
            name = unused[1] if unused else found.name.str if found is not None else None
            end = max(child.end, child.start + unused.end()) if unused else child.end
            result.append(Parameter(name, ctype, child.start, end, unused is not None))
        elif child.kind == "variadic_parameter":
            result.append(Parameter("...", CType("..."), child.start, child.end))
    return tuple(result)


def _abstract(declaration: Node) -> CType:
    text = declaration.str
    words = [word for word in re.findall(r"\w+", base_type(declaration)) if word not in _QUALIFIERS]
    return CType(" ".join(words), text.count("*"), steps=described(declaration).steps)


class Local(msgspec.Struct, frozen=True):
    """A name declared inside a function, and the span in which it hides outer ones."""

    start: int
    end: int
    static: bool
    declaration: Node


@remembered
def declared_in(file: Parsed, function: Node) -> tuple[tuple[Node, tuple[Declarator, ...]], ...]:
    """The declarations inside a function, each with what it declares, in source order.

    Those in all branches of `#if` are there, each once.
    """
    found: dict[tuple[int, int], Node] = {}
    for variant in _variants(file, function):
        for node in variant.of_kind("declaration"):
            found.setdefault(node.span, node)
    return tuple((found[span], tuple(declarators(found[span]))) for span in sorted(found))


def _variants(file: Parsed, function: Node) -> list[Node]:
    """A function in every view that shows it, in `extern "C" {}` too; itself first."""
    found = file.variants(function)
    if found:
        return found
    outer = function
    while outer.parent is not None:
        outer = outer.parent
    return [
        function,
        *(
            node
            for variant in file.variants(outer)
            if variant is not outer
            for node in variant.of_kind(function.kind)
            if node.span == function.span
        ),
    ]


@remembered
def local_names(file: Parsed, function: Node) -> dict[str, list[Local]]:
    """Names that parameters and declarations of a function bring in, with their scopes."""
    found: dict[str, list[Local]] = {}
    body = function.child("body")
    if body is None:
        return found
    for node in function.of_kind("parameter_declaration"):
        declarator = next(declarators(node), None) if node.start < body.start else None
        if declarator is not None:
            local = Local(node.start, function.end, False, node)
            found.setdefault(declarator.name.str, []).append(local)
    for node, declared in declared_in(file, function):
        classes = storage(node)
        if node.start < body.start or "extern" in classes:
            continue
        scope = node.enclosing("compound_statement", "for_statement")
        end = scope.end if scope is not None else function.end
        for declarator in declared:
            if not declarator.is_function:
                local = Local(declarator.name.start, end, "static" in classes, node)
                found.setdefault(declarator.name.str, []).append(local)
    return found
