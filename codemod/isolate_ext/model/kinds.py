"""What a variable with static storage holds (handbook section 3, C1 to C5, by its type)."""

from __future__ import annotations

from isolate_ext.capi.slots import SUITES
from isolate_ext.model.entities import CType, Kind
from isolate_ext.model.structs import Structs

_TABLES = frozenset(
    "PyMethodDef PyGetSetDef PyMemberDef PyModuleDef_Slot PyType_Slot PyType_Spec "
    "PyStructSequence_Field PyStructSequence_Desc".split()
)
_LOCKS = frozenset(
    "PyThread_type_lock PyMutex pthread_mutex_t pthread_rwlock_t CRITICAL_SECTION".split()
)


def kind_of(ctype: CType, structs: Structs) -> Kind:
    """The kind by type alone; whether plain data is ever written is the model's next question."""
    base = ctype.base.removeprefix("struct ")
    if base == "PyModuleDef":
        return Kind.MODULE_DEF
    if base in _TABLES:
        return Kind.TABLE
    if base in SUITES and not ctype.pointers:
        return Kind.SUITE
    if base == "_PyArg_Parser":
        return Kind.ARG_PARSER
    if base == "_Py_Identifier":
        return Kind.IDENTIFIER
    if base in _LOCKS:
        return Kind.LOCK
    if base in ("PyTypeObject", "_typeobject") and not ctype.pointers:
        return Kind.TYPE
    under = structs.resolve(ctype)
    if under.function_pointer:
        return Kind.FUNCTION_POINTER
    if structs.is_object_pointer(ctype):
        return Kind.OBJECT_ARRAY if under.arrays else Kind.OBJECT
    if not under.pointers and structs.is_object(under.base):
        return Kind.INSTANCE
    if structs.holds_objects(ctype) and not ctype.const:
        return Kind.OBJECT_STRUCT
    return Kind.CONSTANT if ctype.const else Kind.PLAIN
