"""Which C API functions return borrowed references, and which steal (C API reference)."""

BORROWED = frozenset(
    "PyDict_GetItem PyDict_GetItemString PyDict_GetItemWithError PyDict_SetDefault "
    "PyList_GetItem PyList_GET_ITEM PyTuple_GetItem PyTuple_GET_ITEM PyModule_GetDict "
    "PyImport_AddModule PyImport_AddModuleObject PyImport_GetModuleDict PyEval_GetBuiltins "
    "PyEval_GetGlobals PyEval_GetLocals PySys_GetObject PyThreadState_GetDict PyErr_Occurred "
    "PyState_FindModule PyCell_GET PyMethod_GET_FUNCTION PyMethod_GET_SELF PyFunction_GetCode "
    "PyWeakref_GetObject PyWeakref_GET_OBJECT PyCFunction_GetSelf PyCFunction_GET_SELF "
    "PyStructSequence_GetItem PyStructSequence_GET_ITEM PyInterpreterState_GetDict "
    "PyType_GetModule PyType_GetModuleByDef _PyDict_GetItemIdWithError".split()
)
"""Functions whose result must not be released by the caller."""

STEALS_ON_SUCCESS = frozenset({"PyModule_AddObject"})
"""Functions that take over their last argument's reference, unless they fail (pattern 14)."""

IMMORTAL_SINGLETONS = frozenset(
    {"Py_None", "Py_True", "Py_False", "Py_Ellipsis", "Py_NotImplemented"}
)
"""Names of objects that the interpreter owns."""

INCREF = frozenset({"Py_INCREF", "Py_XINCREF", "Py_IncRef"})
NEW_REFERENCE = frozenset({"Py_NewRef", "Py_XNewRef"})
DECREF = frozenset({"Py_DECREF", "Py_XDECREF", "Py_DecRef", "Py_CLEAR", "Py_SETREF", "Py_XSETREF"})

ALLOCATION = frozenset(
    "PyObject_New PyObject_NEW PyObject_NewVar PyObject_NEW_VAR "
    "_PyObject_New _PyObject_NewVar".split()
)
"""Allocations that are wrong for a type with the GC flag (pattern 26)."""

GC_ALLOCATION = frozenset(
    "PyObject_GC_New PyObject_GC_NewVar _PyObject_GC_New _PyObject_GC_NewVar".split()
)

INITIALISATION = frozenset("PyObject_Init PyObject_INIT PyObject_InitVar PyObject_INIT_VAR".split())

FREE = frozenset(
    "PyObject_Del PyObject_DEL PyObject_Free PyObject_FREE PyMem_Free PyMem_FREE PyMem_Del "
    "PyMem_DEL PyObject_GC_Del free".split()
)
"""Calls that give back the memory of an instance (pattern 25)."""
