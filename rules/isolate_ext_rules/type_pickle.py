"""Instances that could not be pickled.

What: a type with C fields, no constructor for subclasses to use and no pickle support of its own
gets a `__reduce__` that raises TypeError.

Why: protocols 0 and 1 refuse instances of static types; those of a heap type they would pickle in
silence, without the C fields.

Declines when: the type can be subclassed and instantiated, since a subclass may pickle itself.

Handbook pattern 54.
"""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Variable
from isolate_ext.model.initialisers import rows_of
from isolate_ext.model.types import StaticType
from isolate_ext.text import Template
from isolate_ext_rules.examples import TYPE
from isolate_ext_rules.type_names import added, instantiable

EXAMPLES = (Rewrite(TYPE, ('{"__reduce__", Egg_reduce, METH_NOARGS, NULL}', "cannot pickle")),)
_SUPPORT = re.compile(r"__(reduce|reduce_ex|getstate|getnewargs|getnewargs_ex)__")

REDUCE = Template(
    """\
static PyObject *
${name}(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyErr_Format(PyExc_TypeError, "cannot pickle '%.200s' object", Py_TYPE(self)->tp_name);
    return NULL;
}""",
    "name",
)


def run(pass_: Pass) -> None:
    for type_ in pass_.decisions.types.values():
        if not unpicklable(pass_, type_):
            continue
        table = _methods(pass_, type_)
        if table is None or _owners(pass_, table)[0] is not type_:
            continue
        rows = rows_of(pass_.parsed(table.home.path), table.home)
        values = table.home.initialiser
        if values is None or not values.named:
            continue
        at = rows[0][0].start if rows else values.named[0].start
        row = f'{{"__reduce__", {_reduce(pass_, type_)}, METH_NOARGS, NULL}},\n    '
        group = f"type:{type_.key}"
        pass_.replace(table.home.path, at, at, row, group, Stage.HEAP_TYPES)
        function = REDUCE.fill(name=_reduce(pass_, type_)) + "\n\n"
        pass_.replace(
            table.home.path, table.home.start, table.home.start, function, group, Stage.HEAP_TYPES
        )


def _holds_fields(type_: StaticType) -> bool:
    """A final type with C fields and no base."""
    final = not type_.has_flag("BASETYPE") or not instantiable(type_)
    fields = type_.struct.fields if type_.struct is not None else ()
    plain = not [each for each in fields if each.name != "ob_base"]
    return final and not plain and type_.slot("tp_base") is None


def unpicklable(pass_: Pass, type_: StaticType) -> bool:
    """Whether the static type refused pickling, and the heap type would not."""
    if not _holds_fields(type_):
        return False
    if type_.slot("tp_methods") is None:
        return True
    table = _methods(pass_, type_)
    if table is None or table.home.initialiser is None:
        return False
    if _SUPPORT.search(table.home.initialiser.str):
        return False
    moving = pass_.decisions.types
    return all(owner.key in moving and _holds_fields(owner) for owner in _owners(pass_, table))


def _owners(pass_: Pass, table: Variable) -> list[StaticType]:
    return [t for t in pass_.decisions.all_types.values() if _methods(pass_, t) is table]


def _methods(pass_: Pass, type_: StaticType) -> Variable | None:
    slot = type_.slot("tp_methods")
    if slot is None or slot.name is None:
        return None
    return pass_.extension.variable_named(slot.name, slot.path)


def own_table(pass_: Pass, type_: StaticType) -> str:
    """The name of a method table made for `__reduce__` alone."""
    lacks = type_.slot("tp_methods") is None and unpicklable(pass_, type_)
    return added(pass_.decisions, type_, "methods") if lacks else ""


def own_table_text(pass_: Pass, type_: StaticType) -> str:
    """That table with its function."""
    name = own_table(pass_, type_)
    if not name:
        return ""
    reduce = _reduce(pass_, type_)
    return (
        f"{REDUCE.fill(name=reduce)}\n\nstatic PyMethodDef {name}[] = {{\n"
        f'    {{"__reduce__", {reduce}, METH_NOARGS, NULL}},\n'
        "    {NULL, NULL, 0, NULL}\n};"
    )


def _reduce(pass_: Pass, type_: StaticType) -> str:
    return added(pass_.decisions, type_, "reduce")


RULE = Rule("type-pickle", __doc__, (54,), Stage.HEAP_TYPES, Safety.SAFE, run, EXAMPLES)
