/* Watches are listed by name as long as they live. */
#include "isolated.h"

typedef struct {
    PyTypeObject *Watch_Type;
    PyObject *names;
} watch_state;

typedef struct {
    PyObject_HEAD
    PyObject *name;
    PyObject *module;
    watch_state *state;
} WatchObject;

static int
Watch_traverse(WatchObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
#ifndef FAULTY
    Py_VISIT(self->module);
#endif
    Py_VISIT(self->name);
    return 0;
}

/* The list is gone before the watch is, where both die together. */
static int
Watch_clear(WatchObject *self)
{
    if (self->name != NULL && self->state->names != NULL) {
        if (PySet_Discard(self->state->names, self->name) < 0) {
            PyErr_WriteUnraisable((PyObject *)self);
        }
    }
    Py_CLEAR(self->name);
#ifndef FAULTY
    Py_CLEAR(self->module);
#endif
    return 0;
}

static void
Watch_dealloc(WatchObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    (void)Watch_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot Watch_slots[] = {
    {Py_tp_traverse, Watch_traverse},
    {Py_tp_dealloc, Watch_dealloc},
    {Py_tp_clear, Watch_clear},
    {0, NULL}
};

static PyType_Spec Watch_spec = {
    .name = "state_in_clear.Watch",
    .basicsize = sizeof(WatchObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Watch_slots,
};

static PyObject *
watch(PyObject *module, PyObject *name)
{
    watch_state *state = PyModule_GetState(module);
    WatchObject *made;

    if (!PyUnicode_Check(name)) {
        PyErr_SetString(PyExc_TypeError, "a watch is named by a str");
        return NULL;
    }
    if (PySet_Add(state->names, name) < 0) {
        return NULL;
    }
    made = PyObject_GC_New(WatchObject, state->Watch_Type);
    if (made == NULL) {
        return NULL;
    }
    Py_INCREF(name);
    made->name = name;
    made->state = state;
#ifndef FAULTY
    Py_INCREF(module);
    made->module = module;
#endif
    PyObject_GC_Track(made);
    return (PyObject *)made;
}

static PyObject *
names(PyObject *module, PyObject *ignored)
{
    return PySequence_List(((watch_state *)PyModule_GetState(module))->names);
}

static PyMethodDef module_methods[] = {
    {"watch", watch, METH_O, "A watch of that name."},
    {"names", names, METH_NOARGS, "The names of the watches that live."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    watch_state *state = PyModule_GetState(module);

    state->names = PySet_New(NULL);
    if (state->names == NULL) {
        return -1;
    }
    state->Watch_Type = make_type(module, &Watch_spec, NULL);
    if (state->Watch_Type == NULL) {
        return -1;
    }
    forbid_instances(state->Watch_Type);
    return 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    watch_state *state = PyModule_GetState(module);

    Py_VISIT(state->Watch_Type);
    Py_VISIT(state->names);
    return 0;
}

static int
module_clear(PyObject *module)
{
    watch_state *state = PyModule_GetState(module);

    Py_CLEAR(state->Watch_Type);
    Py_CLEAR(state->names);
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
    PyModuleDef_HEAD_INIT, "state_in_clear", NULL, sizeof(watch_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_state_in_clear(void)
{
    return PyModuleDef_Init(&module_definition);
}
