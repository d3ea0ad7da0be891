"""What a static type becomes: its slot array, its spec, the members that stand for offsets."""

from __future__ import annotations

import re

from isolate_ext.capi.slots import OFFSET_MEMBERS, SPEC_FIELDS, SUITE_FIELDS, UNUSED_FIELDS
from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import strip_casts
from isolate_ext.model.types import SlotValue, StaticType
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.c_text import (
    conditional,
)
from isolate_ext_rules.includes import include_once
from isolate_ext_rules.spec_declaration import is_static
from isolate_ext_rules.type_names import added, instantiable, spec_name
from isolate_ext_rules.type_pickle import own_table
from isolate_ext_rules.type_traverse import traverse_slots

_OLD_FLAGS = frozenset(
    [
        "Py_TPFLAGS_HAVE_GETCHARBUFFER",
        "Py_TPFLAGS_HAVE_SEQUENCE_IN",
        "Py_TPFLAGS_GC",
        "Py_TPFLAGS_CHECKTYPES",
        "Py_TPFLAGS_HAVE_INPLACEOPS",
        "Py_TPFLAGS_HAVE_RICHCOMPARE",
        "Py_TPFLAGS_HAVE_WEAKREFS",
        "Py_TPFLAGS_HAVE_ITER",
        "Py_TPFLAGS_HAVE_CLASS",
        "Py_TPFLAGS_HAVE_INDEX",
        "Py_TPFLAGS_HAVE_NEWBUFFER",
        "Py_TPFLAGS_HAVE_FINALIZE",
        "Py_TPFLAGS_HAVE_VERSION_TAG",
        "Py_TPFLAGS_HAVE_STACKLESS_EXTENSION",
        "Py_TPFLAGS_READY",
        "Py_TPFLAGS_READYING",
        "Py_TPFLAGS_HEAPTYPE",
    ]
)


def slot_array(pass_: Pass, type_: StaticType) -> str:
    lines = []
    assigned = {each.field for each in type_.assigned}
    written = sorted([*type_.slots.values(), *type_.variants], key=lambda v: v.value.start)
    written.sort(key=lambda v: v.suite is not None)
    values = [v for v in written if v.field not in assigned]
    values += [v for v in type_.assigned if not v.empty]
    for value in values:
        line = _slot_line(pass_, type_, value)
        if line:
            inner = tuple(c for c in value.conditions if c not in type_.home.conditions)
            lines.append(conditional(inner if value.suite is None else (), line))
    for name, function in traverse_slots(pass_, type_):
        lines.append(f"    {{Py_{name}, {function}}},")
    if own_table(pass_, type_):
        lines.append(f"    {{Py_tp_methods, {own_table(pass_, type_)}}},")
    if _own_members(pass_, type_):
        lines.append(f"    {{Py_tp_members, {_own_members(pass_, type_)}}},")
    body = "\n".join([*lines, "    {0, NULL}"])
    return f"static PyType_Slot {_slots_name(pass_, type_)}[] = {{\n{body}\n}};"


def _slots_name(pass_: Pass, type_: StaticType) -> str:
    return added(pass_.decisions, type_, "slots")


def _slot_line(pass_: Pass, type_: StaticType, value: SlotValue) -> str:
    field = value.field
    if field in SPEC_FIELDS | UNUSED_FIELDS | set(SUITE_FIELDS) | set(OFFSET_MEMBERS):
        return ""
    if field in ("tp_base", "tp_alloc", "tp_free", "tp_dict") or field.startswith("ob_"):
        return ""
    if field in ("tp_traverse", "tp_clear") and traverse_slots(pass_, type_):
        if field in dict(traverse_slots(pass_, type_)):
            return ""
    text = strip_casts(value.value).str
    if field == "tp_doc" or strip_casts(value.value).kind not in (
        "identifier",
        "pointer_expression",
    ):
        text = f"(void *){text}"
    return f"    {{Py_{field}, {text}}},"


def _own_members(pass_: Pass, type_: StaticType) -> str:
    """The name of a member table made only for offsets."""
    offsets = any(type_.slot(field) is not None for field in OFFSET_MEMBERS)
    needed = offsets and type_.slot("tp_members") is None
    return added(pass_.decisions, type_, "offsets") if needed else ""


def _offset_rows(type_: StaticType) -> list[str]:
    rows = []
    for field, member in OFFSET_MEMBERS.items():
        value = type_.slot(field)
        if value is not None:
            rows.append(f'{{"{member}", T_PYSSIZET, {value.value.str}, READONLY}},')
    return rows


def offset_table(pass_: Pass, type_: StaticType, group: str) -> str:
    """Offsets as members (patterns 39 to 41), in the type's member table or one of its own."""
    rows = _offset_rows(type_)
    if not rows:
        return ""
    include_once(pass_, type_.home.path, "structmember.h", type_.home.start, Stage.HEAP_TYPES)
    name = _own_members(pass_, type_)
    if name:
        body = "".join(f"    {row}\n" for row in rows)
        return f"static PyMemberDef {name}[] = {{\n{body}    {{NULL}}\n}};"
    members = type_.slot("tp_members")
    table = pass_.extension.variable_named(members.name or "", members.path) if members else None
    values = table.home.initialiser if table is not None else None
    if table is None or values is None or not values.named:
        pass_.refuse(
            Reason.TYPE_SHAPE,
            type_.home.path,
            type_.home.name_start,
            type_.home.name_start,
            f"the member table of {type_.variable.name} was not found",
            type_.key,
        )
        return ""
    at = values.named[0].start
    text = "".join(f"{row}\n    " for row in rows)
    pass_.replace(table.home.path, at, at, text, group, Stage.HEAP_TYPES)
    return ""


