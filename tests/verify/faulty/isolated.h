/* What the extensions of this folder share: newer names on older Pythons, and how a type is made.

   Each of them is isolated and correct; with FAULTY defined it has one mistake. */
#ifndef ISOLATED_H
#define ISOLATED_H

#include <Python.h>
#include <structmember.h>

#ifndef Py_TPFLAGS_IMMUTABLETYPE
#define Py_TPFLAGS_IMMUTABLETYPE 0
#endif

#ifndef Py_TPFLAGS_DISALLOW_INSTANTIATION
#define Py_TPFLAGS_DISALLOW_INSTANTIATION 0
#define forbid_instances(type) ((type)->tp_new = NULL)
#else
#define forbid_instances(type) ((void)(type))
#endif

#if PY_VERSION_HEX >= 0x030c0000
#define ISOLATED_SLOT {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#else
#define ISOLATED_SLOT
#endif

/* A new type of the module, which is exported too; a new reference, or NULL with an exception. */
static inline PyTypeObject *
make_type(PyObject *module, PyType_Spec *spec, PyTypeObject *base)
{
    PyObject *bases = NULL, *type;

    if (base != NULL) {
        bases = PyTuple_Pack(1, base);
        if (bases == NULL) {
            return NULL;
        }
    }
    type = PyType_FromModuleAndSpec(module, spec, bases);
    Py_XDECREF(bases);
    if (type != NULL && PyModule_AddType(module, (PyTypeObject *)type) < 0) {
        Py_CLEAR(type);
    }
    return (PyTypeObject *)type;
}

/* The same for a type that nothing but the module's dict has to know. */
static inline int
export_type(PyObject *module, PyType_Spec *spec)
{
    PyTypeObject *type = make_type(module, spec, NULL);

    Py_XDECREF(type);
    return type == NULL ? -1 : 0;
}

/* The module of a type or of one of its bases; NULL without an exception once it is gone.

   Walks the bases, since a type that is being torn down has no MRO any more. */
static inline PyObject *
module_of_type(PyTypeObject *type, struct PyModuleDef *definition)
{
    for (; type != NULL; type = type->tp_base) {
        PyObject *module;

        if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
            continue;
        }
        module = ((PyHeapTypeObject *)type)->ht_module;
        if (module != NULL && PyModule_GetDef(module) == definition) {
            return module;
        }
    }
    return NULL;
}

#endif
