"""The module definition: its slots, the size of its state, its hooks."""

from __future__ import annotations

from collections.abc import Mapping

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import Declaration, Entry, Kind
from isolate_ext.model.initialisers import fields_of
from isolate_ext_rules.api_version import api_version
from isolate_ext_rules.c_text import with_blank_line
from isolate_ext_rules.home import definition_name
from isolate_ext_rules.load_once import guarded_hooks, keep_function, keeps, loads_once
from isolate_ext_rules.module_hooks import hook_fields, hook_functions
from isolate_ext_rules.state_needs import exports_definition

GROUP = "init"
_LIMITED = (
    "built for a limited API older than the slot, it does not say that it may run in interpreters "
    "with their own GIL, and those do not import it"
)


def write_definition(pass_: Pass) -> None:
    init, names = pass_.decisions.init, pass_.decisions.names
    home = init.def_declaration
    assert home is not None and init.module_def is not None
    parsed = pass_.parsed(home.path)
    present = {e.field: e for e in fields_of(parsed, home)}
    prototype = f"static int {names.exec_function}(PyObject *);"
    hooks, hook_names = _hooks(pass_, present)
    parts = (hooks, keep_function(pass_), prototype, _slots(pass_))
    text = "\n\n".join(part for part in parts if part)
    values = ["PyModuleDef_HEAD_INIT,"]
    values.append(f".m_name = {present['m_name'].value.str}," if "m_name" in present else "")
    if "m_doc" in present and not present["m_doc"].empty:
        values.append(f".m_doc = {present['m_doc'].value.str},")
    values.append(f".m_size = {_size(pass_, present)},")
    if "m_methods" in present and not present["m_methods"].empty:
        values.append(f".m_methods = {present['m_methods'].value.str},")
    values.append(f".m_slots = {names.slots},")
    for field, function in hook_names.items():
        values.append(f".{field} = {function},")
    body = "\n".join(f"    {value}" for value in values if value)
    storage = "" if exports_definition(pass_) else "static "
    whole = f"{storage}struct PyModuleDef {definition_name(pass_)} = {{\n{body}\n}};"
    if init.module_def.function is None:
        pass_.replace(home.path, home.start, home.end, f"{text}\n\n{whole}", GROUP, Stage.ISOLATED)
        for other in init.module_def.definitions + init.module_def.declarations:
            if other is not home and exports_definition(pass_):
                start, end = with_blank_line(parsed.source.data, other.start, other.end)
                pass_.replace(other.path, start, end, b"", GROUP, Stage.ISOLATED)
        return
    _move_out(pass_, home, init.creator.start, f"{text}\n\n{whole}")


def complete_definition(pass_: Pass) -> None:
    """A module that has slots already: the state's size, its hooks, the interpreters slot."""
    init = pass_.decisions.init
    home = init.def_declaration
    if home is None or init.slots is None:
        return
    if not pass_.decisions.fields:
        _complete_slots(pass_)
        return
    parsed = pass_.parsed(home.path)
    present = {e.field: e for e in fields_of(parsed, home)}
    hooks = hook_functions(pass_)
    values = ["PyModuleDef_HEAD_INIT,"]
    for field in ("m_name", "m_doc", "m_size", "m_methods", "m_slots"):
        text = _size(pass_, present) if field == "m_size" else None
        if text is not None or (field in present and not present[field].empty):
            values.append(f".{field} = {text or present[field].value.str},")
    for field, function in hook_fields(pass_, present).items():
        values.append(f".{field} = {function},")
    body = "\n".join(f"    {value}" for value in values)
    storage = "" if exports_definition(pass_) or not home.static else "static "
    whole = f"{storage}struct PyModuleDef {definition_name(pass_)} = {{\n{body}\n}};"
    text = f"{hooks}\n\n{whole}" if hooks else whole
    holder = pass_.extension.function_at(home.path, home.start)
    if holder is None:
        pass_.replace(home.path, home.start, home.end, text, GROUP, Stage.ISOLATED)
    else:
        _move_out(pass_, home, holder.start, text)
    _complete_slots(pass_)


