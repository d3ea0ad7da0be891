"""Traverse, clear and free of the module.

What: `m_traverse`, `m_clear` and `m_free` are written from one list of members, or completed where
the module has them already.

Why: a module that owns a heap type and does not visit it is never collected.

Declines when: an existing hook does not end with a return, or not in the files of the extension.

Handbook patterns 5, 6 and 101.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, Entry, Kind, strip_casts
from isolate_ext.model.initialisers import fields_of
from isolate_ext.placement.decisions import StateField
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.c_text import conditional, indent_at
from isolate_ext_rules.examples import EXCEPTION
from isolate_ext_rules.state_needs import conditions_of
from isolate_ext_rules.verify_module import verify_hooks

EXAMPLES = (
    Rewrite(
        EXCEPTION,
        (
            "Py_VISIT(state->Error);",
            "Py_CLEAR(state->Error);",
            ".m_traverse = spam_traverse",
            ".m_clear = spam_clear",
            ".m_free = spam_free",
        ),
    ),
)
_INDEXES = "ijklmnopqrstuvwxyz"
_HOOKS = ("m_traverse", "m_clear", "m_free")


def run(pass_: Pass) -> None:
    for field, macro in (("m_traverse", "Py_VISIT"), ("m_clear", "Py_CLEAR")):
        definition = existing(pass_, field)
        if definition is not None:
            _complete(pass_, definition, macro)


def owned(pass_: Pass) -> list[StateField]:
    return [field for field in pass_.decisions.fields.values() if field.owned]


def existing(pass_: Pass, field: str) -> Definition | None:
    """The function that a module definition names for a hook already."""
    home = pass_.decisions.init.def_declaration
    if home is None:
        return None
    for entry in fields_of(pass_.parsed(home.path), home):
        if entry.field == field and not entry.empty:
            routine = pass_.extension.routine_named(strip_casts(entry.value).str, home.path)
            if routine is not None and routine.definitions and not routine.is_macro:
                return routine.definitions[0]
    return None


def _complete(pass_: Pass, definition: Definition, macro: str) -> None:
    """Add the new members before the last return of an existing hook."""
    body = definition.node.child("body") if definition.node is not None else None
    last = body.named[-1] if body is not None and body.named else None
    if last is None or last.kind != "return_statement":
        if owned(pass_):
            pass_.refuse(
                Reason.INIT_SHAPE,
                definition.path,
                definition.name_start,
                definition.name_start + len(definition.name),
                f"{definition.name} does not end with a return for new members to precede",
            )
        return
    data = pass_.parsed(definition.path).source.data
    margin = indent_at(data, last.start)
    lines = list(_lines(pass_, macro))
    if lines:
        newline = pass_.style(definition.path).newline.decode()
        text = "".join(f"{line}{newline}{margin}" for each in lines for line in each.split("\n"))
        pass_.replace(
            definition.path, last.start, last.start, text.encode(), "state", Stage.ISOLATED
        )


def _lines(pass_: Pass, macro: str) -> Iterator[str]:
    variable = pass_.decisions.names.variable
    for field in owned(pass_):
        target = f"{variable}->{field.name}"
        yield conditional(conditions_of(pass_, field), _line(field, target, macro))


def _line(field: StateField, target: str, macro: str) -> str:
    element = target + "[*]" * len(field.arrays)
    members = field.members if field.kind is Kind.OBJECT_STRUCT else ("",)
    places = [f"{element}{member}" for member in members]
    return "\n".join(_loops(places, macro, _INDEXES))


def _loops(places: list[str], macro: str, indexes: str) -> Iterator[str]:
    """A line for each place; one loop around those that are parts of the same array."""
    for array, found in groupby(places, lambda each: each.partition("[*]")[0]):
        inside = list(found)
        if "[*]" not in inside[0]:
            yield from (f"{macro}({each});" for each in inside)
            continue
        index = indexes[0]
        size = f"Py_ARRAY_LENGTH({array})"
        yield f"for (size_t {index} = 0; {index} < {size}; {index}++) {{"
        inner = [each.replace("[*]", f"[{index}]", 1) for each in inside]
        yield from (f"    {line}" for line in _loops(inner, macro, indexes[1:]))
        yield "}"


def hook_functions(pass_: Pass) -> str:
    """The hooks that the module does not have yet, as C text."""
    names = pass_.decisions.names
    if not owned(pass_) and pass_.decisions.adopted is None:
        return ""
    fetch = f"    {names.state_struct} *{names.variable} = {names.module_accessor}(module);"
    parts = []
    for field, macro, head in (
        (
            "m_traverse",
            "Py_VISIT",
            f"{names.traverse}(PyObject *module, visitproc visit, void *arg)",
        ),
        ("m_clear", "Py_CLEAR", f"{names.clear}(PyObject *module)"),
    ):
        lines = list(_lines(pass_, macro))
        if existing(pass_, field) is None and lines:
            body = "\n".join(
                line if line.startswith("#") else f"    {line}"
                for each in lines
                for line in each.split("\n")
            )
            parts.append(f"static int\n{head}\n{{\n{fetch}\n\n{body}\n    return 0;\n}}")
    if existing(pass_, "m_free") is None and (parts or existing(pass_, "m_clear") is not None):
        clear = existing(pass_, "m_clear")
        name = clear.name if clear is not None else names.clear
        body = f"    (void){name}((PyObject *)module);\n"
        parts.append(f"static void\n{names.free}(void *module)\n{{\n{body}}}")
    return "\n\n".join(parts)


def hook_fields(pass_: Pass, present: Mapping[str, Entry]) -> dict[str, str]:
    """The hook fields of the module definition."""
    names = pass_.decisions.names
    made = hook_functions(pass_)
    fields = {}
    for field, name in zip(_HOOKS, (names.traverse, names.clear, names.free), strict=True):
        if field in present and not present[field].empty:
            fields[field] = present[field].value.str
        elif re.search(rf"\b{name}\(", made):
            fields[field] = name
    return fields


RULE = Rule(
    "module-hooks",
    __doc__,
    (5, 6, 101),
    Stage.ISOLATED,
    Safety.SAFE,
    run,
    EXAMPLES,
    verify=verify_hooks,
)
