/* A tally keeps the last thing that it counted. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    PyObject *last;
    Py_ssize_t count;
} TallyObject;

static int
Tally_traverse(TallyObject *self, visitproc visit, void *arg)
{
#ifndef FAULTY
    Py_VISIT(Py_TYPE(self));
#endif
    Py_VISIT(self->last);
    return 0;
}

static int
Tally_clear(TallyObject *self)
{
    Py_CLEAR(self->last);
    return 0;
}

static void
Tally_dealloc(TallyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    (void)Tally_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
Tally_add(TallyObject *self, PyObject *thing)
{
    Py_INCREF(thing);
    Py_XSETREF(self->last, thing);
    return PyLong_FromSsize_t(++self->count);
}

static PyMethodDef Tally_methods[] = {
    {"add", (PyCFunction)Tally_add, METH_O, "Count one thing more."},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Tally_slots[] = {
    {Py_tp_new, PyType_GenericNew},
    {Py_tp_traverse, Tally_traverse},
    {Py_tp_clear, Tally_clear},
    {Py_tp_dealloc, Tally_dealloc},
    {Py_tp_methods, Tally_methods},
    {0, NULL}
};

static PyType_Spec Tally_spec = {
    .name = "unvisited_type.Tally",
    .basicsize = sizeof(TallyObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Tally_slots,
};

static int
module_exec(PyObject *module)
{
    return export_type(module, &Tally_spec);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "unvisited_type", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_unvisited_type(void)
{
    return PyModuleDef_Init(&module_definition);
}
