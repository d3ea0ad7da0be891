/* Keeps what to call when something happens: a function of its own, and one of the user's. */
#include "isolated.h"

typedef struct {
    PyObject *hooks;
    PyObject *kinds;
} hooks_state;

static PyObject *
set_hook(PyObject *module, PyObject *hook)
{
    hooks_state *state = PyModule_GetState(module);

    if (!PyCallable_Check(hook)) {
        PyErr_SetString(PyExc_TypeError, "a hook must be callable");
        return NULL;
    }
    Py_INCREF(hook);
    if (PyList_SetItem(state->hooks, 1, hook) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef module_methods[] = {
    {"set_hook", set_hook, METH_O, "Call that as well."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    hooks_state *state = PyModule_GetState(module);
    PyObject *own;
    int result;

    state->hooks = PyList_New(0);
    state->kinds = PyDict_New();
    if (state->hooks == NULL || state->kinds == NULL) {
        return -1;
    }
    own = PyObject_GetAttrString(module, "set_hook");
    if (own == NULL) {
        return -1;
    }
    result = PyList_Append(state->hooks, own);
    Py_DECREF(own);
    return result < 0 ? -1 : PyList_Append(state->hooks, Py_None);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    hooks_state *state = PyModule_GetState(module);

#ifndef FAULTY
    Py_VISIT(state->hooks);
#endif
    Py_VISIT(state->kinds);
    return 0;
}

static int
module_clear(PyObject *module)
{
    hooks_state *state = PyModule_GetState(module);

    Py_CLEAR(state->hooks);
    Py_CLEAR(state->kinds);
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
    PyModuleDef_HEAD_INIT, "unvisited_member", NULL, sizeof(hooks_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_unvisited_member(void)
{
    return PyModuleDef_Init(&module_definition);
}
