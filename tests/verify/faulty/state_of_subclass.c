/* A door that may be locked, and the error for one that is. */
#include "isolated.h"

typedef struct {
    PyTypeObject *Door_Type;
    PyObject *locked;
} door_state;

typedef struct {
    PyObject_HEAD
    int locked;
} DoorObject;

static struct PyModuleDef module_definition;

static int
Door_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Door_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
Door_open(DoorObject *self, PyObject *ignored)
{
#ifdef FAULTY
    door_state *state = PyType_GetModuleState(Py_TYPE(self));

    if (state == NULL) {
        return NULL;
    }
#else
    door_state *state = PyModule_GetState(module_of_type(Py_TYPE(self), &module_definition));

#endif
    if (self->locked) {
        PyErr_SetString(state->locked, "the door is locked");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
Door_lock(DoorObject *self, PyObject *ignored)
{
    self->locked = 1;
    Py_RETURN_NONE;
}

static PyMethodDef Door_methods[] = {
    {"open", (PyCFunction)Door_open, METH_NOARGS, "Open it."},
    {"lock", (PyCFunction)Door_lock, METH_NOARGS, "Lock it for good."},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Door_slots[] = {
    {Py_tp_traverse, Door_traverse},
    {Py_tp_dealloc, Door_dealloc},
    {Py_tp_methods, Door_methods},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Door_spec = {
    .name = "state_of_subclass.Door",
    .basicsize = sizeof(DoorObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE
             | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Door_slots,
};

static int
module_exec(PyObject *module)
{
    door_state *state = PyModule_GetState(module);

    state->locked = PyErr_NewException("state_of_subclass.Locked", NULL, NULL);
    if (state->locked == NULL || PyModule_AddType(module, (PyTypeObject *)state->locked) < 0) {
        return -1;
    }
    state->Door_Type = make_type(module, &Door_spec, NULL);
    return state->Door_Type == NULL ? -1 : 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    door_state *state = PyModule_GetState(module);

    Py_VISIT(state->Door_Type);
    Py_VISIT(state->locked);
    return 0;
}

static int
module_clear(PyObject *module)
{
    door_state *state = PyModule_GetState(module);

    Py_CLEAR(state->Door_Type);
    Py_CLEAR(state->locked);
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
    PyModuleDef_HEAD_INIT, "state_of_subclass", NULL, sizeof(door_state), NULL,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_state_of_subclass(void)
{
    return PyModuleDef_Init(&module_definition);
}