def spec(pass_: Pass, type_: StaticType) -> str:
    name, size, item = (type_.slot(f) for f in ("tp_name", "tp_basicsize", "tp_itemsize"))
    assert name is not None
    lines = [f"    .name = {_dotted_name(pass_, type_)},"]
    if size is not None and size.value.str != "0":
        lines.append(f"    .basicsize = {size.value.str},")
    if item is not None:
        lines.append(f"    .itemsize = {item.value.str},")
    lines.append(f"    .flags = {_flags(pass_, type_)},")
    lines.append(f"    .slots = {_slots_name(pass_, type_)},")
    storage = "static " if is_static(pass_, type_) else ""
    body = "\n".join(lines)
    return f"{storage}PyType_Spec {spec_name(pass_.decisions, type_)} = {{\n{body}\n}};"


def prefix_of_others(pass_: Pass, type_: StaticType) -> str:
    """``PREFIX "Egg"`` where another type is named ``PREFIX ".Bacon"``: the dot was forgotten."""
    name = type_.slot("tp_name")
    match = re.fullmatch(r'([A-Z]\w*)\s*"\w+"', name.value.str) if name is not None else None
    dotted = re.compile(rf'{match[1]}\s*"\.\w+"') if match else None
    others = [each.slot("tp_name") for each in pass_.decisions.all_types.values()]
    found = dotted and any(each and dotted.fullmatch(each.value.str) for each in others)
    return match[1] if match and found else ""


def _dotted_name(pass_: Pass, type_: StaticType) -> str:
    """The name as written; one without a module gets the one the other types are in (31)."""
    name = type_.slot("tp_name")
    assert name is not None
    prefix = prefix_of_others(pass_, type_) if type_.name is None else ""
    if prefix:
        text = f"{type_.variable.name} is named with a dot after {prefix} now, as other types are"
        pass_.note(type_.home.path, name.value.start, text, review=True)
        return name.value.str.replace('"', '".', 1)
    if type_.name is None or "." in type_.name:
        return strip_casts(name.value).str
    modules = [
        each.name.rpartition(".")[0]
        for each in pass_.decisions.all_types.values()
        if each.name is not None and "." in each.name
    ]
    module = max(modules, key=modules.count) if modules else pass_.decisions.init.name
    pass_.note(
        type_.home.path,
        name.value.start,
        f"{type_.name!r} is named {module}.{type_.name} now: __module__ was 'builtins'",
        review=True,
    )
    return f'"{module}.{type_.name}"'


def _written(pass_: Pass, type_: StaticType, found: SlotValue) -> bytes:
    """A value with all that stands up to its comma, `#if` lines included."""
    data = pass_.parsed(found.path).source.data
    following = [
        each.value.start
        for each in (*type_.slots.values(), *type_.variants)
        if each.suite is None and each.path == found.path and each.value.start > found.value.start
    ]
    end = min([*following, type_.home.end])
    text = data[found.value.start : end]
    depth = 0
    for index, char in enumerate(text):
        depth += (char in b"(") - (char in b")")
        if char == 0x2C and depth == 0:
            return text[:index].rstrip()
    return data[found.value.start : found.value.end]


def _conditional_flags(pass_: Pass, type_: StaticType, found: SlotValue) -> str:
    """Flags with `#if` lines among them, kept as written behind those that are added."""
    kept = _written(pass_, type_, found).decode("latin-1")
    return f"{' | '.join(_added_flags(pass_, type_))} |\n        {kept}\n        "


def _added_flags(pass_: Pass, type_: StaticType) -> list[str]:
    wanted = []
    if not type_.has_flag("HAVE_GC") and traverse_slots(pass_, type_):
        wanted.append("Py_TPFLAGS_HAVE_GC")
    if not instantiable(type_):
        wanted.append("Py_TPFLAGS_DISALLOW_INSTANTIATION")
    return [*wanted, "Py_TPFLAGS_IMMUTABLETYPE"]


def _flags(pass_: Pass, type_: StaticType) -> str:
    found = type_.slot("tp_flags")
    if found is not None and found.assignment is None and b"#" in _written(pass_, type_, found):
        return _conditional_flags(pass_, type_, found)
    words = (
        [w.strip() for w in found.value.str.strip("() ").split("|")] if found is not None else []
    )
    kept = [w for w in words if w not in _OLD_FLAGS and w not in ("0", "")]
    if "Py_TPFLAGS_DEFAULT" not in kept and not any(not w.startswith("Py_TPFLAGS") for w in kept):
        kept.insert(0, "Py_TPFLAGS_DEFAULT")
    kept += [flag for flag in _added_flags(pass_, type_) if flag not in kept]
    text = " | ".join(kept)
    if len(text) <= 66:
        return text
    rows, row = [], ""
    for flag in kept:
        candidate = f"{row} | {flag}" if row else flag
        if len(candidate) > 62 and row:
            rows.append(row + " |")
            candidate = flag
        row = candidate
    return "\n              ".join([*rows, row]).replace("\n", "\n")
