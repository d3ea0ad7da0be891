/* Answers from a table of words that each copy of the module has. */
#include "isolated.h"

typedef struct {
    PyObject *words;
    PyObject *separator;
} answers_state;

static PyObject *
answer(PyObject *module, PyObject *word)
{
    answers_state *state = PyModule_GetState(module);
    int known = PyDict_Contains(state->words, word);

    return known < 0 ? NULL : PyBool_FromLong(known);
}

static PyMethodDef module_methods[] = {
    {"answer", answer, METH_O, "Whether it is a word."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    answers_state *state = PyModule_GetState(module);

    state->separator = PyUnicode_FromString("a separator of words");
    state->words = PyDict_New();
    if (state->separator == NULL || state->words == NULL) {
        return -1;
    }
    return PyDict_SetItem(state->words, state->separator, Py_None);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    answers_state *state = PyModule_GetState(module);

    Py_VISIT(state->words);
    Py_VISIT(state->separator);
    return 0;
}

static int
module_clear(PyObject *module)
{
    answers_state *state = PyModule_GetState(module);

    Py_CLEAR(state->words);
#ifndef FAULTY
    Py_CLEAR(state->separator);
#endif
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
    PyModuleDef_HEAD_INIT, "uncleared_member", NULL, sizeof(answers_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_uncleared_member(void)
{
    return PyModuleDef_Init(&module_definition);
}
