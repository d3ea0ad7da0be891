"""Static type definitions.

What: a `PyTypeObject` initialiser becomes a slot array and a `PyType_Spec`; suites are flattened,
offsets become members, flags are kept, and those that a heap type needs are added.

Why: a static type is shared by every interpreter; its dict, subclasses and cached lookups are not
protected by any one GIL.

Declines when: a metaclass, an allocator of its own, a `tp_dict`, several bases, or a name that is
no literal stands in the initialiser.

Handbook patterns 20 to 22, 31 to 34, 38 to 46, 48 and 49.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from isolate_ext.capi.slots import OFFSET_MEMBERS, SPEC_FIELDS, SUITE_FIELDS, UNUSED_FIELDS
from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Declaration, strip_casts
from isolate_ext.model.types import SlotValue, StaticType
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import (
    conditional,
    remove_declaration,
    remove_statement,
    statement_of,
    with_blank_line,
)
from isolate_ext_rules.examples import TYPE, module
from isolate_ext_rules.type_names import instantiable, spec_name, stem
from isolate_ext_rules.type_pickle import own_table, own_table_text
from isolate_ext_rules.type_ready import creation_sites
from isolate_ext_rules.type_traverse import traverse_slots, traverse_text
from isolate_ext_rules.verify_types import verify_specs

EXAMPLES = (
    Rewrite(
        TYPE,
        (
            "{Py_tp_dealloc, Egg_dealloc},",
            '.name = "spam.Egg"',
            "Py_TPFLAGS_DISALLOW_INSTANTIATION",
            "Py_TPFLAGS_IMMUTABLETYPE",
            "Py_TPFLAGS_HAVE_GC",
        ),
        ("PyVarObject_HEAD_INIT",),
    ),
    Refused(
        module(
            "static PyTypeObject Egg_Type = {PyVarObject_HEAD_INIT(&PyEnum_Type, 0) "
            '"spam.Egg", sizeof(PyObject)};',
            "",
            "PyType_Ready(&Egg_Type);",
        ),
        Reason.METACLASS,
    ),
)
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
_DEFAULT_ALLOC = {"PyType_GenericAlloc", "_PyObject_GC_Alloc"}
_DEFAULT_FREE = {
    "PyObject_Del",
    "_PyObject_Del",
    "PyObject_Free",
    "PyObject_GC_Del",
    "_PyObject_GC_Del",
}
_DECIDING = frozenset(
    "tp_name tp_basicsize tp_itemsize tp_flags tp_base tp_new tp_dealloc tp_traverse tp_clear "
    "tp_free tp_alloc tp_dictoffset tp_weaklistoffset tp_vectorcall_offset".split()
)
"""Slots on which other text depends, so that one value must hold everywhere."""
_POINTER_SLOTS = {"tp_doc", "tp_methods", "tp_members", "tp_getset"}


def run(pass_: Pass) -> None:
    for type_ in pass_.decisions.types.values():
        if _acceptable(pass_, type_):
            _rewrite(pass_, type_)


def _acceptable(pass_: Pass, type_: StaticType) -> bool:
    home = type_.home
    at = (home.path, home.name_start, home.name_start + len(home.name))
    key = type_.key

    def refuse(reason: Reason, text: str) -> bool:
        pass_.refuse(reason, *at, f"{home.name} {text}", key)
        return False

    parsed = pass_.parsed(home.path)
    if parsed.fenced(home.start, home.end):
        return refuse(Reason.FENCED, "stands in code that was not parsed")
    if len([d for d in type_.variable.definitions if d.initialiser is not None]) > 1:
        return refuse(Reason.TYPE_SHAPE, "is defined more than once")
    if home.siblings > 1 or home.ctype.arrays:
        return refuse(Reason.TYPE_SHAPE, "is declared together with others")
    name = type_.slot("tp_name")
    if name is None:
        return refuse(Reason.NOT_A_LITERAL, "has no name in its initialiser")
    if type_.name is None and "." not in name.value.str and not _prefix_of_others(pass_, type_):
        return refuse(Reason.NOT_A_LITERAL, f"is named by {name.value.str}, which is no literal")
    return _slots_acceptable(type_, refuse)


def _slots_acceptable(type_: StaticType, refuse: Callable[[Reason, str], bool]) -> bool:
    head = type_.slots.get("ob_base")
    if head is not None:
        data = head.value.data[head.value.start : head.value.start + 80]
        match = re.match(rb"Py(?:Var)?Object_HEAD_INIT\(\s*([^,)]*)", data)
        if match and match[1].strip() not in (
            b"NULL",
            b"0",
            b"&PyType_Type",
            b"(&PyType_Type",
            b"",
        ):
            return refuse(Reason.METACLASS, f"has the metaclass {match[1].decode()}")
    for each in [*type_.slots.values(), *type_.assigned]:
        name = each.name or ""
        if each.field == "tp_alloc" and name not in _DEFAULT_ALLOC:
            return refuse(Reason.ALLOCATOR, "has a tp_alloc of its own")
        if each.field == "tp_free" and name not in _DEFAULT_FREE:
            return refuse(Reason.ALLOCATOR, "has a tp_free of its own")
        if each.field in ("tp_bases", "tp_dict", "tp_mro", "tp_cache"):
            return refuse(Reason.TYPE_SHAPE, f"sets {each.field}")
        if (
            each.field in ("ob_base", "ob_type")
            and each.assignment is not None
            and name != "PyType_Type"
        ):
            return refuse(Reason.METACLASS, "is given a metaclass")
        if each.field.startswith("#"):
            return refuse(Reason.TYPE_SHAPE, "has more values than a type has fields")
        if each.field in OFFSET_MEMBERS and "offsetof" not in each.value.str:
            return refuse(Reason.TYPE_SHAPE, f"has a {each.field} that is no offsetof")
        if each.field in SUITE_FIELDS and not type_.suites:
            return refuse(Reason.TYPE_SHAPE, f"has a {each.field} that was not found")
    for each in type_.variants:
        if each.field in _DECIDING or not each.conditions:
            return refuse(Reason.TYPE_SHAPE, f"sets {each.field} twice")
    return True


def _rewrite(pass_: Pass, type_: StaticType) -> None:
    home = type_.home
    group = f"type:{type_.key}"
    data = pass_.parsed(home.path).source.data
    traverse = traverse_text(pass_, type_, stem(type_))
    text = "\n\n".join(
        part
        for part in (
            traverse,
            own_table_text(pass_, type_, stem(type_)),
            _offset_table(pass_, type_, group),
            _slot_array(pass_, type_),
            _spec(pass_, type_),
        )
        if part
    )
    pass_.replace(home.path, home.start, home.end, text, group, Stage.HEAP_TYPES)
    variable = type_.variable
    for declaration in variable.definitions + variable.declarations:
        if declaration is not home:
            _forward(pass_, type_, declaration, group)
    for key in type_.suites:
        suite = pass_.extension.variables[key]
        owners = [t for t in pass_.decisions.all_types.values() if key in t.suites]
        if all(owner.key in pass_.decisions.types for owner in owners):
            for use in pass_.extension.uses_of(key):
                if use.node is not None and use.inside is not None:
                    _patched(pass_, use.node, use.path, type_, group)
            for declaration in suite.definitions + suite.declarations:
                start, end = with_blank_line(
                    pass_.parsed(declaration.path).source.data, declaration.start, declaration.end
                )
                pass_.replace(declaration.path, start, end, b"", group, Stage.HEAP_TYPES)
    del data


def _patched(pass_: Pass, node: Node, path: str, type_: StaticType, group: str) -> None:
    """A suite's member assigned in the init function is a slot already; the statement goes."""
    statement = statement_of(node)
    if not re.match(rf"{re.escape(node.str)}\s*\.\s*\w+\s*=[^=]", statement.str):
        return
    block = statement.parent
    if block is None or block.parent is None or block.parent.kind != "function_definition":
        pass_.refuse_node(
            Reason.TYPE_SHAPE, path, statement, f"{node.str} is changed conditionally", type_.key
        )
        return
    remove_statement(pass_, path, statement, group, Stage.HEAP_TYPES)


