"""Callbacks of C libraries that get a Python callable back as user data.

What: the callable that is registered is bound into another one, which calls it and knows the
module; the callback finds the state through that module.

Why: a library hands its callbacks one pointer, and no parameter of theirs leads to a module. The
new callable takes the old one's place for as long as the code holds references to it.

Declines when: the user data is anything but one local callable, or is used beyond being called.

Handbook pattern 85.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition
from isolate_ext.placement.carriers import Registration
from isolate_ext.placement.decisions import RouteKind
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext.text import Template
from isolate_ext_rules.c_text import body_start, indent_at
from isolate_ext_rules.examples import module
from isolate_ext_rules.module_names import OWN_MODULE
from isolate_ext_rules.struct_sequence import failures

HANDLED = module(
    """
static int calls;

extern int library_each(int count, int (*handler)(void *, int), void *data);

static int
on_value(void *data, int value)
{
    PyObject *result = PyObject_CallFunction((PyObject *)data, "i", value);
    calls++;
    if (result == NULL) {
        return -1;
    }
    Py_DECREF(result);
    return 0;
}

static PyObject *
spam_each(PyObject *self, PyObject *callable)
{
    if (library_each(3, on_value, (void *)callable) < 0) {
        return NULL;
    }
    return PyLong_FromLong(calls);
}
""",
    '{"each", spam_each, METH_O, NULL},',
)
EXAMPLES = (
    Rewrite(
        HANDLED,
        (
            "callable = bind_spam_callback(state, callable);",
            "spam_state *state = get_spam_callback_state((PyObject *)data);",
        ),
    ),
)
GROUP = "callbacks"

BIND = Template(
    """\
/* Calls another callable, and knows the module for which that was registered. */
static PyObject *
${call}(PyObject *callable, PyObject *args, PyObject *kwargs)
{
    return PyObject_Call(callable, args, kwargs);
}

static PyMethodDef ${definition} = {
    "callback", (PyCFunction)(void (*)(void))${call},
    METH_VARARGS | METH_KEYWORDS, NULL
};

static PyObject *
${bind}(${struct} *${state}, PyObject *callable)
{
    return PyCFunction_NewEx(&${definition}, callable, ${state}->${member});
}

""",
    "call definition bind struct state member",
)
FIND = Template(
    """\
static inline ${struct} *
${find}(PyObject *callback)
{
    return ${accessor}(((PyCFunctionObject *)callback)->m_module);
}

""",
    "struct find accessor",
)


def run(pass_: Pass) -> None:
    names, decisions = pass_.decisions.names, pass_.decisions
    carried = [d for d, route in decisions.routes.items() if route.kind is RouteKind.CARRIER]
    for definition in carried:
        _fetch(pass_, definition)
    for registration in decisions.registrations:
        _bind(pass_, registration)
    for path in sorted({each.path for each in decisions.registrations}):
        text = BIND.fill(
            call=_name(pass_, "call", "callback"), definition=_name(pass_, "", "callback_def"),
            bind=_name(pass_, "bind", "callback"), struct=names.state_struct,
            state=names.variable, member=OWN_MODULE,
        )  # fmt: skip
        _insert(pass_, path, [each.inside for each in decisions.registrations], carried, text, 1)
    for path in sorted({each.path for each in carried}):
        text = FIND.fill(
            struct=names.state_struct, find=_name(pass_, "get", "callback_state"),
            accessor=names.module_accessor,
        )  # fmt: skip
        _insert(pass_, path, [each.inside for each in decisions.registrations], carried, text, 2)


def _name(pass_: Pass, verb: str, noun: str) -> str:
    stem = pass_.decisions.names.exec_function.removesuffix("_exec")
    return "_".join(part for part in (verb, stem, noun) if part)


def _insert(
    pass_: Pass,
    path: str,
    registering: list[Definition],
    carried: list[Definition],
    text: str,
    rank: int,
) -> None:
    """Before the first function of a file that takes part."""
    start = min(each.start for each in (*registering, *carried) if each.path == path)
    at = pass_.parsed(path).source.data.rfind(b"\n", 0, start) + 1
    pass_.replace(path, at, at, text, GROUP, Stage.ISOLATED, order=rank)


def _fetch(pass_: Pass, definition: Definition) -> None:
    names = pass_.decisions.names
    at = body_start(pass_.parsed(definition.path).source.data, definition.body)
    declare = f"\n    {names.state_struct} *{names.variable} = "
    static = f"{declare}{names.global_accessor}();"
    pass_.replace(definition.path, at, at, static, GROUP, Stage.ACCESS, Stage.ACCESS)
    source = pass_.decisions.routes[definition].sources[0]
    final = f"{declare}{_name(pass_, 'get', 'callback_state')}({source});"
    pass_.replace(definition.path, at, at, final, GROUP, Stage.ISOLATED)


def _bind(pass_: Pass, registration: Registration) -> None:
    """``f = bind(state, f)`` before the registration; released wherever its block is left."""
    path, data = registration.path, registration.data
    source, style = pass_.parsed(path).source.data, pass_.style(path)
    failure = failures(pass_, registration.inside)[1]
    if failure is None:
        pass_.refuse_node(
            Reason.ADDRESS_TAKEN,
            path,
            registration.call,
            f"{registration.inside.name} cannot tell its caller of a failure",
        )
        return
    state = pass_.state_name(registration.inside, Stage.ISOLATED)
    margin = indent_at(source, registration.first.start).encode()
    line = style.newline + margin
    made = [
        f"{data} = {_name(pass_, 'bind', 'callback')}({state}, {data});".encode(),
        f"if ({data} == NULL) {{".encode(),
        style.indent + f"return {failure};".encode(),
        b"}",
        b"",
    ]
    at = registration.first.start
    pass_.replace(path, at, at, line.join(made), GROUP, Stage.ISOLATED)
    release = f"Py_DECREF({data});"
    for node in _exits(registration):
        margin = indent_at(source, node.start).encode()
        if node.parent is not None and node.parent.kind == "compound_statement":
            text = release.encode() + style.newline + margin
            pass_.replace(path, node.start, node.start, text, GROUP, Stage.ISOLATED)
        else:
            pass_.replace(path, node.start, node.start, f"{{ {release} ", GROUP, Stage.ISOLATED)
            pass_.replace(path, node.end, node.end, " }", GROUP, Stage.ISOLATED)
    last = registration.block.named[-1]
    if last not in list(_exits(registration)):
        text = style.newline + indent_at(source, last.start).encode() + release.encode()
        pass_.replace(path, last.end, last.end, text, GROUP, Stage.ISOLATED)


def _exits(registration: Registration) -> Iterator[Node]:
    """Statements behind the registration that leave the function."""
    for node in registration.block.descendants():
        if node.start < registration.call.end:
            continue
        if node.kind == "return_statement" or (
            node.kind == "expression_statement" and re.match(r"Py_RETURN_\w+", node.str)
        ):
            yield node


RULE = Rule("callback-data", __doc__, (85,), Stage.ISOLATED, Safety.REVIEW, run, EXAMPLES)
