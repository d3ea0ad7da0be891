/* Errors of a parser, one derived from the other. */
#include "isolated.h"

/* Exports an error class; a borrowed reference, or NULL with an exception. */
static PyObject *
add_error(PyObject *module, const char *name, const char *attribute, PyObject *base)
{
    PyObject *error = PyErr_NewException(name, base, NULL);

    if (error == NULL) {
        return NULL;
    }
#ifdef FAULTY
    Py_INCREF(error);
    if (PyModule_AddObject(module, attribute, error) < 0) {
        return NULL;
    }
    Py_DECREF(error);
#else
    if (PyModule_AddObject(module, attribute, error) < 0) {
        Py_DECREF(error);
        return NULL;
    }
#endif
    return error;
}

static int
module_exec(PyObject *module)
{
    PyObject *error = add_error(module, "exec_leaked_type.Error", "Error", NULL);

    if (error == NULL) {
        return -1;
    }
    return add_error(module, "exec_leaked_type.Late", "Late", error) == NULL ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "exec_leaked_type", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_exec_leaked_type(void)
{
    return PyModuleDef_Init(&module_definition);
}