def _forward(pass_: Pass, type_: StaticType, declaration: Declaration, group: str) -> None:
    """A forward declaration of the type is one of the spec, where that is still needed."""
    if needs_spec_declaration(pass_, type_, declaration.path) and declaration.siblings == 1:
        storage = "static" if declaration.static else "extern"
        text = f"{storage} PyType_Spec {spec_name(type_)};"
        pass_.replace(
            declaration.path, declaration.start, declaration.end, text, group, Stage.HEAP_TYPES
        )
    else:
        remove_declaration(pass_, declaration, group, Stage.HEAP_TYPES)


def needs_spec_declaration(pass_: Pass, type_: StaticType, path: str) -> bool:
    """Whether the type is made before its spec is defined, or in another file."""
    home = type_.home
    return any(
        site_path != home.path or offset < home.start
        for site_path, offset in creation_sites(pass_, type_)
    )


def _slot_array(pass_: Pass, type_: StaticType) -> str:
    lines = []
    assigned = {each.field for each in type_.assigned}
    written = sorted([*type_.slots.values(), *type_.variants], key=lambda v: v.value.start)
    written.sort(key=lambda v: v.suite is not None)
    values = [v for v in written if v.field not in assigned] + type_.assigned
    for value in values:
        line = _slot_line(pass_, type_, value)
        if line:
            inner = tuple(c for c in value.conditions if c not in type_.home.conditions)
            lines.append(conditional(inner if value.suite is None else (), line))
    for name, function in traverse_slots(pass_, type_, stem(type_)):
        lines.append(f"    {{Py_{name}, {function}}},")
    if own_table(pass_, type_):
        lines.append(f"    {{Py_tp_methods, {own_table(pass_, type_)}}},")
    if _own_members(type_):
        lines.append(f"    {{Py_tp_members, {_own_members(type_)}}},")
    body = "\n".join([*lines, "    {0, NULL}"])
    return f"static PyType_Slot {stem(type_)}_slots[] = {{\n{body}\n}};"


