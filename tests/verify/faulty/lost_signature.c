/* A meter counts up from a start. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    long value;
} MeterObject;

static int
Meter_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Meter_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static int
Meter_init(MeterObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"start", NULL};
    long start = 0;

    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|l:Meter", names, &start)) {
        return -1;
    }
    self->value = start;
    return 0;
}

static PyObject *
Meter_step(MeterObject *self, PyObject *ignored)
{
    return PyLong_FromLong(++self->value);
}

#ifdef FAULTY
#define METER_DOC "Meter(start=0)\n\nCounts up from start."
#else
#define METER_DOC "Meter(start=0)\n--\n\nCounts up from start."
#endif

static PyMethodDef Meter_methods[] = {
    {"step", (PyCFunction)Meter_step, METH_NOARGS, "step($self, /)\n--\n\nCount."},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Meter_slots[] = {
    {Py_tp_traverse, Meter_traverse},
    {Py_tp_dealloc, Meter_dealloc},
    {Py_tp_new, PyType_GenericNew},
    {Py_tp_init, Meter_init},
    {Py_tp_doc, METER_DOC},
    {Py_tp_methods, Meter_methods},
    {0, NULL}
};

static PyType_Spec Meter_spec = {
    .name = "lost_signature.Meter",
    .basicsize = sizeof(MeterObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Meter_slots,
};

static int
module_exec(PyObject *module)
{
    return export_type(module, &Meter_spec);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "lost_signature", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_lost_signature(void)
{
    return PyModuleDef_Init(&module_definition);
}
