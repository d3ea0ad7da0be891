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

STEALS: dict[str, tuple[int, ...]] = {
    "PyModule_AddObject": (2,),
    "PyModule_Add": (2,),
    "PyTuple_SetItem": (2,),
    "PyTuple_SET_ITEM": (2,),
    "PyList_SetItem": (2,),
    "PyList_SET_ITEM": (2,),
    "PyStructSequence_SetItem": (2,),
    "PyStructSequence_SET_ITEM": (2,),
    "PyErr_Restore": (0, 1, 2),
    "PyException_SetCause": (1,),
    "PyException_SetContext": (1,),
    "PyCell_SET": (1,),
}
"""Functions that take over the references of these arguments."""

BUILDS = {"Py_BuildValue": 0, "PyObject_CallFunction": 1, "PyObject_CallMethod": 2}
"""Functions whose format takes references over where it says ``N``, and its position."""

LENDS = frozenset({"PyArg_Parse", "PyArg_ParseTuple", "PyArg_ParseTupleAndKeywords", "PyDict_Next",
                   "PyArg_UnpackTuple"})  # fmt: skip
"""Functions that put borrowed references where their arguments point."""

IMMORTAL_SINGLETONS = frozenset(
    {"Py_None", "Py_True", "Py_False", "Py_Ellipsis", "Py_NotImplemented"}
)
"""Names of objects that the interpreter owns."""

INCREF = frozenset({"Py_INCREF", "Py_XINCREF", "Py_IncRef"})
NEW_REFERENCE = frozenset({"Py_NewRef", "Py_XNewRef"})
RELEASE = frozenset({"Py_DECREF", "Py_XDECREF", "Py_DecRef"})
REPLACE = frozenset({"Py_SETREF", "Py_XSETREF"})
DECREF = RELEASE | REPLACE | {"Py_CLEAR"}

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
