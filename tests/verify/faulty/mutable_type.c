/* A colour has three parts. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    unsigned char red, green, blue;
} ColourObject;

static int
Colour_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Colour_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef Colour_members[] = {
    {"red", T_UBYTE, offsetof(ColourObject, red), 0, NULL},
    {"green", T_UBYTE, offsetof(ColourObject, green), 0, NULL},
    {"blue", T_UBYTE, offsetof(ColourObject, blue), 0, NULL},
    {NULL}
};

static PyType_Slot Colour_slots[] = {
    {Py_tp_traverse, Colour_traverse},
    {Py_tp_dealloc, Colour_dealloc},
    {Py_tp_members, Colour_members},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Colour_spec = {
    .name = "mutable_type.Colour",
    .basicsize = sizeof(ColourObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC
#ifndef FAULTY
             | Py_TPFLAGS_IMMUTABLETYPE
#endif
    ,
    .slots = Colour_slots,
};

static int
module_exec(PyObject *module)
{
    return export_type(module, &Colour_spec);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "mutable_type", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_mutable_type(void)
{
    return PyModuleDef_Init(&module_definition);
}