def _slot_line(pass_: Pass, type_: StaticType, value: SlotValue) -> str:
    field = value.field
    if field in SPEC_FIELDS | UNUSED_FIELDS | set(SUITE_FIELDS) | set(OFFSET_MEMBERS):
        return ""
    if field in ("tp_base", "tp_alloc", "tp_free") or field.startswith("ob_"):
        return ""
    if field in ("tp_traverse", "tp_clear") and traverse_slots(pass_, type_, stem(type_)):
        if field in dict(traverse_slots(pass_, type_, stem(type_))):
            return ""
    text = strip_casts(value.value).str
    if field == "tp_doc" or strip_casts(value.value).kind not in (
        "identifier",
        "pointer_expression",
    ):
        text = f"(void *){text}"
    return f"    {{Py_{field}, {text}}},"


def _own_members(type_: StaticType) -> str:
    """The name of a member table made only for offsets."""
    offsets = any(type_.slot(field) is not None for field in OFFSET_MEMBERS)
    return f"{stem(type_)}_offsets" if offsets and type_.slot("tp_members") is None else ""


def _offset_rows(type_: StaticType) -> list[str]:
    rows = []
    for field, member in OFFSET_MEMBERS.items():
        value = type_.slot(field)
        if value is not None:
            rows.append(f'{{"{member}", T_PYSSIZET, {value.value.str}, READONLY}},')
    return rows


def _offset_table(pass_: Pass, type_: StaticType, group: str) -> str:
    """Offsets as members (patterns 39 to 41), in the type's member table or one of its own."""
    rows = _offset_rows(type_)
    if not rows:
        return ""
    _include_members(pass_, type_, group)
    name = _own_members(type_)
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


def _include_members(pass_: Pass, type_: StaticType, group: str) -> None:
    path = type_.home.path
    reached = next(files for files in pass_.extension.units.values() if path in files)
    for each in reached:
        parsed = pass_.parsed(each)
        for include in parsed.scan.includes:
            conditions = parsed.conditions(include.span[0])
            if include.name.endswith("structmember.h") and all(c.verdict for c in conditions):
                return
    parsed = pass_.parsed(path)
    for include in reversed(parsed.scan.includes):
        conditions = parsed.conditions(include.span[0])
        if include.span[0] < type_.home.start and all(c.verdict for c in conditions):
            at = parsed.source.data.find(b"\n", include.span[0]) + 1
            pass_.replace(
                path, at, at, "#include <structmember.h>\n", f"include:{path}", Stage.HEAP_TYPES
            )
            return


def _spec(pass_: Pass, type_: StaticType) -> str:
    home = type_.home
    name, size, item = (type_.slot(f) for f in ("tp_name", "tp_basicsize", "tp_itemsize"))
    assert name is not None
    lines = [f"    .name = {_dotted_name(pass_, type_)},"]
    if size is not None and size.value.str != "0":
        lines.append(f"    .basicsize = {size.value.str},")
    if item is not None:
        lines.append(f"    .itemsize = {item.value.str},")
    lines.append(f"    .flags = {_flags(pass_, type_)},")
    lines.append(f"    .slots = {stem(type_)}_slots,")
    storage = "static " if home.static or not _crosses_files(pass_, type_) else ""
    body = "\n".join(lines)
    return f"{storage}PyType_Spec {spec_name(type_)} = {{\n{body}\n}};"


def _prefix_of_others(pass_: Pass, type_: StaticType) -> str:
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
    prefix = _prefix_of_others(pass_, type_) if type_.name is None else ""
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


def _crosses_files(pass_: Pass, type_: StaticType) -> bool:
    units = pass_.extension.units_of([type_.home.path])
    return any(
        units != pass_.extension.units_of([path]) for path, _ in creation_sites(pass_, type_)
    ) or any(
        not each.static and needs_spec_declaration(pass_, type_, each.path)
        for each in (*type_.variable.definitions, *type_.variable.declarations)
        if each is not type_.home
    )


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
    if not type_.has_flag("HAVE_GC") and traverse_slots(pass_, type_, stem(type_)):
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


RULE = Rule(
    "static-type",
    __doc__,
    (20, 21, 22, 31, 32, 33, 34, 38, 39, 40, 41, 42, 43, 44, 45, 46, 48, 49),
    Stage.HEAP_TYPES,
    Safety.SAFE,
    run,
    EXAMPLES,
    verify=verify_specs,
)