def _move_out(pass_: Pass, home: Declaration, at: int, text: str) -> None:
    """A definition inside the init function comes before it, where all that asks for it sees it."""
    data = pass_.parsed(home.path).source.data
    start, end = with_blank_line(data, home.start, home.end)
    if data[:start].rstrip().endswith(b"{"):
        end += len(data[end:]) - len(data[end:].lstrip(b"\r\n"))
    pass_.replace(home.path, start, end, b"", GROUP, Stage.ISOLATED)
    pass_.replace(home.path, at, at, f"{text}\n\n", GROUP, Stage.ISOLATED, order=-1)


def _complete_slots(pass_: Pass) -> None:
    slots = pass_.decisions.init.slots
    values = slots.initialiser if slots is not None else None
    if slots is None or values is None or "Py_mod_multiple_interpreters" in values.str:
        return
    rows = [row for row in values.named if row.kind == "initializer_list"]
    if rows:
        data = pass_.parsed(slots.path).source.data
        start = data.rfind(b"\n", 0, rows[-1].start) + 1
        text = f"{_interpreters(pass_)}\n"
        pass_.replace(slots.path, start, start, text, GROUP, Stage.ISOLATED)


def _hooks(pass_: Pass, present: Mapping[str, Entry]) -> tuple[str, dict[str, str]]:
    """The text of the hooks that are written, and what goes into the fields of all hooks."""
    if pass_.settings.guarded:
        return guarded_hooks(pass_, present)
    return hook_functions(pass_), hook_fields(pass_, present)


def _size(pass_: Pass, present: Mapping[str, Entry]) -> str:
    if pass_.settings.guarded and "m_size" in present:
        own = present["m_size"].text
        return "0" if own.lstrip("( ").startswith("-") else own
    if not pass_.decisions.fields and pass_.decisions.adopted is None:
        return "0"
    return f"sizeof({pass_.decisions.names.state_struct})"


def _since(pass_: Pass) -> str:
    """The first version that runs the module in interpreters with their own GIL.

    Argument parsers (pattern 71) and the lock of tables that are filled once need 3.13.
    """
    parsers = any(
        pass_.extension.variables[s.symbol].kind is Kind.ARG_PARSER for s in pass_.decisions.stays
    )
    version = "0x030d0000" if parsers or pass_.decisions.once else "0x030c0000"
    unusual = {
        condition
        for stay in pass_.decisions.stays
        if stay.shared
        for condition in stay.conditions[-1:]
    }
    return version + "".join(f" && !({condition})" for condition in sorted(unusual))


def _slots(pass_: Pass) -> str:
    names = pass_.decisions.names
    last = f"    {{Py_mod_exec, {names.keep}}},\n" if keeps(pass_) else ""
    return (
        f"static PyModuleDef_Slot {names.slots}[] = {{\n"
        f"    {{Py_mod_exec, {names.exec_function}}},\n{last}"
        f"{_interpreters(pass_)}\n"
        "    {0, NULL}\n};"
    )


def _interpreters(pass_: Pass) -> str:
    """The slot that says in which interpreters the module runs."""
    guarded = loads_once(pass_)
    since = "0x030c0000" if guarded else _since(pass_)
    claim = "MULTIPLE_INTERPRETERS_NOT" if guarded else "PER_INTERPRETER_GIL"
    racing = [each for each in pass_.decisions.stays if each.shared and not each.conditions]
    if racing and not guarded:
        claim = "MULTIPLE_INTERPRETERS"
        home = pass_.extension.variables[racing[0].symbol].home
        text = f"{home.name} keeps the module to interpreters that share a GIL: {racing[0].why}"
        pass_.note(home.path, home.name_start, text, review=True)
    if pass_.decisions.limited:
        creator = pass_.decisions.init.creator
        pass_.note(creator.path, creator.name_start, _LIMITED, review=True)
    return (
        f"#if {api_version(pass_)} >= {since}\n"
        f"    {{Py_mod_multiple_interpreters, Py_MOD_{claim}_SUPPORTED}},\n"
        "#endif"
    )
