/* Walks the words of a text; the module counts all that it saw. */
#include "isolated.h"

#include <string.h>

typedef struct {
    Py_ssize_t seen;
} words_state;

typedef void (*word_visitor)(const char *word, size_t length, void *data);

static struct PyModuleDef module_definition;

static void
each_word(const char *text, word_visitor visitor, void *data)
{
    while (*text != '\0') {
        size_t length = strcspn(text, " ");

        if (length > 0) {
            visitor(text, length, data);
        }
        text += length;
        text += strspn(text, " ");
    }
}

static void
count_word(const char *word, size_t length, void *data)
{
#ifdef FAULTY
    words_state *state = PyModule_GetState(PyState_FindModule(&module_definition));
#else
    words_state *state = data;
#endif

    state->seen++;
}

static PyObject *
count(PyObject *module, PyObject *text)
{
    words_state *state = PyModule_GetState(module);
    const char *bytes = PyUnicode_AsUTF8(text);

    if (bytes == NULL) {
        return NULL;
    }
    each_word(bytes, count_word, state);
    return PyLong_FromSsize_t(state->seen);
}

static PyMethodDef module_methods[] = {
    {"count", count, METH_O, "Count the words of a text."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    return PyModule_AddIntConstant(module, "LONGEST", 255);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "find_module", .m_size = sizeof(words_state),
    .m_methods = module_methods, .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_find_module(void)
{
    return PyModuleDef_Init(&module_definition);
}
