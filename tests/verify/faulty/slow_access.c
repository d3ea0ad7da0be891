/* A clock shows the hour of a zone that the module knows. */
#include "isolated.h"

typedef struct {
    PyObject *zone;
} clock_state;

typedef struct {
    PyObject_HEAD
    long hour;
} ClockObject;

static struct PyModuleDef module_definition;

static int
Clock_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Clock_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static clock_state *
state_of(PyObject *self)
{
#ifdef FAULTY
    PyObject *module = PyImport_ImportModule("slow_access");

    if (module == NULL) {
        return NULL;
    }
    Py_DECREF(module);
    return PyModule_GetState(module);
#else
    return PyModule_GetState(module_of_type(Py_TYPE(self), &module_definition));
#endif
}

static PyObject *
Clock_zone(PyObject *self, PyObject *ignored)
{
    clock_state *state = state_of(self);

    if (state == NULL) {
        return NULL;
    }
    Py_XINCREF(state->zone);
    return state->zone;
}

static PyMethodDef Clock_methods[] = {
    {"zone", Clock_zone, METH_NOARGS, "Its zone."},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Clock_slots[] = {
    {Py_tp_traverse, Clock_traverse},
    {Py_tp_dealloc, Clock_dealloc},
    {Py_tp_methods, Clock_methods},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Clock_spec = {
    .name = "slow_access.Clock",
    .basicsize = sizeof(ClockObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Clock_slots,
};

static int
module_exec(PyObject *module)
{
    clock_state *state = PyModule_GetState(module);

    state->zone = PyUnicode_FromString("UTC");
    return state->zone == NULL ? -1 : export_type(module, &Clock_spec);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    clock_state *state = PyModule_GetState(module);

    Py_VISIT(state->zone);
    return 0;
}

static int
module_clear(PyObject *module)
{
    clock_state *state = PyModule_GetState(module);

    Py_CLEAR(state->zone);
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
    PyModuleDef_HEAD_INIT, "slow_access", NULL, sizeof(clock_state), NULL,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_slow_access(void)
{
    return PyModuleDef_Init(&module_definition);
}
