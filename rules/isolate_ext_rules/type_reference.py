"""Uses of a static type's address.

What: `&Foo_Type` in checks, comparisons, argument parsing, calls and macros becomes the type of
this module's state; assignments to its fields at run time become slots.

Why: the type is no longer at a fixed address.

A check stays a check, of a type of this copy of the module: it is not done without (59).

Declines when: the type is copied, or the base of one that stays static.

Handbook patterns 48, 49 and 57 to 60.
"""

from __future__ import annotations

from collections.abc import Callable

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Kind, Use, strip_casts
from isolate_ext.model.types import StaticType
from isolate_ext.placement.base_calls import BaseCall, base_call
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext.text import Hole, Span
from isolate_ext.text.replacement import Part
from isolate_ext_rules.c_text import remove_statement, statement_of
from isolate_ext_rules.examples import TYPE, module
from isolate_ext_rules.global_variable import editable_uses
from isolate_ext_rules.type_ready import ready_calls
from isolate_ext_rules.verify_types import verify_references

EXAMPLES = (
    Rewrite(TYPE, ("PyType_GenericAlloc(state->Egg_Type, 0)",), ("&Egg_Type,",)),
    Refused(
        module(
            'static PyTypeObject Egg_Type = {PyVarObject_HEAD_INIT(NULL, 0) "spam.Egg", '
            "sizeof(PyObject)};",
            "",
            "PyTypeObject copy = Egg_Type;\n    copy.tp_doc = NULL;",
        ),
        Reason.TYPE_USED_AS_VALUE,
    ),
)


def run(pass_: Pass) -> None:
    for type_ in pass_.decisions.types.values():
        readied = {id(use) for use, _ in ready_calls(pass_, type_)}
        for use in editable_uses(pass_, type_.key):
            if id(use) not in readied:
                _reference(pass_, type_, use)


def _reference(pass_: Pass, type_: StaticType, use: Use) -> None:
    group = f"type:{type_.key}"
    field = pass_.decisions.fields[type_.key].name
    if use.inside is None:
        if not _is_base_of_moved(pass_, use):
            pass_.refuse(
                Reason.TYPE_USED_AS_VALUE,
                use.path,
                use.start,
                use.end,
                f"the address of {type_.variable.name} stands at file scope",
                type_.key,
            )
        return
    called = base_call(pass_.extension, pass_.decisions.types, use)
    if called is not None:
        _call_by_name(pass_, use, called, group)
        return
    macro = use.inside.is_macro

    def spelled(state: str) -> bytes:
        return (f"({state})->{field}" if macro else f"{state}->{field}").encode()

    address = use.address_of
    if address is not None:
        derived = _derived(pass_, use, address)
        if derived is not None:
            if derived not in pass_.decisions.types:
                pass_.refuse(
                    Reason.TYPE_USED_AS_VALUE,
                    use.path,
                    use.start,
                    use.end,
                    f"{type_.variable.name} is the base of a type that stays static",
                    type_.key,
                )
            return
        assignment = _head_assignment(address)
        if assignment is not None:
            remove_statement(pass_, use.path, statement_of(assignment), group, Stage.HEAP_TYPES)
            return
        pass_.state_edit(
            use.path,
            address.start,
            address.end,
            use.inside,
            group,
            lambda state: [spelled(state)],
            Stage.HEAP_TYPES,
        )
        return
    member = use.node.parent if use.node is not None else None
    if member is not None and member.kind == "field_expression":
        _member(pass_, type_, use, member, spelled, group)
        return
    pass_.refuse(
        Reason.TYPE_USED_AS_VALUE,
        use.path,
        use.start,
        use.end,
        f"{type_.variable.name} is used without its address",
        type_.key,
    )


def _derived(pass_: Pass, use: Use, address: Node) -> str | None:
    """The key of the static type whose `tp_base` is assigned this address at run time."""
    value = address
    while value.parent is not None and value.parent.kind in (
        "cast_expression",
        "parenthesized_expression",
    ):
        value = value.parent
    assignment = value.parent
    if assignment is None or assignment.kind != "assignment_expression":
        return None
    left = assignment.child("left")
    field = left.child("field") if left is not None and left.kind == "field_expression" else None
    if left is None or field is None or field.str != "tp_base":
        return None
    variable = pass_.extension.variable_named(left.children[0].str, use.path)
    return variable.key if variable is not None and variable.kind is Kind.TYPE else None


def _call_by_name(pass_: Pass, use: Use, called: BaseCall, group: str) -> None:
    """``Base_Type.tp_clear(op)`` is ``base_clear((BaseObject *)op)``: nothing to look up."""
    callee, function = called.callee, called.function
    pass_.replace(
        use.path, callee.start, callee.end, function.name.encode(), group, Stage.HEAP_TYPES
    )
    wanted = function.parameters[0].ctype
    first = called.arguments.named[0]
    bare = strip_casts(first)
    if first is not bare and wanted.base != "PyObject":
        cast = f"({wanted.declare('').strip()})".encode()
        parts: list[Part] = [cast, Hole(Span(bare.start, bare.end))]
        pass_.replace(use.path, first.start, first.end, parts, group, Stage.HEAP_TYPES)


def _head_assignment(address: Node) -> Node | None:
    """``Py_SET_TYPE(&T, &PyType_Type)`` or ``Py_TYPE(&T) = ...``: nothing to a heap type."""
    arguments = address.parent
    call = arguments.parent if arguments is not None and arguments.kind == "argument_list" else None
    callee = call.child("function") if call is not None else None
    if call is None or callee is None or arguments is None:
        return None
    if callee.str == "Py_SET_TYPE" and arguments.named[0] is address:
        return call
    parent = call.parent
    if callee.str == "Py_TYPE" and parent is not None and parent.kind == "assignment_expression":
        return parent if parent.child("left") is call else None
    return None


def _is_base_of_moved(pass_: Pass, use: Use) -> bool:
    """The use is the base of a type that moves, which the creation of that type takes care of."""
    holder = pass_.extension.variables.get(use.holder) if use.holder is not None else None
    return holder is not None and holder.kind is Kind.TYPE and holder.key in pass_.decisions.types


def _member(
    pass_: Pass,
    type_: StaticType,
    use: Use,
    member: Node,
    spelled: Callable[[str], bytes],
    group: str,
) -> None:
    name = member.child("field")
    parent = member.parent
    if (
        parent is not None
        and parent.kind == "assignment_expression"
        and parent.child("left") is member
    ):
        statement = statement_of(parent)
        plain = statement.kind == "expression_statement" and statement.named[0] is parent
        unconditional = (
            statement.parent is not None
            and statement.parent.kind == "compound_statement"
            and (
                statement.parent.parent is not None
                and statement.parent.parent.kind == "function_definition"
            )
        )
        if not plain or not unconditional:
            pass_.refuse_node(
                Reason.TYPE_SHAPE,
                use.path,
                parent,
                f"{type_.variable.name} is changed in a way that no slot expresses",
                type_.key,
            )
            return
        remove_statement(pass_, use.path, statement, group, Stage.HEAP_TYPES)
        return
    if name is None:
        return
    pass_.state_edit(
        use.path,
        member.start,
        name.start,
        use.inside,
        group,
        lambda state: [spelled(state) + b"->"],
        Stage.HEAP_TYPES,
    )


RULE = Rule(
    "type-reference",
    __doc__,
    (48, 49, 57, 58, 59, 60),
    Stage.HEAP_TYPES,
    Safety.SAFE,
    run,
    EXAMPLES,
    verify=verify_references,
)
