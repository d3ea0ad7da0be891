"""The C API's own macros that disturb a C grammar, with the syntactic shape of each.

A macro that stands where an expression, a call statement with its semicolon or a type name may
stand needs no row: it parses as what it looks like.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Shape(Enum):
    """What a macro invocation is to the grammar."""

    EXPRESSION = "expression"
    STATEMENT = "statement"
    BLOCK_OPEN = "block open"
    BLOCK_CLOSE = "block close"
    BLOCK_TURN = "block close and open"
    DECLARATION = "declaration"
    FIELD = "struct field"
    ENTRY = "initialiser entry"
    TYPE = "type"
    WRAPPED_TYPE = "type around its argument"
    STATIC_TYPE = "static type around its argument"
    SPECIFIER = "qualifier or attribute"
    PARAMETER = "parameter name"
    HEAD = "statement head"
    LABEL = "label"
    FUNCTION_HEAD = "function header"
    FUNCTION = "function definition"
    CHOICE = "condition and first choice"
    OPERATOR = "operator"
    SUFFIX = "operator and right operand"


def _words(text: str) -> list[str]:
    return text.split()


_ROWS: dict[Shape, str] = {
    Shape.FIELD: "PyObject_HEAD PyObject_VAR_HEAD _PyObject_HEAD_EXTRA PyException_HEAD "
    "_PyErr_StackItem_HEAD",
    Shape.ENTRY: "PyObject_HEAD_INIT PyVarObject_HEAD_INIT _PyObject_EXTRA_INIT "
    "PyModuleDef_HEAD_INIT _PyObject_IMMORTAL_INIT",
    Shape.BLOCK_OPEN: "Py_BEGIN_ALLOW_THREADS Py_BEGIN_CRITICAL_SECTION "
    "Py_BEGIN_CRITICAL_SECTION2 Py_BEGIN_CRITICAL_SECTION_MUT Py_TRASHCAN_BEGIN "
    "Py_BEGIN_CRITICAL_SECTION_SEQUENCE_FAST "
    "Py_TRASHCAN_SAFE_BEGIN Py_TRASHCAN_BEGIN_CONDITION _Py_BEGIN_SUPPRESS_IPH",
    Shape.BLOCK_CLOSE: "Py_END_ALLOW_THREADS Py_END_CRITICAL_SECTION Py_END_CRITICAL_SECTION2 "
    "Py_TRASHCAN_END Py_TRASHCAN_SAFE_END _Py_END_SUPPRESS_IPH "
    "Py_END_CRITICAL_SECTION_SEQUENCE_FAST",
    Shape.STATEMENT: "Py_BLOCK_THREADS Py_UNBLOCK_THREADS Py_RETURN_NONE Py_RETURN_TRUE "
    "Py_RETURN_FALSE Py_RETURN_NOTIMPLEMENTED Py_RETURN_INF Py_RETURN_NAN "
    "Py_RETURN_RICHCOMPARE Py_VISIT Py_CLEAR Py_SETREF Py_XSETREF Py_INCREF Py_DECREF Py_XINCREF "
    "Py_XDECREF Py_UNREACHABLE PyDateTime_IMPORT _Py_COMP_DIAG_PUSH _Py_COMP_DIAG_POP "
    "_Py_COMP_DIAG_IGNORE_DEPR_DECLS PyObject_Del Py_BUILD_ASSERT Py_ENTER_RECURSIVE "
    "PyUnicode_InternInPlace Py_FatalError assert PyFPE_START_PROTECT PyFPE_END_PROTECT",
    Shape.DECLARATION: "PyDoc_STRVAR _Py_IDENTIFIER _Py_static_string _Py_static_string_init "
    "_Py_DECLARE_STR PyDoc_VAR",
    Shape.TYPE: "PyMODINIT_FUNC",
    Shape.WRAPPED_TYPE: "PyAPI_FUNC PyAPI_DATA DL_IMPORT DL_EXPORT",
    Shape.STATIC_TYPE: "Py_LOCAL Py_LOCAL_INLINE",
    Shape.SPECIFIER: "Py_DEPRECATED Py_GCC_ATTRIBUTE Py_ALWAYS_INLINE Py_NO_INLINE _Py_NO_RETURN "
    "_Py_ALWAYS_INLINE _Py_NO_INLINE "
    "Py_EXPORTED_SYMBOL Py_IMPORTED_SYMBOL Py_LOCAL_SYMBOL Py_ALIGNED Py_NO_RETURN "
    "_Py_HOT_FUNCTION _Py_COLD_FUNCTION _Py_THREAD_LOCAL _Py_ALIGN_AS",
    Shape.PARAMETER: "Py_UNUSED",
    Shape.EXPRESSION: "Py_STRINGIFY PyDoc_STR",
}

CAPI_MACROS: Mapping[str, Shape] = MappingProxyType(
    {name: shape for shape, names in _ROWS.items() for name in _words(names)}
)
"""The C API's macros, by name."""

SYSTEM_MACROS: Mapping[str, Shape] = MappingProxyType(
    dict.fromkeys(
        _words(
            "WINAPI CALLBACK APIENTRY __stdcall __cdecl __fastcall STDMETHODCALLTYPE XMLCALL "
            "XMLCALLBACK NTAPI WSAAPI __forceinline FAR NEAR PASCAL __restrict __restrict__ "
            "__extension__ _Noreturn __noreturn _Thread_local thread_local _Complex _Pragma "
            "CURL_EXTERN ZEXPORT ZEXPORTVA "
            "ZEXTERN SQLITE_API BZ_API CFFI_UNUSED CYTHON_INLINE CYTHON_UNUSED CYTHON_NCP_UNUSED "
            "CYTHON_RESTRICT SWIGINTERN SWIGRUNTIME SWIGINLINE SWIGUNUSED SWIGEXPORT "
            "__pragma G_BEGIN_DECLS G_END_DECLS __BEGIN_DECLS __END_DECLS DBUS_BEGIN_DECLS "
            "DBUS_END_DECLS"
        ),
        Shape.SPECIFIER,
    )
)
"""Macros of platform and foreign headers that extensions use, by name."""

TYPE_ARGUMENTS = frozenset(
    _words(
        "PyObject_New PyObject_NEW PyObject_NewVar PyObject_NEW_VAR PyObject_GC_New "
        "PyObject_GC_NewVar PyObject_GC_Resize PyMem_New PyMem_NEW PyMem_Resize PyMem_RESIZE "
        "va_arg __builtin_va_arg "
        "_Py_CAST _Py_STATIC_CAST Py_SAFE_DOWNCAST Py_ARITHMETIC_RIGHT_SHIFT Py_MEMBER_SIZE "
        "__builtin_types_compatible_p __builtin_offsetof container_of _Py_SIZE_ROUND_UP "
        "_Py_RVALUE"
    )
)
"""Macros and builtins of which an argument is a type."""
