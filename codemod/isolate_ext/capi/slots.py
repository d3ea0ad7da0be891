"""The layout of `PyTypeObject` and its suites, and what each slot is given.

Positional initialisers are read by these orders (Python 3 layouts; source: the C API reference).
"""

from __future__ import annotations

from enum import Enum

import msgspec

TYPE_FIELDS: tuple[str, ...] = tuple(
    "ob_base tp_name tp_basicsize tp_itemsize tp_dealloc tp_vectorcall_offset tp_getattr "
    "tp_setattr tp_as_async tp_repr tp_as_number tp_as_sequence tp_as_mapping tp_hash tp_call "
    "tp_str tp_getattro tp_setattro tp_as_buffer tp_flags tp_doc tp_traverse tp_clear "
    "tp_richcompare tp_weaklistoffset tp_iter tp_iternext tp_methods tp_members tp_getset tp_base "
    "tp_dict tp_descr_get tp_descr_set tp_dictoffset tp_init tp_alloc tp_new tp_free tp_is_gc "
    "tp_bases tp_mro tp_cache tp_subclasses tp_weaklist tp_del tp_version_tag tp_finalize "
    "tp_vectorcall".split()
)

SUITES: dict[str, tuple[str, ...]] = {
    "PyNumberMethods": tuple(
        "nb_add nb_subtract nb_multiply nb_remainder nb_divmod nb_power nb_negative nb_positive "
        "nb_absolute nb_bool nb_invert nb_lshift nb_rshift nb_and nb_xor nb_or nb_int nb_reserved "
        "nb_float nb_inplace_add nb_inplace_subtract nb_inplace_multiply nb_inplace_remainder "
        "nb_inplace_power nb_inplace_lshift nb_inplace_rshift nb_inplace_and nb_inplace_xor "
        "nb_inplace_or nb_floor_divide nb_true_divide nb_inplace_floor_divide "
        "nb_inplace_true_divide nb_index nb_matrix_multiply nb_inplace_matrix_multiply".split()
    ),
    "PySequenceMethods": tuple(
        "sq_length sq_concat sq_repeat sq_item was_sq_slice sq_ass_item was_sq_ass_slice "
        "sq_contains sq_inplace_concat sq_inplace_repeat".split()
    ),
    "PyMappingMethods": ("mp_length", "mp_subscript", "mp_ass_subscript"),
    "PyAsyncMethods": ("am_await", "am_aiter", "am_anext", "am_send"),
    "PyBufferProcs": ("bf_getbuffer", "bf_releasebuffer"),
}

SUITE_FIELDS = {
    "tp_as_number": "PyNumberMethods",
    "tp_as_sequence": "PySequenceMethods",
    "tp_as_mapping": "PyMappingMethods",
    "tp_as_async": "PyAsyncMethods",
    "tp_as_buffer": "PyBufferProcs",
}

OFFSET_MEMBERS = {
    "tp_dictoffset": "__dictoffset__",
    "tp_weaklistoffset": "__weaklistoffset__",
    "tp_vectorcall_offset": "__vectorcalloffset__",
}

SPEC_FIELDS = frozenset({"tp_name", "tp_basicsize", "tp_itemsize", "tp_flags"})
"""What goes into `PyType_Spec` itself, not into its slots."""

UNUSED_FIELDS = frozenset(
    "ob_base ob_size ob_refcnt ob_type tp_mro tp_cache tp_subclasses tp_weaklist tp_version_tag "
    "nb_reserved was_sq_slice was_sq_ass_slice".split()
)
"""Fields that a static type must leave empty; they have no slot."""

SLOTS_SINCE = {"am_send": (3, 10), "tp_vectorcall": (3, 14)}
"""First version of a slot where it is younger than the floor of 3.9 (handbook section 5)."""


class Receiver(Enum):
    """What a slot function gets that leads to its own type."""

    SELF = "first parameter is an instance"
    TYPE = "first parameter is the type"
    BINARY = "either of two operands is an instance"
    TERNARY = "any of three operands is an instance"
    TEARDOWN = "an instance, maybe of a type that is being cleared"


TEARDOWN_SLOTS = frozenset(
    "tp_dealloc tp_clear tp_traverse tp_finalize tp_del tp_free tp_is_gc".split()
)
_BINARY = frozenset(
    "nb_add nb_subtract nb_multiply nb_remainder nb_divmod nb_lshift nb_rshift nb_and nb_xor nb_or "
    "nb_floor_divide nb_true_divide nb_matrix_multiply".split()
)


def receiver(slot: str) -> Receiver:
    """How a function in ``slot`` can reach its type (handbook patterns 95 to 97 and 100)."""
    if slot in TEARDOWN_SLOTS:
        return Receiver.TEARDOWN
    if slot in ("tp_new", "tp_alloc"):
        return Receiver.TYPE
    if slot in _BINARY:
        return Receiver.BINARY
    if slot == "nb_power":
        return Receiver.TERNARY
    return Receiver.SELF


class FunctionType(msgspec.Struct, frozen=True):
    """A slot's C function type, as far as the rewriter must write casts or prototypes."""

    result: str
    parameters: str


TRAVERSE = FunctionType("int", "PyObject *self, visitproc visit, void *arg")
