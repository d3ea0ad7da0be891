/* Chains of links, which end in a link that the module keeps. */
#include "isolated.h"

#include <string.h>

typedef struct {
    PyTypeObject *Link_Type;
    PyObject *end;
} chain_state;

typedef struct {
    PyObject_HEAD
    PyObject *next;
} LinkObject;

static int
Link_traverse(LinkObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->next);
    return 0;
}

static int
Link_clear(LinkObject *self)
{
    Py_CLEAR(self->next);
    return 0;
}

static void
Link_dealloc(LinkObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    (void)Link_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot Link_slots[] = {
    {Py_tp_traverse, Link_traverse},
    {Py_tp_dealloc, Link_dealloc},
    {Py_tp_clear, Link_clear},
    {0, NULL}
};

static PyType_Spec Link_spec = {
    .name = "foreign_instance.Link",
    .basicsize = sizeof(LinkObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Link_slots,
};

static PyObject *
new_link(PyTypeObject *type, PyObject *next)
{
    LinkObject *link = PyObject_GC_New(LinkObject, type);

    if (link == NULL) {
        return NULL;
    }
    Py_XINCREF(next);
    link->next = next;
    PyObject_GC_Track(link);
    return (PyObject *)link;
}

static PyObject *
chain(PyObject *module, PyObject *ignored)
{
    chain_state *state = PyModule_GetState(module);

    return new_link(state->Link_Type, state->end);
}

static int
is_link(chain_state *state, PyObject *object)
{
#ifdef FAULTY
    return strcmp(Py_TYPE(object)->tp_name, Link_spec.name) == 0;
#else
    return Py_IS_TYPE(object, state->Link_Type);
#endif
}

static PyObject *
length(PyObject *module, PyObject *link)
{
    chain_state *state = PyModule_GetState(module);
    Py_ssize_t count = 0;

    if (!is_link(state, link)) {
        PyErr_SetString(PyExc_TypeError, "only a chain has a length");
        return NULL;
    }
    while (link != state->end) {
        link = ((LinkObject *)link)->next;
        count++;
    }
    return PyLong_FromSsize_t(count);
}

static PyMethodDef module_methods[] = {
    {"chain", chain, METH_NOARGS, "A chain of one link."},
    {"length", length, METH_O, "How many links a chain has."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    chain_state *state = PyModule_GetState(module);

    state->Link_Type = make_type(module, &Link_spec, NULL);
    if (state->Link_Type == NULL) {
        return -1;
    }
    forbid_instances(state->Link_Type);
    state->end = new_link(state->Link_Type, NULL);
    return state->end == NULL ? -1 : 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    chain_state *state = PyModule_GetState(module);

    Py_VISIT(state->Link_Type);
    Py_VISIT(state->end);
    return 0;
}

static int
module_clear(PyObject *module)
{
    chain_state *state = PyModule_GetState(module);

    Py_CLEAR(state->Link_Type);
    Py_CLEAR(state->end);
    return 0;
}

static void
module_free(void *module)
{
    (void)module_clear(module);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, "foreign_instance", NULL, sizeof(chain_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_foreign_instance(void)
{
    return PyModuleDef_Init(&module_definition);
}
