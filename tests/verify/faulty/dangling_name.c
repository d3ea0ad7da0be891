/* A label, whose full name follows from where the module was found. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    long number;
} LabelObject;

static int
Label_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Label_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
Label_add(LabelObject *self, PyObject *number)
{
    self->number += PyLong_AsLong(number);
    if (PyErr_Occurred()) {
        return NULL;
    }
    return PyLong_FromLong(self->number);
}

static PyMethodDef Label_methods[] = {
    {"add", (PyCFunction)Label_add, METH_O, "Add to its number."},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Label_slots[] = {
    {Py_tp_traverse, Label_traverse},
    {Py_tp_dealloc, Label_dealloc},
    {Py_tp_methods, Label_methods},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static int
module_exec(PyObject *module)
{
    PyType_Spec spec = {
        .name = "dangling_name.Label",
        .basicsize = sizeof(LabelObject),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = Label_slots,
    };
#ifdef FAULTY
    const char *package = PyModule_GetName(module);
    char *name;
    int result;

    if (package == NULL) {
        return -1;
    }
    name = PyMem_Malloc(strlen(package) + sizeof(".Label"));
    if (name == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    sprintf(name, "%s.Label", package);
    spec.name = name;
    result = export_type(module, &spec);
    PyMem_Free(name);
    return result;
#else
    return export_type(module, &spec);
#endif
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "dangling_name", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_dangling_name(void)
{
    return PyModuleDef_Init(&module_definition);
}
