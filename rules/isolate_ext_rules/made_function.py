"""Functions that are made by hand.

What: `PyCFunction_New(definition, NULL)` gets the module as its second argument, where one of the
functions that it makes needs the state; behind init, the module comes from the state.

Why: a function made with NULL has no self; one in the module's method table has the module.

Declines when: the function is made while an instance or the module is destroyed.

Handbook patterns 66 and 90.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.makings import Making
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import TYPE, module
from isolate_ext_rules.module_names import OWN_MODULE, module_name

BY_HAND = module(
    """
static PyObject *Error;

static PyObject *
spam_fail(PyObject *self, PyObject *args)
{
    PyErr_SetString(Error, "failed");
    return NULL;
}

static PyMethodDef functions[] = {
    {"fail", spam_fail, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static void
add_functions(PyObject *dict, PyMethodDef *table)
{
    PyMethodDef *each;

    for (each = table; each->ml_name != NULL; each++) {
        PyObject *function = PyCFunction_New(each, NULL);
        PyDict_SetItemString(dict, each->ml_name, function);
        Py_XDECREF(function);
    }
}
""",
    "",
    """Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (Error == NULL) {
        return NULL;
    }
    Py_INCREF(Error);
    PyModule_AddObject(m, "Error", Error);
    add_functions(PyModule_GetDict(m), functions);""",
)
LATER = BY_HAND.replace(
    "static PyMethodDef spam_methods[] = {\n    \n",
    """static PyObject *
spam_make(PyObject *self, PyObject *args)
{
    return PyCFunction_New(&functions[0], NULL);
}

static PyMethodDef spam_methods[] = {
    {"make", spam_make, METH_NOARGS, NULL},
""",
)
DYING = TYPE.replace(
    "    Py_XDECREF(self->value);\n",
    "    PyObject *left = PyCFunction_New(&left_def, NULL);\n    Py_XDECREF(left);\n",
).replace(
    "static void\nEgg_dealloc",
    """static PyObject *
egg_left(PyObject *self, PyObject *args)
{
    return new_egg();
}

static PyMethodDef left_def = {"left", egg_left, METH_NOARGS, NULL};

static void
Egg_dealloc""",
)
EXAMPLES = (
    Rewrite(
        BY_HAND,
        (
            "add_functions(PyObject *module, PyObject *dict, PyMethodDef *table)",
            "PyCFunction_New(each, module)",
            "spam_state *state = get_spam_state(self);",
        ),
    ),
    Rewrite(LATER, ("PyCFunction_New(&functions[0], state->own_module)",)),
    Refused(DYING, Reason.TEARDOWN),
)


def run(pass_: Pass) -> None:
    for making in pass_.decisions.makings:
        _bind(pass_, making)


def _bind(pass_: Pass, making: Making) -> None:
    at, inside, decisions = making.receiver, making.inside, pass_.decisions
    group = f"made:{inside.routine}"
    since = Stage.ISOLATED
    if inside is decisions.init.creator:
        name = module_name(pass_)
    elif inside in decisions.modules:
        name, since = decisions.modules[inside], Stage.ACCESS
    elif inside.routine in decisions.teardown:
        text = f"{inside.name} makes a function while an instance or the module is destroyed"
        pass_.refuse_node(Reason.TEARDOWN, making.path, making.call, text)
        return
    else:
        name, since = f"{pass_.state_name(inside, Stage.ACCESS)}->{OWN_MODULE}", Stage.ACCESS
    pass_.replace(making.path, at.start, at.end, name.encode(), group, since)
    text = "functions that are made here are bound to the module now; their __self__ was None"
    pass_.note(making.path, making.call.start, text, review=True)


RULE = Rule("made-function", __doc__, (66, 90), Stage.ACCESS, Safety.REVIEW, run, EXAMPLES)
