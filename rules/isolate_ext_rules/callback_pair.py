"""Callbacks whose library owns a reference to their data.

What: a pair of the data and the module is registered in place of the data. The library owns it
instead, and releases it in the end.

Why: a library hands its callbacks one pointer, and no parameter of theirs leads to a module. The
pair lives as long as the registration, and keeps the module for as long.

Declines when: the reference is not taken right before the call, none of the callbacks releases it
and does nothing else, or another one counts references to the data. So it does when the function
that registers them has other uses for the data or cannot tell of a failure, and when a callback is
called in other ways, too.

Handbook pattern 85.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, Parameter
from isolate_ext.placement.decisions import RouteKind
from isolate_ext.placement.pairs import Gift, Pair
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.c_text import body_start, fresh_name, indent_at
from isolate_ext_rules.examples import module
from isolate_ext_rules.module_names import OWN_MODULE
from isolate_ext_rules.struct_sequence import failures
from isolate_ext_rules.taken_apart import take_apart

LISTENING = module(
    """
static long heard;

extern int library_listen(void (*call)(int, void *), void *data, void (*destroy)(void *));

static void
on_word(int word, void *data)
{
    PyObject *list = (PyObject *)data;
    PyObject *number = PyLong_FromLong(word + heard++);

    if (number == NULL || PyList_Append(list, number) < 0) {
        PyErr_WriteUnraisable(list);
    }
    Py_XDECREF(number);
}

static void
release(void *data)
{
    Py_DECREF((PyObject *)data);
}

static PyObject *
spam_listen(PyObject *self, PyObject *list)
{
    Py_INCREF(list);
    if (library_listen(on_word, (void *)list, release) < 0) {
        Py_DECREF(list);
        return PyErr_NoMemory();
    }
    Py_RETURN_NONE;
}
""",
    '{"listen", spam_listen, METH_O, NULL},',
)
SILENT = (
    LISTENING.replace("static PyObject *\nspam_listen(PyObject *self, ", "static void\nstart(")
    .replace("        return PyErr_NoMemory();\n", "")
    .replace(
        "    Py_RETURN_NONE;\n}",
        """}

static PyObject *
spam_listen(PyObject *self, PyObject *list)
{
    start(list);
    Py_RETURN_NONE;
}""",
    )
)
EXAMPLES = (
    Rewrite(
        LISTENING,
        (
            "    PyObject *pair = PyTuple_Pack(2, list, state->own_module);\n"
            "    if (pair == NULL) {\n        return NULL;\n    }\n"
            "    if (library_listen(on_word, (void *)pair, release) < 0) {\n"
            "        Py_DECREF(pair);\n",
            "on_word(int word, void *arg)\n"
            "{\n"
            "    spam_state *state = get_spam_state(PyTuple_GET_ITEM((PyObject *)arg, 1));\n"
            "    void *data = PyTuple_GET_ITEM((PyObject *)arg, 0);\n",
            "release(void *data)\n{\n    Py_DECREF((PyObject *)data);",
        ),
        ("Py_INCREF(list)",),
    ),
    Refused(SILENT, Reason.ADDRESS_TAKEN),
)


def run(pass_: Pass) -> None:
    for pair in pass_.decisions.pairs:
        for callback, parameter in pair.callbacks.items():
            _unpack(pass_, pair, callback, parameter)
        for gift in pair.gifts:
            _give(pass_, pair, gift)


def _group(pair: Pair) -> str:
    return "pair:" + min(each.routine for each in pair.callbacks)


def _unpack(pass_: Pass, pair: Pair, callback: Definition, parameter: Parameter) -> None:
    """At its entry the callback takes the pair apart; its data is a local from now on."""
    names = pass_.decisions.names
    route = pass_.decisions.routes.get(callback)
    needs = route is not None and route.kind is RouteKind.PAIR
    declared = f"{names.state_struct} *{names.variable} = "

    def parts(given: str) -> tuple[str, str]:
        owner = f"PyTuple_GET_ITEM((PyObject *){given}, 1)"
        state = f"{declared}{names.module_accessor}({owner});" if needs else ""
        return state, f"PyTuple_GET_ITEM((PyObject *){given}, 0)"

    take_apart(pass_, callback, parameter, parts, _group(pair), Stage.ISOLATED)
    if needs:
        at = body_start(pass_.parsed(callback.path).source.data, callback.body)
        static = f"\n    {declared}{names.global_accessor}();"
        pass_.replace(callback.path, at, at, static, _group(pair), Stage.ACCESS, Stage.ACCESS)


def _give(pass_: Pass, pair: Pair, gift: Gift) -> None:
    """Make the pair where the reference was taken; it is what the library owns."""
    path, function, taking = gift.call.path, gift.call.inside, gift.taking
    failure = failures(pass_, function)[1]
    if failure is None:
        text = f"{function.name} cannot tell its caller of a failure"
        pass_.refuse_node(Reason.ADDRESS_TAKEN, path, taking, text)
        return
    data, style = pass_.parsed(path).source.data, pass_.style(path)
    local = fresh_name("pair", data[slice(*function.body)])
    state = pass_.state_name(function, Stage.ISOLATED)
    line = style.newline + indent_at(data, taking.start).encode()
    made = [
        f"PyObject *{local} = PyTuple_Pack(2, {gift.data.str}, {state}->{OWN_MODULE});".encode(),
        f"if ({local} == NULL) {{".encode(),
        style.indent + f"return {failure};".encode(),
        b"}",
    ]
    group = _group(pair)
    pass_.replace(path, taking.start, taking.end, line.join(made), group, Stage.ISOLATED)
    for node in (gift.data, *gift.undoing):
        pass_.replace(path, node.start, node.end, local.encode(), group, Stage.ISOLATED)


RULE = Rule("callback-pair", __doc__, (85,), Stage.ISOLATED, Safety.REVIEW, run, EXAMPLES)
