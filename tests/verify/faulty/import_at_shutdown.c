/* A badge shows the title that the module has for all of them. */
#include "isolated.h"

typedef struct {
    PyObject *title;
} badge_state;

typedef struct {
    PyObject_HEAD
    long number;
} BadgeObject;

static struct PyModuleDef module_definition;

static int
Badge_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Badge_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
Badge_title(PyObject *self, PyObject *ignored)
{
#ifdef FAULTY
    PyObject *module = PyImport_ImportModule("import_at_shutdown"), *title;

    if (module == NULL) {
        return NULL;
    }
    title = ((badge_state *)PyModule_GetState(module))->title;
    Py_DECREF(module);
#else
    PyObject *module = module_of_type(Py_TYPE(self), &module_definition);
    PyObject *title = ((badge_state *)PyModule_GetState(module))->title;
#endif

    if (title == NULL) {
        Py_RETURN_NONE;
    }
    Py_INCREF(title);
    return title;
}

static PyMethodDef Badge_methods[] = {
    {"title", Badge_title, METH_NOARGS, "What all badges say."},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Badge_slots[] = {
    {Py_tp_traverse, Badge_traverse},
    {Py_tp_dealloc, Badge_dealloc},
    {Py_tp_methods, Badge_methods},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Badge_spec = {
    .name = "import_at_shutdown.Badge",
    .basicsize = sizeof(BadgeObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Badge_slots,
};

static int
module_exec(PyObject *module)
{
    badge_state *state = PyModule_GetState(module);

    state->title = PyUnicode_FromString("visitor");
    return state->title == NULL ? -1 : export_type(module, &Badge_spec);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    badge_state *state = PyModule_GetState(module);

    Py_VISIT(state->title);
    return 0;
}

static int
module_clear(PyObject *module)
{
    badge_state *state = PyModule_GetState(module);

    Py_CLEAR(state->title);
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
    PyModuleDef_HEAD_INIT, "import_at_shutdown", NULL, sizeof(badge_state), NULL,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_import_at_shutdown(void)
{
    return PyModuleDef_Init(&module_definition);
}
