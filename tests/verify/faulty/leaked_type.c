/* Points of a plane; the factory makes one on the diagonal. */
#include "isolated.h"

typedef struct {
    PyTypeObject *Point_Type;
} point_state;

typedef struct {
    PyObject_HEAD
    double x, y;
} PointObject;

static int
Point_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Point_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
#ifndef FAULTY
    Py_DECREF(type);
#endif
}

static PyMemberDef Point_members[] = {
    {"x", T_DOUBLE, offsetof(PointObject, x), READONLY, NULL},
    {"y", T_DOUBLE, offsetof(PointObject, y), READONLY, NULL},
    {NULL}
};

static PyType_Slot Point_slots[] = {
    {Py_tp_traverse, Point_traverse},
    {Py_tp_dealloc, Point_dealloc},
    {Py_tp_members, Point_members},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Point_spec = {
    .name = "leaked_type.Point",
    .basicsize = sizeof(PointObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Point_slots,
};

static PyObject *
diagonal(PyObject *module, PyObject *where)
{
    point_state *state = PyModule_GetState(module);
    double value = PyFloat_AsDouble(where);
    PointObject *point;

    if (value == -1.0 && PyErr_Occurred()) {
        return NULL;
    }
    point = PyObject_GC_New(PointObject, state->Point_Type);
    if (point == NULL) {
        return NULL;
    }
    point->x = point->y = value;
    PyObject_GC_Track(point);
    return (PyObject *)point;
}

static PyMethodDef module_methods[] = {
    {"diagonal", diagonal, METH_O, "A point with two equal coordinates."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    point_state *state = PyModule_GetState(module);

    state->Point_Type = make_type(module, &Point_spec, NULL);
    return state->Point_Type == NULL ? -1 : 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    point_state *state = PyModule_GetState(module);

    Py_VISIT(state->Point_Type);
    return 0;
}

static int
module_clear(PyObject *module)
{
    point_state *state = PyModule_GetState(module);

    Py_CLEAR(state->Point_Type);
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
    PyModuleDef_HEAD_INIT, "leaked_type", NULL, sizeof(point_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_leaked_type(void)
{
    return PyModuleDef_Init(&module_definition);
}
