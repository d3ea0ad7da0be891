/* What every file of dbwrap includes first. */
#ifndef DBWRAP_COMMON_H
#define DBWRAP_COMMON_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

/* module.c */

/* util.c */

typedef struct {
    PyObject *DBError;
    PyObject *DBClosedError;
    PyObject *DBVetoError;
    PyObject *dbwrap_adapters;
    int dbwrap_trace;
    PyObject *str_adapt;  /* "__adapt__" */
    PyObject *str_join;  /* "join" */
    PyObject *comma;  /* ", " */
    PyTypeObject *Connection_Type;
    PyTypeObject *Cursor_Type;
    PyTypeObject *Row_Type;
} dbwrap_state;

static inline dbwrap_state *
get_dbwrap_state(PyObject *module)
{
    void *state = PyModule_GetState(module);
    assert(state != NULL);
    return (dbwrap_state *)state;
}

extern struct PyModuleDef dbwrap_module;

/* NULL, without an exception, for a type that is not of this module. */
static inline dbwrap_state *
get_dbwrap_state_by_type(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030b0000
    PyObject *module;

    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
        return NULL;
    }
    module = PyType_GetModuleByDef(type, &dbwrap_module);
    if (module == NULL) {
        PyErr_Clear();
        return NULL;
    }
    return (dbwrap_state *)PyModule_GetState(module);
#else
    PyObject *mro = type->tp_mro;
    Py_ssize_t i, n = mro == NULL ? 0 : PyTuple_GET_SIZE(mro);

    for (i = 0; i < n; i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        if (PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE)) {
            PyObject *module = ((PyHeapTypeObject *)base)->ht_module;
            if (module != NULL && PyModule_Check(module)
                && PyModule_GetDef(module) == &dbwrap_module) {
                return (dbwrap_state *)PyModule_GetState(module);
            }
        }
    }
    return NULL;
#endif
}

#if PY_VERSION_HEX < 0x030a0000
static inline int
PyModule_AddObjectRef(PyObject *module, const char *name, PyObject *value)
{
    Py_XINCREF(value);
    if (PyModule_AddObject(module, name, value) < 0) {
        Py_XDECREF(value);
        return -1;
    }
    return 0;
}
#endif

#ifndef Py_TPFLAGS_DISALLOW_INSTANTIATION  /* new in 3.10 */
#  define Py_TPFLAGS_DISALLOW_INSTANTIATION 0
#endif
#ifndef Py_TPFLAGS_IMMUTABLETYPE  /* new in 3.10 */
#  define Py_TPFLAGS_IMMUTABLETYPE 0
#endif

static inline int
dbwrap_add_type(PyObject *module, PyType_Spec *spec,
                int instantiable, PyTypeObject **type)
{
    if (*type != NULL) {
        return 0;
    }
    *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
#if PY_VERSION_HEX < 0x030a0000  /* no Py_TPFLAGS_DISALLOW_INSTANTIATION */
    if (*type != NULL && !instantiable) {
        (*type)->tp_new = NULL;
    }
#else
    (void)instantiable;
#endif
    return *type == NULL ? -1 : 0;
}

int dbwrap_util_init(dbwrap_state *state);
PyObject *dbwrap_adapt(dbwrap_state *state, PyObject *value);
PyObject *dbwrap_join(dbwrap_state *state, PyObject *items);
void dbwrap_callback_error(dbwrap_state *state, PyObject *callback);

#endif
