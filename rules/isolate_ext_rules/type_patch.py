"""Slots that are set through a pointer.

What: `type->tp_base = &PyLong_Type;` in a function that is handed static types, or that takes them
out of a table, and readies them later, goes into the initialisers of all these types.

Why: a heap type has its slots from its spec; what is set later has no part in what the type
inherits, and flags that are set anew take away those of a heap type.

Declines when: what is set depends on more than the type, the pointer may lead to other types too,
or a type is copied, filled or given a metaclass.

Handbook patterns 49 and 50.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from isolate_ext.engine import Pass, Preparation, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.extension import Extension
from isolate_ext.model.initialisers import fields_of
from isolate_ext.model.types import StaticType
from isolate_ext.placement.decisions import Decisions
from isolate_ext.placement.refusals import Reason
from isolate_ext.placement.slot_writes import SlotWrite, names_type, slot_writes
from isolate_ext.placement.type_writes import TypeWrite, type_writes
from isolate_ext.text import deletion, replacement
from isolate_ext.text.replacement import Replacement
from isolate_ext_rules.c_text import indent_at, trailing_comment, whole_lines
from isolate_ext_rules.examples import TYPE
from isolate_ext_rules.prototypes import missing_prototype

HANDED = TYPE.replace(
    "static PyMethodDef",
    """static int
add_type(PyObject *module, const char *name, PyTypeObject *type)
{
    type->tp_new = PyType_GenericNew;
    type->tp_flags |= Py_TPFLAGS_BASETYPE;
    if (PyType_Ready(type) < 0) {
        return -1;
    }
    Py_INCREF(type);
    return PyModule_AddObject(module, name, (PyObject *)type);
}

