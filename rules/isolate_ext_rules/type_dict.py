"""Class attributes put into the dictionary of a type.

What: after code that changes `Foo_Type.tp_dict`, or a variable that holds it, the type is told with
`PyType_Modified`; a dictionary that was made before `PyType_Ready` is the one of the type, which is
made before.

Why: the type is immutable for Python, so its dictionary is the way in; and attributes may have been
looked up, and remembered as missing, before they are put there.

Declines when: the dictionary that is put into a type is not a new one.

Handbook pattern 35.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, Use, strip_casts
from isolate_ext.model.types import StaticType
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import indent_at, trailing_comment
from isolate_ext_rules.examples import TYPE
from isolate_ext_rules.global_variable import editable_uses
from isolate_ext_rules.readied_tables import remove_own_readying

FILLED = TYPE.replace(
    "    return m;",
    """    if (PyDict_SetItemString(Egg_Type.tp_dict, "size", PyLong_FromLong(1)) < 0) {
        return NULL;
    }
    return m;""",
)
MADE = (
    FILLED.replace("    if (PyType_Ready", "    XX")
    .replace(
        "    XX(&Egg_Type) < 0) {\n        return NULL;\n    }\n    if (PyDict",
        """    Egg_Type.tp_dict = PyDict_New();
    if (PyDict""",
    )
    .replace(
        "    return m;",
        """    if (PyType_Ready(&Egg_Type) < 0) {
        return NULL;
    }
    return m;""",
    )
)
EXAMPLES = (
    Rewrite(
        FILLED,
        (
            'PyDict_SetItemString(state->Egg_Type->tp_dict, "size"',
            "    }\n    PyType_Modified(state->Egg_Type);\n",
        ),
    ),
    Rewrite(
        MADE,
        ("PyType_Modified(state->Egg_Type);\n    return 0;", "add_type(m, &Egg_spec"),
        ("PyDict_New()",),
    ),
    Refused(MADE.replace("PyDict_New()", "PyDict_Copy(NULL)"), Reason.TYPE_SHAPE),
)
_CHANGES = re.compile(
    r"_?PyDict_(SetItem\w*|DelItem\w*|SetDefault\w*|Update|Merge\w*|Clear|Pop\w*|Remove\w*)"
)
_LOOPS = ("for_statement", "while_statement", "do_statement")


def run(pass_: Pass) -> None:
    for type_ in pass_.decisions.types.values():
        _check(pass_, type_)
        changed: dict[Definition, list[Node]] = {}
        for use in editable_uses(pass_, type_.key):
            if use.inside is not None and not use.inside.is_macro:
                found = list(_changes(use))
                changed.setdefault(use.inside, []).extend(found)
        for function, calls in changed.items():
            if calls:
                _tell(pass_, type_, function, calls)
        if type_.slot("tp_dict") is not None:
            remove_own_readying(pass_, type_)


def _check(pass_: Pass, type_: StaticType) -> None:
    """A dictionary from elsewhere may hold anything, and be changed later on."""
    for each in type_.assigned:
        if each.field == "tp_dict" and not re.fullmatch(r"PyDict_New\s*\(\s*\)", each.value.str):
            name = type_.variable.name
            message = f"{name} is given a dictionary from elsewhere"
            pass_.refuse_node(Reason.TYPE_SHAPE, each.path, each.value, message, type_.key)


def _changes(use: Use) -> Iterator[Node]:
    """Calls that change the dictionary that a use of a type leads to."""
    member = use.node.parent if use.node is not None else None
    name = member.child("field") if member is not None else None
    if member is None or name is None or name.str != "tp_dict":
        return
    yield from _changing(member)
    target, outer = _kept_in(member)
    function = member.enclosing("function_definition")
    if target is None or outer is None or function is None:
        return
    mentions = [n for n in function.of_kind("identifier") if n.str == target.str]
    later = [n for n in mentions if n.start >= outer.end]
    again = min((n.start for n in later if _is_assigned(n)), default=function.end)
    for node in later:
        if node.start < again:
            yield from _changing(node)


def _changing(node: Node) -> Iterator[Node]:
    """The call that a dictionary is handed to, if it may change it."""
    arguments = node.parent
    while arguments is not None and arguments.kind in (
        "cast_expression",
        "parenthesized_expression",
    ):
        arguments = arguments.parent
    call = arguments.parent if arguments is not None and arguments.kind == "argument_list" else None
    callee = call.child("function") if call is not None else None
    if call is None or callee is None or arguments is None:
        return
    first = strip_casts(arguments.named[0]) is strip_casts(node)
    foreign = callee.str.startswith(("Py", "_Py"))
    if (_CHANGES.fullmatch(callee.str) and first) or not foreign:
        yield call


def _kept_in(member: Node) -> tuple[Node | None, Node | None]:
    """The variable that ``d = Foo_Type.tp_dict`` names, and the whole of that."""
    node = member
    while node.parent is not None and node.parent.kind == "cast_expression":
        node = node.parent
    parent = node.parent
    if parent is not None and parent.kind == "assignment_expression":
        left = parent.child("left")
        if left is not None and left is not node and left.kind == "identifier":
            return left, parent
    if parent is not None and parent.kind == "init_declarator":
        names = [n for n in parent.of_kind("identifier") if n.end <= node.start]
        return (names[-1], parent) if names else (None, None)
    return None, None


def _is_assigned(node: Node) -> bool:
    parent = node.parent
    return (
        parent is not None
        and parent.kind == "assignment_expression"
        and parent.child("left") is node
    )


def _tell(pass_: Pass, type_: StaticType, function: Definition, calls: list[Node]) -> None:
    """Behind the last change, in the block that has all of them and is no body of a loop."""
    statement = _last_statement(calls)
    if statement is None:
        return
    field = pass_.decisions.fields[type_.key].name
    data = pass_.parsed(function.path).source.data
    margin = indent_at(data, statement.start)
    leaves = statement.kind == "return_statement"
    at = statement.start if leaves else trailing_comment(data, statement.end)[1]

    def text(state: str) -> list[bytes]:
        told = f"PyType_Modified({state}->{field});"
        return [f"{told}\n{margin}".encode() if leaves else f"\n{margin}{told}".encode()]

    group = f"type:{type_.key}"
    pass_.state_edit(function.path, at, at, function, group, text, Stage.HEAP_TYPES)


def _last_statement(calls: list[Node]) -> Node | None:
    paths = [_blocks(call) for call in calls]
    shared = [each for each in paths[0] if all(any(each is b for b in path) for path in paths)]
    while shared and shared[0].parent is not None and shared[0].parent.kind in _LOOPS:
        shared.pop(0)
    last = max(calls, key=lambda call: call.start)
    inside = shared[0].named if shared else []
    return next((each for each in inside if each.start <= last.start < each.end), None)


def _blocks(node: Node) -> list[Node]:
    """The blocks around a node, the innermost first."""
    found = []
    while node.parent is not None:
        node = node.parent
        if node.kind == "compound_statement":
            found.append(node)
    return found


RULE = Rule("type-dict", __doc__, (35,), Stage.HEAP_TYPES, Safety.SAFE, run, EXAMPLES)
