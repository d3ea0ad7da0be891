"""What functions and macros of others do with the memory that an argument leads to."""

from __future__ import annotations

import re

_READERS = frozenset(
    "strlen strnlen strcmp strncmp strcasecmp strncasecmp strcoll memcmp wcslen wcscmp atoi atol "
    "atof getenv puts fputs printf fprintf vprintf vfprintf fwrite write open fopen access perror "
    "free PyMem_Free PyMem_FREE PyMem_Del PyMem_DEL PyMem_RawFree PyObject_Free PyObject_FREE "
    "assert Py_ARRAY_LENGTH Py_UNUSED FD_ISSET".split()
)
_FILLERS = frozenset(
    "memset memcpy memmove strcpy strncpy strcat strncat sprintf vsprintf snprintf vsnprintf "
    "PyOS_snprintf PyOS_vsnprintf fgets fread qsort bzero wcscpy wcsncpy".split()
)
"""They write what their first argument points to."""

_OUTPUTS = {
    "PyArg_Parse": 2,
    "PyArg_ParseTuple": 2,
    "PyArg_ParseTupleAndKeywords": 4,
    "PyArg_UnpackTuple": 4,
    "PyArg_VaParse": 2,
    "_PyArg_ParseStack": 3,
    "_PyArg_UnpackStack": 5,
    "sscanf": 2,
    "scanf": 1,
    "fscanf": 2,
    "time": 0,
    "read": 1,
    "recv": 1,
    "PyErr_Fetch": 0,
    "PyErr_NormalizeException": 0,
    "PyDict_Next": 1,
    "PyBytes_AsStringAndSize": 1,
    "PyObject_GetBuffer": 1,
    "FD_SET": 1,
    "FD_CLR": 1,
    "FD_ZERO": 0,
}
"""They write what their arguments from this position on point to."""

_INTO = {
    "memchr": 0,
    "memcpy": 0,
    "memmove": 0,
    "strcpy": 0,
    "strncpy": 0,
    "strcat": 0,
    "strncat": 0,
    "strchr": 0,
    "strrchr": 0,
    "strstr": 0,
    "strpbrk": 0,
    "wcschr": 0,
    "bsearch": 1,
    "PyDoc_STR": 0,
}
"""Their result points into the memory of this argument."""

_API_READERS = re.compile(
    r"Py(Unicode|Bytes|ByteArray|Float|Complex)_(From|Intern|New)\w*"
    r"|PyUnicode_(AsEncoded|Decode(?!\w*Stateful)|Compare)\w*|PyLong_(From(?!String|Unicode))\w*"
    r"|PyErr_(Set|Format|Warn|NewException|Print|WriteUnraisable|BadInternalCall)\w*"
    r"|PyModule_Add(IntConstant|StringConstant|Object|ObjectRef|Functions|Type)?"
    r"|PyModule_(SetDocString|New|Create2?|GetName)|_?Py_(Va)?Build(_?Value)\w*"
    r"|Py_FatalError|PySys_\w+|Py(Object|Dict|Mapping)_(Get|Set|Has|Del)(Attr|Item)String(Ref)?"
    r"|PyObject_Call(Function|Method)|PyEval_Call(Function|Method)|PyRun_\w+|PyImport_\w+"
    r"|PyCapsule_(Import|IsValid|GetPointer)|PyStructSequence_(InitType2?|NewType)"
    r"|PyType_(FromSpec\w*|FromModuleAndSpec)|PyDescr_New\w+|PyCFunction_New\w*"
)
PURE = frozenset(
    "memset memcpy memmove strlen strcmp strncmp memcmp assert offsetof abs labs fabs sqrt cbrt "
    "exp exp2 expm1 log log2 log10 log1p pow sin cos tan asin acos atan atan2 sinh cosh tanh asinh "
    "acosh atanh floor ceil trunc round fmod ldexp frexp hypot copysign Py_ARRAY_LENGTH "
    "Py_CHARMASK".split()
)
"""Their results depend on nothing but their arguments, and they touch no other memory."""

_CONVERTER = re.compile(rb'"[^"\n]*O&')
_ASSIGNING = re.compile(r"Py_X?SETREF|Py_CLEAR|PyMem_(Resize|RESIZE)|va_\w+|[A-Z][A-Z0-9_]*")
_READ_MEMBERS = frozenset(
    "m_name m_doc ml_name ml_doc tp_name tp_doc format shape strides suboffsets".split()
)


def written(name: str, position: int, call: bytes = b"") -> bool | None:
    """Whether a function of others writes there and keeps no pointer; None where nothing is known.

    False is a promise that it reads at most.  ``call`` is the text of the call.
    """
    if name in _FILLERS:
        return position == 0
    if name in _OUTPUTS:
        return position >= _OUTPUTS[name]
    if name in _READERS or name in _INTO:
        return False
    if _API_READERS.fullmatch(name):
        return None if _CONVERTER.search(call) else False
    return None


def points_into(name: str) -> int | None:
    """The position of the argument whose memory the result points into."""
    return _INTO.get(name)


def assigns(name: str) -> bool:
    """Whether it may be a macro that assigns its argument, as names in capitals may."""
    return name not in _READERS and _ASSIGNING.fullmatch(name) is not None


def only_read(member: str) -> bool:
    """Whether nobody writes what such a member of the C API's structs points to."""
    return member in _READ_MEMBERS
