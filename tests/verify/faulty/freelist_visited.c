/* A cell holds a number; a few dead ones are kept, for the next that is asked for. */
#include "isolated.h"

#define MOST_SPARES 8

typedef struct {
    PyTypeObject *Cell_Type;
    PyObject *spares[MOST_SPARES];
    int count;
} cell_state;

typedef struct {
    PyObject_HEAD
    double value;
} CellObject;

static struct PyModuleDef module_definition;

static int
Cell_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

/* A spare cell keeps the reference to its type. */
static void
Cell_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject *module = module_of_type(type, &module_definition);
    cell_state *state = module == NULL ? NULL : PyModule_GetState(module);

    PyObject_GC_UnTrack(self);
    if (state != NULL && state->Cell_Type != NULL && state->count < MOST_SPARES) {
        state->spares[state->count++] = self;
        return;
    }
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef Cell_members[] = {
    {"value", T_DOUBLE, offsetof(CellObject, value), READONLY, NULL},
    {NULL}
};

static PyType_Slot Cell_slots[] = {
    {Py_tp_traverse, Cell_traverse},
    {Py_tp_dealloc, Cell_dealloc},
    {Py_tp_members, Cell_members},
    {0, NULL}
};

static PyType_Spec Cell_spec = {
    .name = "freelist_visited.Cell",
    .basicsize = sizeof(CellObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Cell_slots,
};

static PyObject *
cell(PyObject *module, PyObject *args)
{
    cell_state *state = PyModule_GetState(module);
    double value = 1.0;
    PyObject *made;

    if (!PyArg_ParseTuple(args, "|d:cell", &value)) {
        return NULL;
    }
    if (state->count > 0) {
        made = state->spares[--state->count];
        _Py_NewReference(made);
    }
    else {
        made = (PyObject *)PyObject_GC_New(CellObject, state->Cell_Type);
        if (made == NULL) {
            return NULL;
        }
    }
    ((CellObject *)made)->value = value;
    PyObject_GC_Track(made);
    return made;
}

static PyMethodDef module_methods[] = {
    {"cell", cell, METH_VARARGS, "A cell with that number."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    cell_state *state = PyModule_GetState(module);

    state->Cell_Type = make_type(module, &Cell_spec, NULL);
    if (state->Cell_Type == NULL) {
        return -1;
    }
    forbid_instances(state->Cell_Type);
    return 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    cell_state *state = PyModule_GetState(module);

    Py_VISIT(state->Cell_Type);
    for (int i = 0; i < state->count; i++) {
#ifdef FAULTY
        Py_VISIT(state->spares[i]);
#else
        Py_VISIT(Py_TYPE(state->spares[i]));
#endif
    }
    return 0;
}

static int
module_clear(PyObject *module)
{
    cell_state *state = PyModule_GetState(module);
    PyTypeObject *type = state->Cell_Type;

    state->Cell_Type = NULL;
    while (state->count > 0) {
        PyObject_GC_Del(state->spares[--state->count]);
        Py_DECREF(type);
    }
    Py_XDECREF(type);
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
    PyModuleDef_HEAD_INIT, "freelist_visited", NULL, sizeof(cell_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_freelist_visited(void)
{
    return PyModuleDef_Init(&module_definition);
}
