/* Animals, and dogs among them. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    int legs;
} AnimalObject;

static int
Animal_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Animal_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot Animal_slots[] = {
    {Py_tp_traverse, Animal_traverse},
    {Py_tp_dealloc, Animal_dealloc},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Animal_spec = {
    .name = "mutable_base.Animal",
    .basicsize = sizeof(AnimalObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE
#ifndef FAULTY
             | Py_TPFLAGS_IMMUTABLETYPE
#endif
    ,
    .slots = Animal_slots,
};

static PyType_Slot Dog_slots[] = {
    {Py_tp_traverse, Animal_traverse},
    {Py_tp_dealloc, Animal_dealloc},
    {0, NULL}
};

static PyType_Spec Dog_spec = {
    .name = "mutable_base.Dog",
    .basicsize = sizeof(AnimalObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Dog_slots,
};

static int
module_exec(PyObject *module)
{
    PyTypeObject *animal = make_type(module, &Animal_spec, NULL);
    PyTypeObject *dog = animal == NULL ? NULL : make_type(module, &Dog_spec, animal);

    Py_XDECREF(animal);
    Py_XDECREF(dog);
    return dog == NULL ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "mutable_base", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_mutable_base(void)
{
    return PyModuleDef_Init(&module_definition);
}
