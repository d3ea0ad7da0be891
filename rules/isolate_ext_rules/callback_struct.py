"""Callbacks that get a struct of the extension's own back.

What: the struct gets a member for the state; where the callback is put into the struct, or handed
to a library together with it, the member is filled in, and the callback reads it.

Why: a library hands its callbacks one pointer, and no parameter of theirs leads to a module. What
the pointer leads to is the extension's own, and the code that makes it knows the state.

Declines when: the struct may outlive the module: it is neither a local of the call nor part of an
instance, or a library is called while the instance is destroyed.

Handbook patterns 85 and 99.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import module
from isolate_ext_rules.own_struct import add_member, fetch, fill, fresh_member

READER = module(
    """
typedef struct source {
    int (*read)(struct source *from, int count);
} source;

extern int library_copy(source *from);

typedef struct {
    source base;
    PyObject *file;
} python_source;

static PyObject *Error;

static int
python_read(source *from, int count)
{
    python_source *self = (python_source *)from;
    PyObject *data = PyObject_CallFunction(self->file, "i", count);
    if (data == NULL) {
        PyErr_SetString(Error, "cannot read");
        return -1;
    }
    Py_DECREF(data);
    return 0;
}

static void
init_source(python_source *self, PyObject *file)
{
    self->base.read = python_read;
    self->file = file;
}

static PyObject *
spam_copy(PyObject *module, PyObject *file)
{
    python_source from;
    init_source(&from, file);
    if (library_copy(&from.base) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}
""",
    '{"copy", spam_copy, METH_O, NULL},',
    """Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (Error == NULL) {
        return NULL;
    }
    Py_INCREF(Error);
    PyModule_AddObject(m, "Error", Error);""",
)
KEPT = (
    READER.replace("python_source from;", "python_source *from = PyMem_New(python_source, 1);")
    .replace("&from", "from")
    .replace("from.base", "&from->base")
)
EXAMPLES = (
    Rewrite(
        READER,
        (
            "    PyObject *file;\n    spam_state *state;\n} python_source;",
            "self->base.read = python_read;\n    self->state = state;",
            "init_source(state, &from, file);",
            "    spam_state *state = self->state;\n    PyObject *data",
        ),
    ),
    Refused(KEPT, Reason.ADDRESS_TAKEN),
)


def run(pass_: Pass) -> None:
    names = pass_.decisions.names
    for context in pass_.decisions.contexts:
        struct, group = context.struct, f"context:{context.struct.path}:{context.struct.start}"
        member = fresh_member(struct, names.variable)
        declaration = f"{names.state_struct} *{member}"
        add_member(pass_, struct, declaration, group, Stage.ACCESS)
        for filling in context.fillings:
            state = pass_.state_name(filling.inside, Stage.ACCESS)
            fill(pass_, filling, f"{filling.owner}{member} = {state};", group, Stage.ACCESS)
        line = f"{names.state_struct} *{names.variable} = {context.source}{member};"
        fetch(pass_, context, line, group, Stage.ACCESS)


RULE = Rule("callback-struct", __doc__, (85, 99), Stage.ACCESS, Safety.REVIEW, run, EXAMPLES)
