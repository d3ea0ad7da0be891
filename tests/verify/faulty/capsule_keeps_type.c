/* A mark, and its type in a capsule for other extensions. */
#include "isolated.h"

#define CAPSULE "capsule_keeps_type.mark_type"

typedef struct {
    PyObject_HEAD
    long place;
} MarkObject;

static int
Mark_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Mark_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef Mark_members[] = {
    {"place", T_LONG, offsetof(MarkObject, place), 0, NULL},
    {NULL}
};

static PyType_Slot Mark_slots[] = {
    {Py_tp_traverse, Mark_traverse},
    {Py_tp_dealloc, Mark_dealloc},
    {Py_tp_members, Mark_members},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Mark_spec = {
    .name = "capsule_keeps_type.Mark",
    .basicsize = sizeof(MarkObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Mark_slots,
};

#ifdef FAULTY
static void
release_type(PyObject *capsule)
{
    Py_DECREF((PyObject *)PyCapsule_GetPointer(capsule, CAPSULE));
}
#else
/* The module's dict keeps the type at least as long as the capsule. */
#define release_type NULL
#endif

static int
module_exec(PyObject *module)
{
    PyTypeObject *type = make_type(module, &Mark_spec, NULL);
    PyObject *capsule;

    if (type == NULL) {
        return -1;
    }
    capsule = PyCapsule_New(type, CAPSULE, release_type);
#ifndef FAULTY
    Py_DECREF(type);
#endif
    if (capsule == NULL) {
        return -1;
    }
    if (PyModule_AddObject(module, "mark_type", capsule) < 0) {
        Py_DECREF(capsule);
        return -1;
    }
    return 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "capsule_keeps_type", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_capsule_keeps_type(void)
{
    return PyModuleDef_Init(&module_definition);
}
