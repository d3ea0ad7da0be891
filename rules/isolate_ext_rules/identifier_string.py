"""Identifiers of the C API.

What: a string that `_Py_IDENTIFIER` or `_Py_static_string` hides becomes a member of the module
state, interned when the module is executed, and each call that is handed it becomes the public one
that takes an object. Where a function has no way to the state, or a call takes a format, it names
the string itself.

Why: the macros are private, and most calls for them are gone from newer headers; up to Python 3.9
all interpreters share their strings.

Declines when: an identifier stays where a call that takes it has no public form for what is at
hand, or its address goes further than parameters of own functions.

Handbook pattern 70.
"""

from __future__ import annotations

from collections.abc import Iterator

from isolate_ext.capi.identifiers import BUILTIN, EQUAL
from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Identifier, Parameter
from isolate_ext.model.identifier_flow import Sink
from isolate_ext.syntax import Node
from isolate_ext.text import Hole, Span
from isolate_ext.text.replacement import Part
from isolate_ext_rules.c_text import with_blank_line
from isolate_ext_rules.examples import module
from isolate_ext_rules.identifier_calls import builtin_name

UPPER = module(
    """
_Py_IDENTIFIER(upper);

static PyObject *
spam_upper(PyObject *self, PyObject *arg)
{
    _Py_IDENTIFIER(split);
    PyObject *result, *upper = _PyObject_CallMethodIdNoArgs(arg, &PyId_upper);

    if (upper == NULL) {
        return NULL;
    }
    result = _PyObject_CallMethodId(upper, &PyId_split, "s", " ");
    Py_DECREF(upper);
    return result;
}
""",
    '{"upper", spam_upper, METH_O, NULL},',
)
HANDED_ON = module(
    """
static PyObject *
get(PyObject *object, _Py_Identifier *name)
{
    return _PyObject_GetAttrId(object, name);
}

static PyObject *
spam_real(PyObject *self, PyObject *arg)
{
    _Py_IDENTIFIER(real);
    return get(arg, &PyId_real);
}
""",
    '{"real", spam_real, METH_O, NULL},',
)
EXAMPLES = (
    Rewrite(
        UPPER,
        (
            "PyObject *str_upper;",
            'state->str_upper = PyUnicode_InternFromString("upper");',
            "PyObject_CallMethodNoArgs(arg, state->str_upper)",
            'PyObject_CallMethod(upper, "split", "s", " ")',
        ),
        ("_Py_IDENTIFIER", "PyId_"),
    ),
    Rewrite(
        HANDED_ON,
        ("PyObject *name)", "PyObject_GetAttr(object, name)", "get(arg, state->str_real)"),
        ("_Py_Identifier",),
    ),
    Rewrite(
        HANDED_ON.replace("_PyObject_GetAttrId(object,", "_PyObject_LookupSpecial(object,"),
        ("get(arg, &PyId_real)", "_Py_IDENTIFIER(real);"),
    ),
)


def run(pass_: Pass) -> None:
    strings = pass_.decisions.strings
    for sink in strings.by_object:
        _take_object(pass_, sink)
    for sink in strings.by_name:
        _take_name(pass_, sink)
    for key, index in strings.parameters:
        routine = pass_.extension.routines[key]
        places = [(each.path, each.parameters) for each in routine.definitions]
        places += [(each.path, each.parameters) for each in routine.prototypes]
        for path, parameters in places:
            _take_parameter(pass_, path, parameters[index], f"access:{key}")
    for path, start, end in _declarations(pass_, strings.gone):
        pass_.replace(path, start, end, b"", "identifiers", Stage.STATE)
    for stay in strings.stays:
        variable = pass_.extension.variables[stay.symbol]
        home = variable.home
        pass_.note(home.path, home.start, f"{variable.name} stays: {stay.why}", review=True)


def _group(sink: Sink) -> str:
    return f"global:{sink.use.symbol}" if sink.use is not None else f"access:{sink.inside.routine}"


def _callee(pass_: Pass, sink: Sink, name: str) -> None:
    """Call another function; arguments that are aligned with the first stay so."""
    callee, arguments = sink.call.child("function"), sink.call.child("arguments")
    assert callee is not None and arguments is not None
    data = pass_.parsed(sink.path).source.data
    column = arguments.start + 1 - (data.rfind(b"\n", 0, callee.start) + 1)
    margins = (b" " * column, b" " * (column + len(name) - len(callee.text)))
    if b"\n" + margins[0] not in arguments.text:
        pass_.replace(sink.path, callee.start, callee.end, name.encode(), _group(sink), Stage.STATE)
        return
    hole = Hole(Span(callee.end, arguments.end), margins=margins)
    parts: list[Part] = [name.encode(), hole]
    pass_.replace(sink.path, callee.start, arguments.end, parts, _group(sink), Stage.STATE)


