/* A stamp, and the error for one that is used up. */
#include "isolated.h"

typedef struct {
    PyTypeObject *Stamp_Type;
    PyObject *error;
} stamp_state;

typedef struct {
    PyObject_HEAD
    int used;
} StampObject;

static int
Stamp_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Stamp_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef Stamp_members[] = {
    {"used", T_INT, offsetof(StampObject, used), 0, NULL},
    {NULL}
};

static PyType_Slot Stamp_slots[] = {
    {Py_tp_traverse, Stamp_traverse},
    {Py_tp_dealloc, Stamp_dealloc},
    {Py_tp_members, Stamp_members},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Stamp_spec = {
    .name = "exec_double_release.Stamp",
    .basicsize = sizeof(StampObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Stamp_slots,
};

static int
module_exec(PyObject *module)
{
    stamp_state *state = PyModule_GetState(module);

    state->Stamp_Type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &Stamp_spec, NULL);
    if (state->Stamp_Type == NULL) {
        return -1;
    }
    if (PyModule_AddType(module, state->Stamp_Type) < 0) {
#ifdef FAULTY
        Py_DECREF(state->Stamp_Type);
#endif
        return -1;
    }
    state->error = PyErr_NewException("exec_double_release.Used", NULL, NULL);
    if (state->error == NULL) {
#ifdef FAULTY
        Py_DECREF(state->Stamp_Type);
#endif
        return -1;
    }
    return PyModule_AddType(module, (PyTypeObject *)state->error);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    stamp_state *state = PyModule_GetState(module);

    Py_VISIT(state->Stamp_Type);
    Py_VISIT(state->error);
    return 0;
}

static int
module_clear(PyObject *module)
{
    stamp_state *state = PyModule_GetState(module);

    Py_CLEAR(state->Stamp_Type);
    Py_CLEAR(state->error);
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
    PyModuleDef_HEAD_INIT, "exec_double_release", NULL, sizeof(stamp_state), NULL,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_exec_double_release(void)
{
    return PyModuleDef_Init(&module_definition);
}
