"""Calls that are handed a `_Py_Identifier`, and what they are for an object or a C string."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec


class ByName(msgspec.Struct, frozen=True):
    """The call without the identifier, which is argument number ``position``.

    ``by_object`` and ``by_string`` are the functions that do the same, if there are such; the
    first is empty where the string itself is the value.  ``more`` follows a C string.
    """

    position: int
    by_object: str | None
    by_string: str | None = None
    more: str = ""


FORMATTED = "_PyObject_CallMethodId"
"""Takes a format behind the identifier; without one it is a call without arguments."""
EQUAL = "_PyUnicode_EqualToASCIIId"
"""True where its replacement by a C string is zero."""
OPTIONAL = "PyObject_GetOptionalAttr"
"""New in 3.13; before it has another name."""
BUILTIN = "PyEval_GetBuiltins"
"""Has what `_PyEval_GetBuiltinId` looks up; a helper does that."""

TAKES_IDENTIFIER: Mapping[str, ByName] = MappingProxyType(
    {
        FORMATTED: ByName(1, None, "PyObject_CallMethod"),
        "_PyObject_CallMethodIdNoArgs": ByName(
            1, "PyObject_CallMethodNoArgs", "PyObject_CallMethod", "NULL"
        ),
        "_PyObject_CallMethodIdOneArg": ByName(
            1, "PyObject_CallMethodOneArg", "PyObject_CallMethod", '"(O)"'
        ),
        "_PyObject_CallMethodIdObjArgs": ByName(1, "PyObject_CallMethodObjArgs"),
        "_PyObject_VectorcallMethodId": ByName(0, "PyObject_VectorcallMethod"),
        "_PyObject_GetAttrId": ByName(1, "PyObject_GetAttr", "PyObject_GetAttrString"),
        "_PyObject_SetAttrId": ByName(1, "PyObject_SetAttr", "PyObject_SetAttrString"),
        "_PyObject_HasAttrId": ByName(1, "PyObject_HasAttr", "PyObject_HasAttrString"),
        "_PyObject_LookupAttrId": ByName(1, OPTIONAL),
        "_PyDict_GetItemId": ByName(1, "PyDict_GetItem", "PyDict_GetItemString"),
        "_PyDict_GetItemIdWithError": ByName(1, "PyDict_GetItemWithError"),
        "_PyDict_SetItemId": ByName(1, "PyDict_SetItem", "PyDict_SetItemString"),
        "_PyDict_DelItemId": ByName(1, "PyDict_DelItem", "PyDict_DelItemString"),
        "_PyDict_ContainsId": ByName(1, "PyDict_Contains"),
        "_PyUnicode_FromId": ByName(0, ""),
        EQUAL: ByName(1, None, "PyUnicode_CompareWithASCIIString"),
        "_PyImport_GetModuleId": ByName(0, "PyImport_GetModule"),
        "_PySys_GetObjectId": ByName(0, None, "PySys_GetObject"),
        "_PySys_SetObjectId": ByName(0, None, "PySys_SetObject"),
        "_PyType_LookupId": ByName(1, "_PyType_Lookup"),
        "_PyEval_GetBuiltinId": ByName(0, BUILTIN),
    }
)
