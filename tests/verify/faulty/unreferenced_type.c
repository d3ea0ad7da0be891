/* Vectors are made so often that a few dead ones are kept for the next. */
#include "isolated.h"

#define MOST_SPARES 8

typedef struct {
    PyTypeObject *Vector_Type;
    PyObject *spares[MOST_SPARES];
    int count;
} vector_state;

typedef struct {
    PyObject_HEAD
    double length;
} VectorObject;

static struct PyModuleDef module_definition;

static int
Vector_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

/* A spare vector keeps the reference to its type. */
static void
Vector_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject *module = module_of_type(type, &module_definition);
    vector_state *state = module == NULL ? NULL : PyModule_GetState(module);

    PyObject_GC_UnTrack(self);
    if (state != NULL && state->Vector_Type != NULL && state->count < MOST_SPARES) {
        state->spares[state->count++] = self;
#ifdef FAULTY
        Py_DECREF(type);
#endif
        return;
    }
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef Vector_members[] = {
    {"length", T_DOUBLE, offsetof(VectorObject, length), READONLY, NULL},
    {NULL}
};

static PyType_Slot Vector_slots[] = {
    {Py_tp_traverse, Vector_traverse},
    {Py_tp_dealloc, Vector_dealloc},
    {Py_tp_members, Vector_members},
    {0, NULL}
};

static PyType_Spec Vector_spec = {
    .name = "unreferenced_type.Vector",
    .basicsize = sizeof(VectorObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Vector_slots,
};

static PyObject *
vector(PyObject *module, PyObject *args)
{
    vector_state *state = PyModule_GetState(module);
    double length = 1.0;
    PyObject *made;

    if (!PyArg_ParseTuple(args, "|d:vector", &length)) {
        return NULL;
    }
    if (state->count > 0) {
        made = state->spares[--state->count];
        _Py_NewReference(made);
    }
    else {
        made = (PyObject *)PyObject_GC_New(VectorObject, state->Vector_Type);
        if (made == NULL) {
            return NULL;
        }
    }
    ((VectorObject *)made)->length = length;
    PyObject_GC_Track(made);
    return made;
}

static PyMethodDef module_methods[] = {
    {"vector", vector, METH_VARARGS, "A vector of that length."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    vector_state *state = PyModule_GetState(module);

    state->Vector_Type = make_type(module, &Vector_spec, NULL);
    if (state->Vector_Type == NULL) {
        return -1;
    }
    forbid_instances(state->Vector_Type);
    return 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    vector_state *state = PyModule_GetState(module);

    Py_VISIT(state->Vector_Type);
#ifndef FAULTY
    for (int i = 0; i < state->count; i++) {
        Py_VISIT(Py_TYPE(state->spares[i]));
    }
#endif
    return 0;
}

static int
module_clear(PyObject *module)
{
    vector_state *state = PyModule_GetState(module);
    PyTypeObject *type = state->Vector_Type;

    state->Vector_Type = NULL;
    while (state->count > 0) {
        PyObject_GC_Del(state->spares[--state->count]);
#ifndef FAULTY
        Py_DECREF(type);
#endif
    }
    Py_XDECREF(type);
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
    PyModuleDef_HEAD_INIT, "unreferenced_type", NULL, sizeof(vector_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_unreferenced_type(void)
{
    return PyModuleDef_Init(&module_definition);
}
