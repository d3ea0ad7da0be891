/* An error that knows where it happened. */
#include "isolated.h"

typedef struct {
    PyBaseExceptionObject base;
    long line;
} PlaceErrorObject;

static PyMemberDef PlaceError_members[] = {
#ifndef FAULTY
    {"line", T_LONG, offsetof(PlaceErrorObject, line), 0, NULL},
#endif
    {NULL}
};

static int
PlaceError_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return ((PyTypeObject *)PyExc_Exception)->tp_traverse(self, visit, arg);
}

static int
PlaceError_clear(PyObject *self)
{
    return ((PyTypeObject *)PyExc_Exception)->tp_clear(self);
}

static PyType_Slot PlaceError_slots[] = {
    {Py_tp_traverse, PlaceError_traverse},
    {Py_tp_clear, PlaceError_clear},
    {Py_tp_members, PlaceError_members},
    {0, NULL}
};

static PyType_Spec PlaceError_spec = {
    .name = "small_basicsize.PlaceError",
#ifdef FAULTY
    .basicsize = sizeof(PyObject),
#else
    .basicsize = sizeof(PlaceErrorObject),
#endif
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE
             | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = PlaceError_slots,
};

static int
module_exec(PyObject *module)
{
    PyTypeObject *error = make_type(module, &PlaceError_spec, (PyTypeObject *)PyExc_Exception);

    Py_XDECREF(error);
    return error == NULL ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "small_basicsize", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_small_basicsize(void)
{
    return PyModuleDef_Init(&module_definition);
}
