/* Names are looked up in a list of those that were seen. */
#include "isolated.h"

typedef struct {
    PyObject *seen;
} names_state;

#ifdef FAULTY
static PyObject *seen;
#endif

/* The list of names that were seen: borrowed, or NULL with an exception. */
static PyObject *
seen_of(PyObject *module)
{
#ifdef FAULTY
    PyObject **place = &seen;
#else
    PyObject **place = &((names_state *)PyModule_GetState(module))->seen;
#endif

    if (*place == NULL) {
        *place = PyDict_New();
    }
    return *place;
}

static PyObject *
number_of(PyObject *module, PyObject *name)
{
    PyObject *list = seen_of(module), *number;

    if (list == NULL || !PyUnicode_Check(name)) {
        if (list != NULL) {
            PyErr_SetString(PyExc_TypeError, "a name is a str");
        }
        return NULL;
    }
    number = PyDict_GetItemWithError(list, name);
    if (number != NULL) {
        Py_INCREF(number);
        return number;
    }
    if (PyErr_Occurred()) {
        return NULL;
    }
    number = PyLong_FromSsize_t(1000 + PyDict_GET_SIZE(list));
    if (number != NULL && PyDict_SetItem(list, name, number) < 0) {
        Py_CLEAR(number);
    }
    return number;
}

static PyObject *
table(PyObject *module, PyObject *ignored)
{
    PyObject *list = seen_of(module);

    Py_XINCREF(list);
    return list;
}

static PyMethodDef module_methods[] = {
    {"number_of", number_of, METH_O, "The number of a name."},
    {"table", table, METH_NOARGS, "All names with their numbers."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    return PyModule_AddIntConstant(module, "FIRST", 1000);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    names_state *state = PyModule_GetState(module);

    Py_VISIT(state->seen);
    return 0;
}

static int
module_clear(PyObject *module)
{
    names_state *state = PyModule_GetState(module);

    Py_CLEAR(state->seen);
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
    PyModuleDef_HEAD_INIT, "shared_object", NULL, sizeof(names_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_shared_object(void)
{
    return PyModuleDef_Init(&module_definition);
}
