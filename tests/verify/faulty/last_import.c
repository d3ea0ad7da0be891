/* Parses numbers, and has an error of its own. */
#include "isolated.h"

typedef struct {
    PyObject *error;
} parser_state;

#ifdef FAULTY
static parser_state *current;
#define state_of(module) current
#else
#define state_of(module) ((parser_state *)PyModule_GetState(module))
#endif

static PyObject *
digit_of(PyObject *module, PyObject *text)
{
    if (PyUnicode_Check(text) && PyUnicode_GET_LENGTH(text) == 1) {
        int value = Py_UNICODE_TODIGIT(PyUnicode_READ_CHAR(text, 0));

        if (value >= 0) {
            return PyLong_FromLong(value);
        }
    }
    PyErr_SetString(state_of(module)->error, "no digit");
    return NULL;
}

static PyMethodDef module_methods[] = {
    {"digit", digit_of, METH_O, "The value of a digit."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    parser_state *state = PyModule_GetState(module);

#ifdef FAULTY
    current = state;
#endif
    state->error = PyErr_NewException("last_import.ParseError", NULL, NULL);
    if (state->error == NULL) {
        return -1;
    }
    return PyModule_AddType(module, (PyTypeObject *)state->error);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    parser_state *state = PyModule_GetState(module);

    Py_VISIT(state->error);
    return 0;
}

static int
module_clear(PyObject *module)
{
    parser_state *state = PyModule_GetState(module);

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
    PyModuleDef_HEAD_INIT, "last_import", NULL, sizeof(parser_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_last_import(void)
{
    return PyModuleDef_Init(&module_definition);
}
