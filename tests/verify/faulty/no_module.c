/* A gauge shows a number. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    double shown;
} GaugeObject;

static int
Gauge_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Gauge_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef Gauge_members[] = {
    {"shown", T_DOUBLE, offsetof(GaugeObject, shown), 0, NULL},
    {NULL}
};

static PyType_Slot Gauge_slots[] = {
    {Py_tp_traverse, Gauge_traverse},
    {Py_tp_dealloc, Gauge_dealloc},
    {Py_tp_members, Gauge_members},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Gauge_spec = {
#ifdef FAULTY
    .name = "Gauge",
#else
    .name = "no_module.Gauge",
#endif
    .basicsize = sizeof(GaugeObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Gauge_slots,
};

static int
module_exec(PyObject *module)
{
    return export_type(module, &Gauge_spec);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "no_module", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_no_module(void)
{
    return PyModuleDef_Init(&module_definition);
}
