/* A lamp is on or off. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    int on;
} LampObject;

static int
Lamp_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Lamp_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
#ifdef FAULTY
    Py_DECREF(type);
    type->tp_free(self);
#else
    type->tp_free(self);
    Py_DECREF(type);
#endif
}

static PyObject *
Lamp_toggle(LampObject *self, PyObject *ignored)
{
    self->on = !self->on;
    return PyBool_FromLong(self->on);
}

static PyMethodDef Lamp_methods[] = {
    {"toggle", (PyCFunction)Lamp_toggle, METH_NOARGS, "Turn it on or off."},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Lamp_slots[] = {
    {Py_tp_traverse, Lamp_traverse},
    {Py_tp_dealloc, Lamp_dealloc},
    {Py_tp_methods, Lamp_methods},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Lamp_spec = {
    .name = "type_released_early.Lamp",
    .basicsize = sizeof(LampObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Lamp_slots,
};

static int
module_exec(PyObject *module)
{
    return export_type(module, &Lamp_spec);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "type_released_early", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_type_released_early(void)
{
    return PyModuleDef_Init(&module_definition);
}
