"""C types as the debug information describes them (DWARF 5, chapter 5)."""

from __future__ import annotations

from collections.abc import Iterator

from elftools.dwarf.die import DIE

from isolate_ext.capi.slots import SUITES
from isolate_ext.verify.binary.records import Holds

_QUALIFIERS = {
    "DW_TAG_const_type": "const",
    "DW_TAG_volatile_type": "volatile",
    "DW_TAG_restrict_type": "restrict",
    "DW_TAG_atomic_type": "_Atomic",
}
_KEYWORDS = {
    "DW_TAG_structure_type": "struct ",
    "DW_TAG_union_type": "union ",
    "DW_TAG_enumeration_type": "enum ",
    "DW_TAG_class_type": "",
}
_AGGREGATES = frozenset({"DW_TAG_structure_type", "DW_TAG_union_type", "DW_TAG_class_type"})
_POINTERS = {
    "DW_TAG_pointer_type": "*",
    "DW_TAG_reference_type": "&",
    "DW_TAG_rvalue_reference_type": "&&",
}
_TABLES = frozenset(
    "PyMethodDef PyGetSetDef PyMemberDef PyModuleDef_Slot PyType_Slot PyType_Spec "
    "PyStructSequence_Field PyStructSequence_Desc".split()
)
_NAMED = {
    **dict.fromkeys((*_TABLES, *SUITES), Holds.TABLE),
    "PyModuleDef": Holds.MODULE_DEF,
    "PyTypeObject": Holds.TYPE,
    "_typeobject": Holds.TYPE,
    "_PyArg_Parser": Holds.ARG_PARSER,
    "_Py_Identifier": Holds.IDENTIFIER,
    "PyObject": Holds.INSTANCE,
    "_object": Holds.INSTANCE,
}
_PARTS = frozenset({"DW_TAG_member", "DW_TAG_inheritance"})
_STRENGTH = tuple(Holds)


def type_of(die: DIE) -> DIE | None:
    """The type of a variable or member, or what a type is made from; None for ``void``."""
    return die.get_DIE_from_attribute("DW_AT_type") if "DW_AT_type" in die.attributes else None


def name_of(die: DIE) -> str:
    """The name; empty for what has none."""
    attribute = die.attributes.get("DW_AT_name")
    return attribute.value.decode("utf-8", "replace") if attribute is not None else ""


def spelled(die: DIE | None, inner: str = "") -> str:
    """The type as C text, around the declarator ``inner``."""
    if die is None:
        return _joined("void", inner)
    if die.tag in _POINTERS:
        return _derived(type_of(die), _POINTERS[die.tag] + inner)
    if die.tag == "DW_TAG_array_type":
        bounds = "".join(f"[{'' if n is None else n}]" for n in dimensions(die))
        return spelled(type_of(die), f"{inner}{bounds}")
    if die.tag == "DW_TAG_subroutine_type":
        return spelled(type_of(die), f"{inner}({_parameters(die)})")
    if die.tag in _QUALIFIERS:
        target = type_of(die)
        if target is not None and target.tag in _POINTERS:
            qualified = f"{_POINTERS[target.tag]}{_joined(_QUALIFIERS[die.tag], inner)}"
            return _derived(type_of(target), qualified)
        if target is not None and target.tag == "DW_TAG_array_type" and is_constant(target):
            return spelled(target, inner)
        return f"{_QUALIFIERS[die.tag]} {spelled(target, inner)}"
    keyword = _KEYWORDS.get(str(die.tag), "")
    return _joined(keyword + (name_of(die) or "{...}"), inner)


def _derived(target: DIE | None, inner: str) -> str:
    grouped = target is not None and target.tag in ("DW_TAG_array_type", "DW_TAG_subroutine_type")
    return spelled(target, f"({inner})" if grouped else inner)


def _joined(base: str, inner: str) -> str:
    return base + inner if not inner or inner[0] == "[" else f"{base} {inner}"


def _parameters(die: DIE) -> str:
    found = [
        "..." if child.tag == "DW_TAG_unspecified_parameters" else spelled(type_of(child))
        for child in die.iter_children()
        if child.tag in ("DW_TAG_formal_parameter", "DW_TAG_unspecified_parameters")
    ]
    return ", ".join(found) or "void"


def dimensions(array: DIE) -> Iterator[int | None]:
    """The number of elements for each dimension; None where it is open."""
    for child in array.iter_children():
        if child.tag != "DW_TAG_subrange_type":
            continue
        for name, more in (("DW_AT_count", 0), ("DW_AT_upper_bound", 1)):
            attribute = child.attributes.get(name)
            if attribute is not None and isinstance(attribute.value, int):
                yield attribute.value + more
                break
        else:
            yield None


def size_of(die: DIE | None, pointer: int) -> int:
    """Bytes that a value takes, with pointers of ``pointer`` bytes; 0 where it is not said."""
    if die is None:
        return 0
    given = die.attributes.get("DW_AT_byte_size")
    if given is not None and isinstance(given.value, int):
        return given.value
    if die.tag in _POINTERS:
        return pointer
    size = size_of(type_of(die), pointer)
    if die.tag == "DW_TAG_array_type":
        for count in dimensions(die):
            size *= count or 0
    return size


def is_constant(die: DIE | None) -> bool:
    """Whether a value of the type cannot be assigned to, by ``const`` on it or its elements."""
    while die is not None:
        if die.tag == "DW_TAG_const_type":
            return True
        if die.tag not in ("DW_TAG_typedef", "DW_TAG_array_type", *_QUALIFIERS):
            return False
        die = type_of(die)
    return False


def holds(die: DIE | None, follow: bool = True) -> Holds:
    """What a value of the type holds: the strongest of what its parts hold.

    Typedefs, arrays, structs and unions are looked through.  One pointer that is none to an object
    is followed, if ``follow``: what it leads to counts as held indirectly.
    """
    if die is None:
        return Holds.NOTHING
    named = _NAMED.get(name_of(die))
    if named is not None:
        return named
    if die.tag in _POINTERS:
        return _pointed(type_of(die), follow)
    if die.tag in _AGGREGATES:
        return _aggregate(die, follow)
    if die.tag in ("DW_TAG_typedef", "DW_TAG_array_type", *_QUALIFIERS):
        return holds(type_of(die), follow)
    return Holds.NOTHING


def _pointed(target: DIE | None, follow: bool) -> Holds:
    if _is_object(target):
        return Holds.OBJECTS
    return Holds.INDIRECT if follow and holds(target, follow=False).object else Holds.NOTHING


def _is_object(die: DIE | None) -> bool:
    """A struct that begins as a Python object does."""
    while die is not None:
        named = _NAMED.get(name_of(die))
        if named is not None:
            return named in (Holds.TYPE, Holds.INSTANCE)
        if die.tag in ("DW_TAG_structure_type", "DW_TAG_class_type"):
            first = next((child for child in die.iter_children() if child.tag in _PARTS), None)
            die = type_of(first) if first is not None else None
        elif die.tag == "DW_TAG_typedef" or die.tag in _QUALIFIERS:
            die = type_of(die)
        else:
            return False
    return False


def _aggregate(die: DIE, follow: bool) -> Holds:
    if _is_object(die):
        return Holds.INSTANCE
    parts = (
        holds(type_of(child), follow)
        for child in die.iter_children()
        if child.tag in _PARTS and "DW_AT_external" not in child.attributes
    )
    return min(parts, key=_STRENGTH.index, default=Holds.NOTHING)
