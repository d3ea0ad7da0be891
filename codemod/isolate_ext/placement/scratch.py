"""Local statics that carry nothing from one call to the next (handbook pattern 77, level C13).

Every call gives the whole of such a variable new values before it reads any, and nothing keeps its
address; it could as well be automatic.
"""

from __future__ import annotations

from collections.abc import Iterator

from isolate_ext.model.entities import Definition, Kind, Routine, Struct, Variable, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node

_JUMPS = ("labeled_statement", "goto_statement", "case_statement")


def is_scratch(extension: Extension, variable: Variable) -> bool:
    """Whether a variable local to a function may be automatic."""
    function, home = variable.function, variable.home
    if function is None or function.node is None or variable.kind is not Kind.PLAIN:
        return False
    struct = extension.structs.struct(variable.ctype)
    if variable.ctype.arrays or (struct is not None and not _plain(extension, struct)):
        return False
    nodes = [use.node for use in extension.uses_of(variable.key)]
    if home.siblings > 1 or home.initialiser is not None or function.node.of_kind(*_JUMPS):
        return False
    if not nodes or any(node is None for node in nodes):
        return False
    first, *others = [node for node in nodes if node is not None]
    return _defines(extension, function, home.node, first, struct) and all(
        not _escapes(extension, function.path, node, ()) for node in others
    )


def _plain(extension: Extension, struct: Struct) -> bool:
    """Members that are copied by an assignment, and of which no address is taken by their name."""
    kinds = [extension.structs.resolve(each.ctype) for each in struct.fields]
    return not any(
        kind.arrays or (not kind.pointers and extension.structs.struct(kind)) for kind in kinds
    )


def _defines(
    extension: Extension, function: Definition, declared: Node, use: Node, struct: Struct | None
) -> bool:
    """``v = value;``, or ``f(&v, ...);`` of an own function that fills it, in the same block."""
    statement = use.enclosing("expression_statement")
    if statement is None or statement.parent is not declared.parent:
        return False
    whole = strip_casts(statement.named[0])
    if whole.kind == "assignment_expression" and whole.child("left") is use:
        right, name = whole.child("right"), use.str
        names = right.of_kind("identifier") if right is not None else []
        return _operator(whole) == "=" and all(each.str != name for each in names)
    found = _argument(extension, function.path, use)
    if found is None or struct is None or found[1].parent is not whole:
        return False
    return _fills(found[0], found[2], struct) and not _escapes(extension, function.path, use, ())


def _operator(assignment: Node) -> str:
    return next((each.str for each in assignment.children if not each.is_named), "")


def _argument(extension: Extension, path: str, use: Node) -> tuple[Routine, Node, int] | None:
    """The own function that ``&v``, or a pointer ``p``, is handed, the arguments and the index."""
    node = use
    if node.parent is not None and node.parent.kind == "pointer_expression":
        node = node.parent
    arguments = node.parent
    call = arguments.parent if arguments is not None else None
    callee = call.child("function") if call is not None else None
    if arguments is None or arguments.kind != "argument_list" or callee is None:
        return None
    routine = extension.routine_named(callee.str, path)
    if routine is None or routine.is_macro or len(routine.definitions) != 1:
        return None
    return routine, arguments, next(i for i, each in enumerate(arguments.named) if each is node)


def _parameter_uses(definition: Definition, index: int) -> Iterator[Node] | None:
    if definition.node is None or index >= len(definition.parameters):
        return None
    name = definition.parameters[index].name
    body = definition.node.child("body")
    if body is None or name is None:
        return None
    return (node for node in body.of_kind("identifier") if node.str == name)


def _fills(routine: Routine, index: int, struct: Struct) -> bool:
    """Whether a function assigns every member, one statement each, before it reads it."""
    definition = routine.definitions[0]
    uses = _parameter_uses(definition, index)
    body = definition.node.child("body") if definition.node is not None else None
    left = {each.name for each in struct.fields}
    if uses is None or body is None:
        return False
    mentions = list(uses)
    for statement in body.named:
        inside = [m for m in mentions if statement.start <= m.start < statement.end]
        target = _assigned_member(statement)
        for each in inside:
            if each is not (target[0] if target else None) and _member(each) in (None, *left):
                return False
        if statement.of_kind("return_statement"):
            return False
        left.discard(target[1] if target is not None else "")
        if not left:
            return True
    return False


def _assigned_member(statement: Node) -> tuple[Node, str] | None:
    """(``p``, ``member``) of ``p->member = value;``."""
    inner = statement.named[0] if statement.kind == "expression_statement" else None
    left = inner.child("left") if inner is not None else None
    if inner is None or left is None or _operator(inner) != "=":
        return None
    name = _member(left.children[0]) if left.kind == "field_expression" else None
    return (left.children[0], name) if name is not None else None


def _member(use: Node) -> str | None:
    parent = use.parent
    if parent is None or parent.kind != "field_expression" or parent.children[0] is not use:
        return None
    field = parent.child("field")
    taken = parent.parent is not None and parent.parent.kind == "pointer_expression"
    return field.str if field is not None and not taken else None


def _escapes(extension: Extension, path: str, use: Node, seen: tuple[str, ...]) -> bool:
    """Whether a use hands the variable's address to something that may keep it."""
    if _member(use) is not None:
        return False
    found = _argument(extension, path, use)
    if found is not None:
        routine, _, index = found
        inner = _parameter_uses(routine.definitions[0], index)
        if routine.key in seen or inner is None:
            return routine.key not in seen
        where = routine.definitions[0].path
        return any(_escapes(extension, where, each, (*seen, routine.key)) for each in inner)
    parent = use.parent
    return seen != () or parent is None or parent.kind == "pointer_expression"
