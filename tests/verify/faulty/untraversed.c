/* A box holds one thing. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    PyObject *content;
} BoxObject;

#ifndef FAULTY
static int
Box_traverse(BoxObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->content);
    return 0;
}

static int
Box_clear(BoxObject *self)
{
    Py_CLEAR(self->content);
    return 0;
}
#endif

static void
Box_dealloc(BoxObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->content);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef Box_members[] = {
    {"content", T_OBJECT, offsetof(BoxObject, content), 0, NULL},
    {NULL}
};

static PyType_Slot Box_slots[] = {
#ifndef FAULTY
    {Py_tp_traverse, Box_traverse},
    {Py_tp_clear, Box_clear},
#endif
    {Py_tp_dealloc, Box_dealloc},
    {Py_tp_members, Box_members},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Box_spec = {
    .name = "untraversed.Box",
    .basicsize = sizeof(BoxObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Box_slots,
};

static int
module_exec(PyObject *module)
{
    return export_type(module, &Box_spec);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "untraversed", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_untraversed(void)
{
    return PyModuleDef_Init(&module_definition);
}
