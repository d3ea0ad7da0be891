/* A unit is made once, and given to everybody who asks. */
#include "isolated.h"

typedef struct {
    PyTypeObject *Unit_Type;
    PyObject *unit;
} unit_state;

typedef struct {
    PyObject_HEAD
    long size;
} UnitObject;

static int
Unit_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Unit_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef Unit_members[] = {
    {"size", T_LONG, offsetof(UnitObject, size), READONLY, NULL},
    {NULL}
};

static PyType_Slot Unit_slots[] = {
    {Py_tp_traverse, Unit_traverse},
    {Py_tp_dealloc, Unit_dealloc},
    {Py_tp_members, Unit_members},
    {0, NULL}
};

static PyType_Spec Unit_spec = {
    .name = "stale_cache.Unit",
    .basicsize = sizeof(UnitObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Unit_slots,
};

static PyObject *
unit(PyObject *module, PyObject *ignored)
{
    unit_state *state = PyModule_GetState(module);
#ifdef FAULTY
    static PyObject *unit;
    PyObject **cache = &unit;
#else
    PyObject **cache = &state->unit;
#endif

    if (*cache == NULL) {
        UnitObject *made = PyObject_GC_New(UnitObject, state->Unit_Type);

        if (made == NULL) {
            return NULL;
        }
        made->size = 1;
        PyObject_GC_Track(made);
        *cache = (PyObject *)made;
    }
    Py_INCREF(*cache);
    return *cache;
}

static PyMethodDef module_methods[] = {
    {"unit", unit, METH_NOARGS, "The unit."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    unit_state *state = PyModule_GetState(module);

    state->Unit_Type = make_type(module, &Unit_spec, NULL);
    if (state->Unit_Type == NULL) {
        return -1;
    }
    forbid_instances(state->Unit_Type);
    return 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    unit_state *state = PyModule_GetState(module);

    Py_VISIT(state->Unit_Type);
    Py_VISIT(state->unit);
    return 0;
}

static int
module_clear(PyObject *module)
{
    unit_state *state = PyModule_GetState(module);

    Py_CLEAR(state->Unit_Type);
    Py_CLEAR(state->unit);
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
    PyModuleDef_HEAD_INIT, "stale_cache", NULL, sizeof(unit_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_stale_cache(void)
{
    return PyModuleDef_Init(&module_definition);
}
