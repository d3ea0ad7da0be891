"""Pointers that are nothing but another name of a static type.

What: `PyTypeObject *EggType = &Egg_Type;` goes if nothing ever changes it, and its uses name the
type itself.

Why: the type's address is no constant any more; the state has the one pointer that is needed.

Declines when: something assigns the pointer, or takes its address.

Handbook pattern 61.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from isolate_ext.engine import Pass, Preparation, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Declaration, Use, Variable, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.placement.decisions import Decisions
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext.text import deletion, replacement
from isolate_ext.text.replacement import Replacement
from isolate_ext_rules.c_text import with_blank_line
from isolate_ext_rules.examples import TYPE

ALIASED = TYPE.replace("static PyTypeObject Egg_Type;", "extern PyTypeObject *EggType;")
ALIASED = ALIASED.replace("(EggObject, &Egg_Type)", "(EggObject, EggType)")
ALIASED = ALIASED.replace(
    "static PyObject *\nspam_egg",
    "PyTypeObject *EggType = &Egg_Type;\n\nstatic PyObject *\nspam_egg",
).replace("PyType_Ready(&Egg_Type)", "PyType_Ready(EggType)")
EXAMPLES = (
    Rewrite(
        ALIASED,
        ("PyType_GenericAlloc(state->Egg_Type, 0)", "&state->Egg_Type) < 0"),
        ("EggType",),
    ),
    Refused(
        ALIASED.replace("    return new_egg();", "    EggType = NULL;\n    return new_egg();"),
        Reason.TYPE_USED_AS_VALUE,
    ),
)
_APART = ("subscript_expression", "pointer_expression", "call_expression", "update_expression")


class Alias(msgspec.Struct, frozen=True):
    """A pointer that always holds the address of ``type``."""

    pointer: Variable
    type: Variable


def run(pass_: Pass) -> None:
    """What is prepared needs no more; what could not be is refused."""
    for type_ in pass_.decisions.types.values():
        for use in pass_.extension.uses_of(type_.key):
            holder = pass_.extension.variables.get(use.holder or "")
            escape = pass_.decisions.fixed_tables.get(use.holder or "")
            if holder is not None and escape is not None and _is_pointer(holder):
                pass_.refuse(
                    Reason.TYPE_USED_AS_VALUE,
                    use.path,
                    use.start,
                    use.end,
                    f"{holder.name} holds the address of {type_.variable.name}, and is changed",
                    type_.key,
                )


def prepare(extension: Extension, decisions: Decisions) -> Iterator[Preparation]:
    """One preparation for each name too many."""
    for alias in aliases(extension, decisions):
        home = alias.pointer.home
        yield Preparation(
            tuple(_changes(extension, alias)),
            home.path,
            home.name_start,
            f"{home.name} was another name of {alias.type.name}, which is used instead",
        )


def aliases(extension: Extension, decisions: Decisions) -> Iterator[Alias]:
    """Pointers that are initialised with the address of a type that moves, and never changed."""
    for variable in extension.variables.values():
        if not variable.definitions or len(variable.definitions) > 1:
            continue
        target = _target(extension, decisions, variable)
        declared = variable.definitions + variable.declarations
        if target is None or any(each.siblings > 1 for each in declared):
            continue
        same = [v for v in extension.variables.values() if v.name == target.name]
        uses = extension.uses_of(variable.key)
        if len(same) == 1 and all(_only_read(extension, use) for use in uses):
            yield Alias(variable, target)


def _target(extension: Extension, decisions: Decisions, variable: Variable) -> Variable | None:
    home = variable.home
    value = strip_casts(home.initialiser) if home.initialiser is not None else None
    named = value.child("argument") if value is not None else None
    if not _is_pointer(variable) or value is None or value.kind != "pointer_expression":
        return None
    if named is None:
        return None
    target = extension.variable_named(named.str, home.path)
    return target if target is not None and target.key in decisions.types else None


def _is_pointer(variable: Variable) -> bool:
    ctype = variable.ctype
    named = ctype.base in ("PyTypeObject", "PyObject")
    return named and ctype.pointers == 1 and not ctype.arrays


def _only_read(extension: Extension, use: Use) -> bool:
    node = use.node
    if node is None or node.parent is None or use.path in extension.generated:
        return False
    parent = node.parent
    if parent.kind == "assignment_expression" and parent.child("left") is node:
        return False
    addressed = parent.kind == "pointer_expression" and parent.text[:1] == b"&"
    return parent.kind != "update_expression" and not addressed


def _changes(extension: Extension, alias: Alias) -> Iterator[Replacement]:
    group = f"alias:{alias.pointer.key}"
    value = alias.pointer.home.initialiser
    assert value is not None
    for use in extension.uses_of(alias.pointer.key):
        start, end, text = _named(use, value, alias.type.name)
        yield replacement(use.path, start, end, text.encode(), group)
    home = alias.pointer.home
    start, end = with_blank_line(extension.files[home.path].source.data, home.start, home.end)
    yield deletion(home.path, start, end, group)
    for declaration in alias.pointer.declarations:
        text = f"extern PyTypeObject {alias.type.name};"
        yield replacement(
            declaration.path, declaration.start, declaration.end, text.encode(), group
        )
    if alias.pointer.declarations:
        for declaration in alias.type.definitions:
            yield from _exported(declaration, group)


def _named(use: Use, value: Node, name: str) -> tuple[int, int, str]:
    """The type's address in the place of the pointer; ``p->field`` is a field of the type."""
    node = use.node
    parent = node.parent if node is not None else None
    assert node is not None and parent is not None
    field = parent.child("field") if parent.kind == "field_expression" else None
    if field is not None and value.kind == "pointer_expression":
        return node.start, field.start, f"{name}."
    apart = field is not None or parent.kind in _APART or use.inside is None or use.inside.is_macro
    return node.start, node.end, f"({value.str})" if apart else value.str


def _exported(declaration: Declaration, group: str) -> Iterator[Replacement]:
    for child in declaration.node.children:
        if child.kind == "storage_class_specifier" and child.str == "static":
            end = child.end
            while declaration.node.data[end : end + 1].isspace():
                end += 1
            yield deletion(declaration.path, child.start, end, group)


RULE = Rule("type-alias", __doc__, (61,), Stage.STATE, Safety.SAFE, run, EXAMPLES, prepare=prepare)
