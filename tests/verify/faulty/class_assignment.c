/* Two temperature scales, whose instances look alike inside. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    double degrees;
} DegreesObject;

#ifdef FAULTY
#define DEGREES_FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC)
#else
#define DEGREES_FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE)
#endif

static int
Degrees_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Degrees_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
Kelvin_repr(DegreesObject *self)
{
    return PyUnicode_FromFormat("%d K", (int)self->degrees);
}

static PyObject *
Celsius_repr(DegreesObject *self)
{
    return PyUnicode_FromFormat("%d C", (int)self->degrees);
}

static PyType_Slot Degrees_slots[] = {
    {Py_tp_traverse, Degrees_traverse},
    {Py_tp_dealloc, Degrees_dealloc},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Slot Kelvin_slots[] = {
    {Py_tp_traverse, Degrees_traverse},
    {Py_tp_dealloc, Degrees_dealloc},
    {Py_tp_repr, Kelvin_repr},
    {0, NULL}
};

static PyType_Slot Celsius_slots[] = {
    {Py_tp_traverse, Degrees_traverse},
    {Py_tp_dealloc, Degrees_dealloc},
    {Py_tp_repr, Celsius_repr},
    {0, NULL}
};

static PyType_Spec Degrees_spec = {
    .name = "class_assignment.Degrees",
    .basicsize = sizeof(DegreesObject),
    .flags = DEGREES_FLAGS | Py_TPFLAGS_BASETYPE,
    .slots = Degrees_slots,
};

static PyType_Spec Kelvin_spec = {
    .name = "class_assignment.Kelvin",
    .basicsize = sizeof(DegreesObject),
    .flags = DEGREES_FLAGS,
    .slots = Kelvin_slots,
};

static PyType_Spec Celsius_spec = {
    .name = "class_assignment.Celsius",
    .basicsize = sizeof(DegreesObject),
    .flags = DEGREES_FLAGS,
    .slots = Celsius_slots,
};

static int
module_exec(PyObject *module)
{
    PyTypeObject *degrees = make_type(module, &Degrees_spec, NULL);
    PyTypeObject *kelvin = degrees == NULL ? NULL : make_type(module, &Kelvin_spec, degrees);
    PyTypeObject *celsius = kelvin == NULL ? NULL : make_type(module, &Celsius_spec, degrees);

    Py_XDECREF(degrees);
    Py_XDECREF(kelvin);
    Py_XDECREF(celsius);
    return celsius == NULL ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "class_assignment", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_class_assignment(void)
{
    return PyModuleDef_Init(&module_definition);
}
