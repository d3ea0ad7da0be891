/* A seal belongs to this process: it must not be pickled. */
#include "isolated.h"

typedef struct {
    PyTypeObject *Seal_Type;
} seal_state;

typedef struct {
    PyObject_HEAD
    long secret;
} SealObject;

static int
Seal_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Seal_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

#ifndef FAULTY
static PyObject *
Seal_reduce(PyObject *self, PyObject *ignored)
{
    PyErr_Format(PyExc_TypeError, "cannot pickle '%s' object", "Seal");
    return NULL;
}
#endif

static PyObject *
Seal_check(SealObject *self, PyObject *ignored)
{
    return PyBool_FromLong(self->secret == 42);
}

static PyMethodDef Seal_methods[] = {
    {"check", (PyCFunction)Seal_check, METH_NOARGS, "Whether it is genuine."},
#ifndef FAULTY
    {"__reduce__", Seal_reduce, METH_NOARGS, NULL},
#endif
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Seal_slots[] = {
    {Py_tp_traverse, Seal_traverse},
    {Py_tp_dealloc, Seal_dealloc},
    {Py_tp_methods, Seal_methods},
    {0, NULL}
};

static PyType_Spec Seal_spec = {
    .name = "silent_pickle.Seal",
    .basicsize = sizeof(SealObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Seal_slots,
};

static PyObject *
seal(PyObject *module, PyObject *ignored)
{
    seal_state *state = PyModule_GetState(module);
    SealObject *made = PyObject_GC_New(SealObject, state->Seal_Type);

    if (made != NULL) {
        made->secret = 42;
        PyObject_GC_Track(made);
    }
    return (PyObject *)made;
}

static PyMethodDef module_methods[] = {
    {"seal", seal, METH_NOARGS, "A genuine seal."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    seal_state *state = PyModule_GetState(module);

    state->Seal_Type = make_type(module, &Seal_spec, NULL);
    return state->Seal_Type == NULL ? -1 : 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    seal_state *state = PyModule_GetState(module);

    Py_VISIT(state->Seal_Type);
    return 0;
}

static int
module_clear(PyObject *module)
{
    seal_state *state = PyModule_GetState(module);

    Py_CLEAR(state->Seal_Type);
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
    PyModuleDef_HEAD_INIT, "silent_pickle", NULL, sizeof(seal_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_silent_pickle(void)
{
    return PyModuleDef_Init(&module_definition);
}
