/* A parcel holds what it was made from. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    PyObject *content;
} ParcelObject;

static PyObject *
Parcel_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    ParcelObject *self;
    PyObject *content;

    if (!PyArg_ParseTuple(args, "O:Parcel", &content)) {
        return NULL;
    }
    self = (ParcelObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    Py_INCREF(content);
    self->content = content;
    return (PyObject *)self;
}

static int
Parcel_traverse(ParcelObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
#ifndef FAULTY
    Py_VISIT(self->content);
#endif
    return 0;
}

static int
Parcel_clear(ParcelObject *self)
{
    Py_CLEAR(self->content);
    return 0;
}

static void
Parcel_dealloc(ParcelObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->content);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot Parcel_slots[] = {
    {Py_tp_traverse, Parcel_traverse},
    {Py_tp_clear, Parcel_clear},
    {Py_tp_dealloc, Parcel_dealloc},
    {Py_tp_new, Parcel_new},
    {0, NULL}
};

static PyType_Spec Parcel_spec = {
    .name = "unvisited_content.Parcel",
    .basicsize = sizeof(ParcelObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Parcel_slots,
};

static int
module_exec(PyObject *module)
{
    return export_type(module, &Parcel_spec);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "unvisited_content", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_unvisited_content(void)
{
    return PyModuleDef_Init(&module_definition);
}
