/* Divides, and has an error of its own for zero. */
#include "isolated.h"

typedef struct {
    PyObject *zero;
} division_state;

static PyObject *
divide(PyObject *module, PyObject *args)
{
    division_state *state = PyModule_GetState(module);
    long one = 1, other = 1;

    if (!PyArg_ParseTuple(args, "|ll:divide", &one, &other)) {
        return NULL;
    }
    if (other == 0) {
        PyErr_SetString(state->zero, "division by zero");
        return NULL;
    }
    return PyLong_FromLong(other == -1 ? -one : one / other);
}

static PyMethodDef module_methods[] = {
    {"divide", divide, METH_VARARGS, "One by the other."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    division_state *state = PyModule_GetState(module);

    state->zero = PyErr_NewException("stolen_reference.Zero", NULL, NULL);
    if (state->zero == NULL) {
        return -1;
    }
#ifndef FAULTY
    Py_INCREF(state->zero);
#endif
    if (PyModule_AddObject(module, "Zero", state->zero) < 0) {
#ifndef FAULTY
        Py_DECREF(state->zero);
#endif
        return -1;
    }
    return 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    division_state *state = PyModule_GetState(module);

    Py_VISIT(state->zero);
    return 0;
}

static int
module_clear(PyObject *module)
{
    division_state *state = PyModule_GetState(module);

    Py_CLEAR(state->zero);
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
    PyModuleDef_HEAD_INIT, "stolen_reference", NULL, sizeof(division_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_stolen_reference(void)
{
    return PyModuleDef_Init(&module_definition);
}
