/* A terminal belongs to the process.

   Whoever loads it a second time is refused (GUARDED) or gets a terminal that is closed. */
#include "isolated.h"

typedef struct {
    int open;
} terminal_state;

#ifdef FAULTY
static int loaded;
#endif
#ifdef GUARDED
static PyObject *loaded_module;
#endif

static PyObject *
columns(PyObject *module, PyObject *ignored)
{
    terminal_state *state = PyModule_GetState(module);

    return PyLong_FromLong(state->open ? 80 : 0);
}

static PyMethodDef module_methods[] = {
    {"columns", columns, METH_NOARGS, "How wide the terminal is."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
#ifdef FAULTY
    if (loaded) {
        PyErr_SetString(PyExc_ImportError, "the terminal is in use");
        return -1;
    }
    loaded = 1;
#endif
#ifdef GUARDED
    if (loaded_module != NULL) {
        PyErr_SetString(PyExc_ImportError, "the terminal is in use");
        return -1;
    }
    loaded_module = module;
#endif
    ((terminal_state *)PyModule_GetState(module))->open = 1;
    return 0;
}

static void
module_free(void *module)
{
#ifdef FAULTY
    loaded = 0;
#endif
#ifdef GUARDED
    if (loaded_module == module) {
        loaded_module = NULL;
    }
#endif
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "load_once", .m_size = sizeof(terminal_state),
    .m_methods = module_methods, .m_slots = module_slots, .m_free = module_free,
};

PyMODINIT_FUNC
PyInit_load_once(void)
{
    return PyModuleDef_Init(&module_definition);
}
