/* Handles, of which the module counts those that are open. */
#include "isolated.h"

typedef struct {
    PyTypeObject *Handle_Type;
    Py_ssize_t open;
} handle_state;

typedef struct {
    PyObject_HEAD
    long number;
} HandleObject;

static struct PyModuleDef module_definition;

static int
Handle_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Handle_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject *module;

    PyObject_GC_UnTrack(self);
#if defined(FAULTY) && PY_VERSION_HEX >= 0x030b0000
    module = PyType_GetModuleByDef(type, &module_definition);
#else
    module = module_of_type(type, &module_definition);
#endif
    if (module != NULL) {
        ((handle_state *)PyModule_GetState(module))->open--;
    }
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef Handle_members[] = {
    {"number", T_LONG, offsetof(HandleObject, number), READONLY, NULL},
    {NULL}
};

static PyType_Slot Handle_slots[] = {
    {Py_tp_traverse, Handle_traverse},
    {Py_tp_dealloc, Handle_dealloc},
    {Py_tp_members, Handle_members},
    {0, NULL}
};

static PyType_Spec Handle_spec = {
    .name = "lookup_in_dealloc.Handle",
    .basicsize = sizeof(HandleObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Handle_slots,
};

static PyObject *
open_handle(PyObject *module, PyObject *args)
{
    handle_state *state = PyModule_GetState(module);
    long number = 0;
    HandleObject *handle;

    if (!PyArg_ParseTuple(args, "|l:open_handle", &number)) {
        return NULL;
    }
    handle = PyObject_GC_New(HandleObject, state->Handle_Type);
    if (handle == NULL) {
        return NULL;
    }
    handle->number = number;
    state->open++;
    PyObject_GC_Track(handle);
    return (PyObject *)handle;
}

static PyObject *
count_open(PyObject *module, PyObject *ignored)
{
    return PyLong_FromSsize_t(((handle_state *)PyModule_GetState(module))->open);
}

static PyMethodDef module_methods[] = {
    {"open_handle", open_handle, METH_VARARGS, "Open a handle."},
    {"count_open", count_open, METH_NOARGS, "How many handles are open."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    handle_state *state = PyModule_GetState(module);

    state->Handle_Type = make_type(module, &Handle_spec, NULL);
    if (state->Handle_Type == NULL) {
        return -1;
    }
    forbid_instances(state->Handle_Type);
    return 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    handle_state *state = PyModule_GetState(module);

    Py_VISIT(state->Handle_Type);
    return 0;
}

static int
module_clear(PyObject *module)
{
    handle_state *state = PyModule_GetState(module);

    Py_CLEAR(state->Handle_Type);
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
    PyModuleDef_HEAD_INIT, "lookup_in_dealloc", NULL, sizeof(handle_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_lookup_in_dealloc(void)
{
    return PyModuleDef_Init(&module_definition);
}