def _take_object(pass_: Pass, sink: Sink) -> None:
    """``state->str_x`` for the address, and the function for objects for that for identifiers."""
    by, identifier = sink.by, sink.identifier
    name = by.by_object if by is not None else None
    if name:
        _callee(pass_, sink, builtin_name(pass_) if name == BUILTIN else name)
    if identifier is None:
        return
    member = pass_.decisions.strings.members[identifier.text].name
    whole = sink.call if name == "" else sink.argument
    end = sink.bare.end if sink.bare is not None else whole.end
    macro = sink.inside.is_macro

    def text(state: str) -> str:
        return f"({state})->{member}" if macro else f"{state}->{member}"

    pass_.state_edit(sink.path, whole.start, end, sink.inside, _group(sink), text)


def _take_name(pass_: Pass, sink: Sink) -> None:
    """``"x"`` for the address, and the function for C strings."""
    by, identifier, path = sink.by, sink.identifier, sink.path
    assert by is not None and by.by_string is not None and identifier is not None
    _callee(pass_, sink, by.by_string)
    text = f'"{identifier.text}"' + (f", {by.more}" if by.more else "")
    argument = sink.argument
    pass_.replace(path, argument.start, argument.end, text, _group(sink), Stage.STATE)
    callee = sink.call.child("function")
    if callee is not None and callee.str == EQUAL:
        _compare(pass_, sink)


def _compare(pass_: Pass, sink: Sink) -> None:
    """Equal is zero: ``call == 0``, and ``call != 0`` for ``!call``."""
    call, parent = sink.call, sink.call.parent
    negated = parent is not None and parent.kind == "unary_expression" and parent.text[:1] == b"!"
    outer = parent if negated and parent is not None else call
    around = outer.parent
    plain = around is None or around.kind in (
        "parenthesized_expression", "return_statement", "assignment_expression", "init_declarator",
        "argument_list",
    ) or (around.kind == "binary_expression" and _logical(around))  # fmt: skip
    group = _group(sink)
    if negated:
        pass_.replace(sink.path, outer.start, call.start, "" if plain else "(", group, Stage.STATE)
    elif not plain:
        pass_.replace(sink.path, call.start, call.start, "(", group, Stage.STATE)
    text = f" {'!' if negated else '='}= 0{'' if plain else ')'}"
    pass_.replace(sink.path, call.end, call.end, text, group, Stage.STATE)


def _logical(binary: Node) -> bool:
    return any(each.kind in ("&&", "||") for each in binary.children if not each.is_named)


def _take_parameter(pass_: Pass, path: str, parameter: Parameter, group: str) -> None:
    """``_Py_Identifier *name`` is ``PyObject *name`` from now on."""
    data = pass_.parsed(path).source.data
    end = data.index(b"_Py_Identifier", parameter.start) + len(b"_Py_Identifier")
    pass_.replace(path, parameter.start, end, b"PyObject", group, Stage.STATE)


def _declarations(pass_: Pass, gone: list[Identifier]) -> Iterator[tuple[str, int, int]]:
    """The lines of declarations, neighbours together, with a blank line that would be left over."""
    by_path: dict[str, list[tuple[int, int]]] = {}
    for each in gone:
        home = each.variable.home
        by_path.setdefault(home.path, []).append((home.start, home.end))
    for path, spans in by_path.items():
        data = pass_.parsed(path).source.data
        spans.sort()
        while spans:
            start, end = spans.pop(0)
            while spans and not data[end : spans[0][0]].strip():
                end = spans.pop(0)[1]
            yield (path, *_with_lines(data, start, end))


def _with_lines(data: bytes, start: int, end: int) -> tuple[int, int]:
    start, end = with_blank_line(data, start, end)
    opens = data[:start].rstrip(b" \t\r\n").endswith(b"{")
    for blank in (b"\n", b"\r\n"):
        if opens and data[:start].endswith(b"\n") and data[end:].startswith(blank):
            return start, end + len(blank)
    return start, end


RULE = Rule("identifier-string", __doc__, (70,), Stage.STATE, Safety.SAFE, run, EXAMPLES)
