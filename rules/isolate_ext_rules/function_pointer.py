"""Functions that the extension calls through pointers of its own.

What: where functions in a table, in struct members or in parameters need the module state, the
pointer's type, every function that is ever stored there and every call through it take the state
as their first parameter.

Why: all of these places are in sight, so the state can be passed on as between any two functions.

Declines when: a function of another library is stored there too, or the pointer is handed on to
where it is not seen.

Handbook patterns 79 and 98.
"""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.channels import IndirectCall
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import module
from isolate_ext_rules.state_access import add_parameter

TABLE = module(
    """
static PyObject *Error;

typedef struct {
    char code;
    int (*check)(int value);
} rule_t;

static int
positive(int value)
{
    if (value <= 0) {
        PyErr_SetString(Error, "not positive");
        return -1;
    }
    return 0;
}

static int
anything(int value)
{
    return 0;
}

static const rule_t rules[] = {
    {'p', positive},
    {'a', anything},
    {0, NULL},
};

static PyObject *
spam_check(PyObject *self, PyObject *args)
{
    const rule_t *rule;
    int code, value;
    if (!PyArg_ParseTuple(args, "Ci", &code, &value)) {
        return NULL;
    }
    for (rule = rules; rule->check != NULL; rule++) {
        if (rule->code == code && rule->check(value) < 0) {
            return NULL;
        }
    }
    Py_RETURN_NONE;
}
""",
    '{"check", spam_check, METH_VARARGS, NULL},',
    """Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (Error == NULL || PyModule_AddObject(m, "Error", Error) < 0) {
        return NULL;
    }""",
)
FOREIGN = TABLE.replace("{'a', anything},", "{'a', abs},")
EXAMPLES = (
    Rewrite(
        TABLE,
        (
            "int (*check)(spam_state *state, int value);",
            "rule->check(state, value)",
            "anything(spam_state *state, int value)",
        ),
    ),
    Refused(FOREIGN, Reason.ADDRESS_TAKEN),
)


def run(pass_: Pass) -> None:
    names = pass_.decisions.names
    for channel in pass_.decisions.channels:
        group = f"access:{min(channel.routines)}"
        for each in channel.signatures:
            typed = f"{names.state_struct} *{names.variable if each.named else ''}".rstrip()
            add_parameter(pass_, each.path, (each.start, each.end), typed, group)
        for call in channel.calls:
            _pass_state(pass_, call, group)


def _pass_state(pass_: Pass, call: IndirectCall, group: str) -> None:
    arguments = call.call.child("arguments")
    assert arguments is not None
    data = pass_.parsed(call.path).source.data
    state = pass_.state_name(call.inside, Stage.ACCESS)
    empty = not re.sub(rb"/\*.*?\*/", b"", data[arguments.start + 1 : arguments.end - 1]).strip()
    text = state if empty else f"{state}, "
    at = arguments.start + 1
    pass_.replace(call.path, at, at, text.encode(), group, Stage.ACCESS)


RULE = Rule("function-pointer", __doc__, (79, 98), Stage.ACCESS, Safety.SAFE, run, EXAMPLES)
