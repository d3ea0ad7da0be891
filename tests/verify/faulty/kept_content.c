/* A sack lets go of what it was made from. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    PyObject *content;
} SackObject;

static PyObject *
Sack_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    SackObject *self;
    PyObject *content;

    if (!PyArg_ParseTuple(args, "O:Sack", &content)) {
        return NULL;
    }
    self = (SackObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    Py_INCREF(content);
    self->content = content;
    return (PyObject *)self;
}

static int
Sack_traverse(SackObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->content);
    return 0;
}

static int
Sack_clear(SackObject *self)
{
    Py_CLEAR(self->content);
    return 0;
}

static void
Sack_dealloc(SackObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
#ifndef FAULTY
    Py_CLEAR(self->content);
#endif
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot Sack_slots[] = {
    {Py_tp_traverse, Sack_traverse},
    {Py_tp_clear, Sack_clear},
    {Py_tp_dealloc, Sack_dealloc},
    {Py_tp_new, Sack_new},
    {0, NULL}
};

static PyType_Spec Sack_spec = {
    .name = "kept_content.Sack",
    .basicsize = sizeof(SackObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Sack_slots,
};

static int
module_exec(PyObject *module)
{
    return export_type(module, &Sack_spec);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "kept_content", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_kept_content(void)
{
    return PyModuleDef_Init(&module_definition);
}
