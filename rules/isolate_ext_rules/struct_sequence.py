"""Struct sequences.

What: a static type that `PyStructSequence_InitType` fills becomes a member of the module state,
made by `PyStructSequence_NewType`; what guarded the static memory asks the member. A doc that is
NULL becomes an empty one.

Why: the static type is shared by every interpreter, and is filled once for the whole process.
`PyStructSequence_NewType` of Python 3.9.0 to 3.9.2 crashes where the doc is NULL.

Declines when: it is filled where a failure cannot be told to the caller, or used by its value.

Handbook pattern 52.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import Definition, Use, strip_casts
from isolate_ext.model.sequences import StructSequence
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext.text import Hole, Span
from isolate_ext.text.replacement import Part
from isolate_ext_rules.c_text import indent_at, remove_declaration, statement_of
from isolate_ext_rules.examples import module
from isolate_ext_rules.global_variable import editable_uses
from isolate_ext_rules.sequence_doc import give_docs

POINT = module(
    """
static PyStructSequence_Field point_fields[] = {{"x", NULL}, {"y", NULL}, {NULL, NULL}};
static PyStructSequence_Desc point_desc = {"spam.point", NULL, point_fields, 2};
static PyTypeObject PointType;

static PyObject *
spam_point(PyObject *self, PyObject *args)
{
    return PyStructSequence_New(&PointType);
}
""",
    '{"point", spam_point, METH_NOARGS, NULL},',
    """if (PointType.tp_name == NULL) {
        if (PyStructSequence_InitType2(&PointType, &point_desc) < 0) {
            return NULL;
        }
    }""",
)
DESIGNATED = """{
    .name = "spam.point",
    .fields = point_fields,
    .n_in_sequence = 2,
}"""
EXAMPLES = (
    Rewrite(
        POINT,
        (
            "state->PointType = PyStructSequence_NewType(&point_desc);",
            "if (state->PointType == NULL) {",
            "PyStructSequence_New(state->PointType)",
            "PyTypeObject *PointType;",
            'point_desc = {"spam.point", "", point_fields, 2};',
        ),
        ("static PyTypeObject PointType", "PyStructSequence_InitType"),
    ),
    Rewrite(
        POINT.replace('{"spam.point", NULL, point_fields, 2}', DESIGNATED),
        ('.name = "spam.point",\n    .doc = "",\n    .fields = point_fields,',),
    ),
)


def run(pass_: Pass) -> None:
    for sequence in pass_.decisions.sequences.values():
        made = {id(use): call for use, call in sequence.made}
        for use in editable_uses(pass_, sequence.key):
            if use.inside is None or use.node is None:
                _refuse(
                    pass_, sequence, use, Reason.TYPE_USED_AS_VALUE, "is used outside of a function"
                )
            elif id(use) in made:
                _make(pass_, sequence, use, made[id(use)])
            else:
                _refer(pass_, sequence, use, use.node)
        for declaration in sequence.variable.definitions + sequence.variable.declarations:
            remove_declaration(pass_, declaration, _group(sequence), Stage.HEAP_TYPES)
    give_docs(pass_)


def _group(sequence: StructSequence) -> str:
    return f"type:{sequence.key}"


def _refuse(pass_: Pass, sequence: StructSequence, use: Use, reason: Reason, text: str) -> None:
    pass_.refuse(
        reason, use.path, use.start, use.end, f"{sequence.variable.name} {text}", sequence.key
    )


def _refer(pass_: Pass, sequence: StructSequence, use: Use, node: Node) -> None:
    """``&T`` is the member; ``T.field`` is reached through it; ``T.tp_name == 0`` asks for NULL."""
    address, member = use.address_of, node.parent
    if address is not None:
        _spell(pass_, sequence, use, address.span, "")
    elif member is not None and member.kind == "field_expression" and member.children[0] is node:
        name = member.child("field")
        assert name is not None
        if name.str == "tp_name" and _is_guard(member):
            _spell(pass_, sequence, use, member.span, "")
        else:
            _spell(pass_, sequence, use, (member.start, name.start), "->")
    else:
        _refuse(pass_, sequence, use, Reason.TYPE_USED_AS_VALUE, "is used without its address")


def _is_guard(member: Node) -> bool:
    """Asked for being zero or not: whether the static memory was filled before."""
    parent = member.parent
    if parent is None:
        return False
    if parent.kind == "binary_expression":
        return any(strip_casts(side).str in ("NULL", "0") for side in parent.named)
    return parent.kind in ("unary_expression", "parenthesized_expression")


def _spell(
    pass_: Pass, sequence: StructSequence, use: Use, span: tuple[int, int], tail: str
) -> None:
    field = pass_.decisions.fields[sequence.key].name
    macro = use.inside is not None and use.inside.is_macro

    def text(state: str) -> list[Part]:
        return [f"{f'({state})' if macro else state}->{field}{tail}".encode()]

    pass_.state_edit(use.path, *span, use.inside, _group(sequence), text, Stage.HEAP_TYPES)


def _make(pass_: Pass, sequence: StructSequence, use: Use, call: Node) -> None:
    arguments = call.child("arguments")
    assert arguments is not None and use.inside is not None
    desc = arguments.named[1]
    field = pass_.decisions.fields[sequence.key].name
    group = _group(sequence)
    data = pass_.parsed(use.path).source.data

    def made(state: str) -> list[Part]:
        start = f"{state}->{field} = PyStructSequence_NewType(".encode()
        return [start, Hole(Span(desc.start, desc.end)), b")"]

    statement = statement_of(call)
    test = _comparison(call)
    if statement.kind == "expression_statement" and statement.named[0] is call:
        _unchecked(pass_, sequence, use, call, statement, made)
    elif test is None:
        pass_.state_edit(
            use.path,
            call.start,
            call.end,
            use.inside,
            group,
            lambda state: [b"((", *made(state), b") == NULL ? -1 : 0)"],
            Stage.HEAP_TYPES,
        )
    elif _stands_first(statement, test):
        margin = pass_.style(use.path).newline + indent_at(data, statement.start).encode()
        between = data[statement.start : test.start]
        after = Hole(Span(test.end, statement.end))
        pass_.state_edit(
            use.path,
            statement.start,
            statement.end,
            use.inside,
            group,
            lambda state: [
                *made(state),
                b";",
                margin,
                between,
                f"{state}->{field} == NULL".encode(),
                after,
            ],
            Stage.HEAP_TYPES,
        )
    else:
        pass_.state_edit(
            use.path,
            test.start,
            test.end,
            use.inside,
            group,
            lambda state: [b"(", *made(state), b") == NULL"],
            Stage.HEAP_TYPES,
        )


def _comparison(call: Node) -> Node | None:
    """``call < 0``, ``call != 0``, ``call == -1`` or the call as a condition: it failed."""
    parent = call.parent
    if (
        parent is not None
        and parent.kind == "parenthesized_expression"
        and parent.field == "condition"
    ):
        return call
    if parent is None or parent.kind != "binary_expression" or parent.named[0] is not call:
        return None
    text = re.sub(r"\s+", "", parent.data[call.end : parent.end].decode())
    return parent if text in ("<0", "!=0", "==-1") else None


def _stands_first(statement: Node, test: Node) -> bool:
    """``if (test)`` in a block, so that a statement may come before it."""
    condition = statement.child("condition")
    return (
        statement.kind == "if_statement"
        and condition is not None
        and condition.named == [test]
        and statement.parent is not None
        and statement.parent.kind == "compound_statement"
    )


def _unchecked(
    pass_: Pass,
    sequence: StructSequence,
    use: Use,
    call: Node,
    statement: Node,
    made: Callable[[str], list[Part]],
) -> None:
    """The older call returned nothing: failure is told to the caller now."""
    assert use.inside is not None
    early, late = failures(pass_, use.inside)
    if early is None or late is None:
        _refuse(
            pass_,
            sequence,
            use,
            Reason.INIT_SHAPE,
            f"is filled in {use.inside.name}, which cannot tell its caller of a failure",
        )
        return
    path, data = use.path, pass_.parsed(use.path).source.data
    style = pass_.style(path)
    field = pass_.decisions.fields[sequence.key].name
    inside = statement.parent is not None and statement.parent.kind == "compound_statement"
    outer = indent_at(data, statement.start).encode()
    margin = outer if inside else outer.removesuffix(style.indent)
    line = style.newline + margin + (b"" if inside else style.indent)
    head, tail = (b"", b"") if inside else (b"{" + line, style.newline + margin + b"}")
    start, end = statement.start, statement.end
    if not inside:
        start = len(data[:start].rstrip())
        head = b" " + head

    def text(state: str, value: str) -> list[Part]:
        check = f"if ({state}->{field} == NULL) {{".encode()
        leave = f"return {value};".encode()
        return [head, *made(state), b";", line, check, line + style.indent, leave, line, b"}", tail]

    def edit(value: str, since: Stage, until: Stage) -> None:
        state = pass_.state_name(use.inside, since)
        pass_.replace(path, start, end, text(state, value), _group(sequence), since, until)

    edit(early, Stage.HEAP_TYPES, Stage.HEAP_TYPES)
    edit(early, Stage.ACCESS, Stage.ACCESS)
    edit(late, Stage.ISOLATED, Stage.ISOLATED)


def failures(pass_: Pass, definition: Definition) -> tuple[str | None, str | None]:
    """What a function returns to say that it failed, before the last stage and in it."""
    if definition is pass_.decisions.init.creator and not pass_.decisions.init.multi_phase:
        return "NULL", "-1"
    found = next(declarators(definition.node), None) if definition.node is not None else None
    if found is None:
        return None, None
    if found.ctype.pointers:
        return "NULL", "NULL"
    return ("-1", "-1") if found.ctype.base in ("int", "Py_ssize_t", "long") else (None, None)


RULE = Rule("struct-sequence", __doc__, (52,), Stage.HEAP_TYPES, Safety.SAFE, run, EXAMPLES)