static PyMethodDef""",
).replace("PyType_Ready(&Egg_Type) < 0", 'add_type(m, "Egg", &Egg_Type) < 0')
EXAMPLES = (
    Rewrite(
        HANDED,
        ("{Py_tp_new, PyType_GenericNew},", "Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE |"),
        ("type->tp_new", "type->tp_flags"),
    ),
    Refused(HANDED.replace("    type->tp_new", "    if (*name) type->tp_new"), Reason.TYPE_SHAPE),
    Refused(
        HANDED.replace("type->tp_new = PyType_GenericNew", "Py_SET_TYPE(type, &PyEnum_Type)"),
        Reason.METACLASS,
    ),
)
_GROUP = "type-patch"


class _Changed(msgspec.Struct):
    """What the initialiser of one type is given, by field, with the functions that it then names.

    Flags are added to those that it has.
    """

    type: StaticType
    values: dict[str, str] = msgspec.field(default_factory=dict)
    flags: str = ""
    prototypes: list[str] = msgspec.field(default_factory=list)


def run(pass_: Pass) -> None:
    """What is prepared is gone; the rest is refused."""
    found = type_writes(pass_.extension)
    for key, type_ in pass_.decisions.types.items():
        for write in sorted(found.of(key), key=lambda each: bool(each.member)):
            if not _is_plain_head(write):
                reason, text = _problem(type_.variable.name, write)
                pass_.refuse_node(reason, write.path, write.node, text, key)


def _problem(name: str, write: TypeWrite) -> tuple[Reason, str]:
    if write.member == "ob_type" and not names_type(write):
        return Reason.METACLASS, f"{name} is given a metaclass"
    if not write.member:
        text = f"{name} is copied, filled or changed in parts here, which no slot expresses"
    else:
        text = f"{write.member} of {name} is set here in a way that no slot expresses"
    return Reason.TYPE_SHAPE, text


def _is_plain_head(write: TypeWrite) -> bool:
    """``Py_SET_TYPE(&Foo_Type, &PyType_Type)``, which goes with the other uses of the type."""
    arguments = write.node.child("arguments")
    first = arguments.named[0] if arguments is not None and arguments.named else None
    return names_type(write) and first is not None and first.text[:1] == b"&"


def prepare(extension: Extension, decisions: Decisions) -> Iterator[Preparation]:
    """Put what is set through pointers into the initialisers of the types."""
    changed: dict[str, _Changed] = {}
    slots = [each for each in slot_writes(extension) if _concerns(extension, decisions, each)]
    for slot in slots:
        for type_ in slot.types if slot.value is not None else ():
            _give(extension, changed.setdefault(type_.key, _Changed(type_)), slot)
    edits = [edit for each in changed.values() for edit in _initialised(extension, each)]
    for slot in slots:
        data = extension.files[slot.path].source.data
        gone = deletion(
            slot.path, *whole_lines(data, slot.statement.start, slot.statement.end), _GROUP
        )
        names = ", ".join(each.variable.name for each in slot.types[:3])
        more = f" and {len(slot.types) - 3} more" if len(slot.types) > 3 else ""
        message = f"{slot.field} of {names}{more} was set here; it stands in the initialiser now"
        if slot.value is None:
            message = f"{names}{more} have the metaclass type anyway"
        yield Preparation((gone, *edits), slot.path, slot.statement.start, message)
        edits = []


def _concerns(extension: Extension, decisions: Decisions, slot: SlotWrite) -> bool:
    """Whether one of the types moves, and none of it stands in generated code."""
    paths = {slot.path, *(each.home.path for each in slot.types)}
    moving = any(each.key in decisions.types for each in slot.types)
    return moving and not paths & extension.generated


def _give(extension: Extension, changed: _Changed, slot: SlotWrite) -> None:
    assert slot.value is not None
    text = slot.value.str
    if slot.adds:
        changed.flags = text
        return
    changed.values[slot.field] = text
    home = changed.type.home
    for node in (*slot.value.of_kind("identifier"), slot.value):
        declared = missing_prototype(extension, node.str, home.path, home.start)
        if declared is not None and declared not in changed.prototypes:
            changed.prototypes.append(declared)


def _initialised(extension: Extension, changed: _Changed) -> Iterator[Replacement]:
    home = changed.type.home
    data = extension.files[home.path].source.data
    values = dict(changed.values)
    for entry in fields_of(extension.files[home.path], home):
        where = (home.path, entry.value.start, entry.value.end)
        if entry.field in values:
            yield replacement(*where, values.pop(entry.field).encode(), _GROUP)
        elif entry.field == "tp_flags" and changed.flags:
            text = _joined(entry.value.str, changed.flags)
            yield replacement(*where, text.encode(), _GROUP)
            changed.flags = ""
    if changed.flags:
        values["tp_flags"] = changed.flags
    yield from _appended(home.path, data, changed, values)
    if changed.prototypes:
        text = "".join(f"{each}\n" for each in changed.prototypes)
        yield replacement(home.path, home.start, home.start, f"{text}\n".encode(), _GROUP)


def _joined(flags: str, more: str) -> str:
    """Flags with those that they lack."""
    have = [each.strip() for each in flags.strip("() ").split("|")]
    added = [each.strip() for each in more.strip("() ").split("|") if each.strip() not in have]
    return " | ".join([flags, *added])


def _appended(
    path: str, data: bytes, changed: _Changed, values: dict[str, str]
) -> Iterator[Replacement]:
    """Behind the last value, and the comment that explains it."""
    braces = changed.type.home.initialiser
    if braces is None or not values:
        return
    last = [each for each in braces.named if each.kind != "comment"][-1]
    comma = data[last.end : braces.end].lstrip().startswith(b",")
    margin = indent_at(data, last.start) or "    "
    lines = "".join(f"\n{margin}.{name} = {text}," for name, text in values.items())
    if not comma:
        yield replacement(path, last.end, last.end, f",{lines}".encode(), _GROUP)
        return
    at = trailing_comment(data, data.index(b",", last.end) + 1)[1]
    yield replacement(path, at, at, lines.encode(), _GROUP)


RULE = Rule(
    "type-patch", __doc__, (49, 50), Stage.HEAP_TYPES, Safety.SAFE, run, EXAMPLES, prepare=prepare
)
