/* One source for Python 2.7 and Python 3. */
#ifndef DUALPY_H
#define DUALPY_H

#define PY_SSIZE_T_CLEAN
#include "Python.h"
#include "structmember.h"

#if PY_MAJOR_VERSION >= 3
#  define PY3
#  define MOD_ERROR_VAL NULL
#  define MOD_SUCCESS_VAL(val) val
#  define MOD_INIT(name) PyMODINIT_FUNC PyInit_##name(void)
#  define MOD_DEF(ob, name, doc, methods)                       \
    do {                                                        \
        static struct PyModuleDef moduledef = {                 \
            PyModuleDef_HEAD_INIT, name, doc, -1, methods,      \
            NULL, NULL, NULL, NULL };                           \
        ob = PyModule_Create(&moduledef);                       \
    } while (0)
#  define PyInt_FromLong PyLong_FromLong
#  define PyNative_FromFormat PyUnicode_FromFormat
#  define BYTES_FORMAT "y*"
#else
#  define MOD_ERROR_VAL
#  define MOD_SUCCESS_VAL(val)
#  define MOD_INIT(name) PyMODINIT_FUNC init##name(void)
#  define MOD_DEF(ob, name, doc, methods) \
    ob = Py_InitModule3(name, methods, doc)
#  define PyNative_FromFormat PyString_FromFormat
#  define BYTES_FORMAT "s*"
#endif

#ifndef Py_TYPE
#  define Py_TYPE(ob) (((PyObject *)(ob))->ob_type)
#endif

#endif
