"""References that the init function leaves behind.

What: an object that is made inside of a call which takes no reference over, as in
`PyDict_SetItemString(d, "X", PyLong_FromLong(1));`, gets a name and is released behind the call.

Why: a single-phase module left one object behind for the whole process; one that is executed for
every import and every interpreter would leave one each time.

Declines when: never; a call that is a part of a bigger expression is left alone.

Handbook patterns 16 and 72.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.model.init import creator_statements, init_closure
from isolate_ext.syntax import Node
from isolate_ext.text import Hole, Span
from isolate_ext.text.replacement import Part
from isolate_ext_rules.c_text import fresh_name, indent_at
from isolate_ext_rules.examples import module

EXAMPLES = (
    Rewrite(
        module(
            "",
            "",
            'PyDict_SetItemString(PyModule_GetDict(m), "limit", PyLong_FromLong(9));',
        ),
        (
            "        PyObject *value = PyLong_FromLong(9);\n"
            '        PyDict_SetItemString(PyModule_GetDict(m), "limit", value);\n'
            "        Py_XDECREF(value);\n",
        ),
    ),
)
_ADDING = {
    "PyDict_SetItem": ("key", "value"),
    "PyDict_SetItemString": (None, "value"),
    "PyObject_SetAttr": ("name", "value"),
    "PyObject_SetAttrString": (None, "value"),
    "PyObject_SetItem": ("key", "value"),
    "PyList_Append": ("item",),
    "PySet_Add": ("item",),
}
"""What each argument behind the first is called, where no reference to it is taken over."""
_MAKES = re.compile(
    r"Py(Long|Float|Complex|Bytes|Unicode|Int|String|Bool)_From\w+|Py(Tuple|List|Dict|Set)_New"
    r"|PyTuple_Pack|Py_BuildValue|PyErr_NewException(WithDoc)?"
)


def run(pass_: Pass) -> None:
    closure = init_closure(pass_.extension, pass_.decisions.init)
    for key in closure:
        for definition in pass_.extension.routines[key].definitions:
            for statement, call in _additions(pass_, definition):
                made = list(_made(call))
                if made:
                    _name(pass_, definition, statement, made)


def _additions(pass_: Pass, definition: Definition) -> Iterator[tuple[Node, Node]]:
    """Statements of the function, in every branch of `#if`, that are nothing but such a call."""
    for statement in creator_statements(pass_.extension, definition):
        call = statement.named[0] if statement.named else statement
        callee, parent = call.child("function"), statement.parent
        whole = parent is not None and parent.kind == "compound_statement"
        if whole and callee is not None and callee.str in _ADDING and "tp_dict" not in call.str:
            yield statement, call


def _made(call: Node) -> Iterator[tuple[str, Node]]:
    """The arguments that are new objects, with what to call them."""
    callee, arguments = call.child("function"), call.child("arguments")
    assert callee is not None and arguments is not None
    for name, value in zip((None, *_ADDING[callee.str]), arguments.named, strict=False):
        maker = strip_casts(value).child("function")
        if name is not None and maker is not None and _MAKES.fullmatch(maker.str):
            yield name, value


def _name(
    pass_: Pass, definition: Definition, statement: Node, made: list[tuple[str, Node]]
) -> None:
    data = statement.data
    margin = indent_at(data, statement.start)
    body = data[slice(*definition.body)]
    parts: list[Part] = [b"{"]
    style = pass_.style(definition.path)
    newline = style.newline
    line = newline + margin.encode() + style.indent
    names = [fresh_name(name, body) for name, _ in made]
    for name, (_, value) in zip(names, made, strict=True):
        parts += [line + f"PyObject *{name} = ".encode(), Hole(Span(value.start, value.end)), b";"]
    parts.append(line)
    at = statement.start
    for name, (_, value) in zip(names, made, strict=True):
        parts += [Hole(Span(at, value.start)), name.encode()]
        at = value.end
    parts.append(Hole(Span(at, statement.end)))
    parts += [line + f"Py_XDECREF({name});".encode() for name in reversed(names)]
    parts.append(newline + f"{margin}}}".encode())
    pass_.replace(definition.path, statement.start, statement.end, parts, "init", Stage.ISOLATED)


RULE = Rule("left-reference", __doc__, (16, 72), Stage.ISOLATED, Safety.REVIEW, run, EXAMPLES)
