"""Getters that are told by their closure which global to use.

What: a closure that is the address of a global, `{"Error", get_error, NULL, NULL, &Error}`, becomes
the offset of its member of the state, and the getter adds it to where the state is.

Why: the member has another address in each copy of the module, and the table is shared by all.

Declines when: the function is called from C too, or gets other closures as well.

Handbook pattern 61.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Use
from isolate_ext.placement.closures import ClosureReader
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import TYPE
from isolate_ext_rules.includes import include_once

CLOSURE = (
    TYPE.replace(
        "static PyTypeObject Egg_Type = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n",
        """static PyObject *Error, *Other;

static PyObject *
Egg_error(PyObject *self, void *closure)
{
    PyObject *error = *(PyObject **)closure;

    Py_INCREF(error);
    return error;
}

static PyGetSetDef Egg_getset[] = {
    {"Error", Egg_error, NULL, NULL, &Error},
    {"Other", Egg_error, NULL, NULL, (void *)&Other},
    {NULL}
};

static PyTypeObject Egg_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
""",
    )
    .replace("    .tp_flags", "    .tp_getset = Egg_getset,\n    .tp_flags")
    .replace(
        "    return m;",
        """    Error = PyErr_NewException("spam.Error", NULL, NULL);
    Other = PyErr_NewException("spam.Other", NULL, NULL);
    return m;""",
    )
)
EXAMPLES = (
    Rewrite(
        CLOSURE,
        (
            "(void *)offsetof(spam_state, Error)}",
            "*(PyObject **)((char *)state + (size_t)closure)",
        ),
        ("&Error", "&Other"),
    ),
    Refused(CLOSURE.replace("(void *)&Other", '"other"'), Reason.FILE_SCOPE_USE),
)


def run(pass_: Pass) -> None:
    for reader in pass_.decisions.closures:
        _take_offsets(pass_, reader)
        _add_offset(pass_, reader)
    for symbol in pass_.decisions.fields:
        for use in pass_.extension.uses_of(symbol):
            if _is_closure(pass_, use) and not pass_.decisions.claims(use):
                pass_.refuse(
                    Reason.FILE_SCOPE_USE,
                    use.path,
                    use.start,
                    use.end,
                    f"{pass_.extension.variables[symbol].name} is the closure of a function that "
                    "does more than to read it",
                    symbol,
                )


def _is_closure(pass_: Pass, use: Use) -> bool:
    holder = pass_.extension.variables.get(use.holder or "")
    return holder is not None and holder.ctype.base.removeprefix("struct ") == "PyGetSetDef"


def _take_offsets(pass_: Pass, reader: ClosureReader) -> None:
    struct = pass_.decisions.names.state_struct
    for entry, use in reader.rows:
        field = pass_.decisions.fields[use.symbol]
        start = entry.value.start
        text = f"(void *)offsetof({struct}, {field.name})"
        pass_.replace(
            use.path, start, entry.value.end, text.encode(), f"global:{use.symbol}", Stage.STATE
        )
        include_once(pass_, use.path, "stddef.h", start, Stage.STATE, ("structmember.h",))


def _add_offset(pass_: Pass, reader: ClosureReader) -> None:
    path, group = reader.function.path, f"global:{reader.rows[0][1].symbol}"
    for node in reader.names:
        cast = "" if node.parent and node.parent.kind == "cast_expression" else "(void *)"

        def address(state: str, name: str = node.str, cast: str = cast) -> list[bytes]:
            return [f"{cast}((char *){state} + (size_t){name})".encode()]

        pass_.state_edit(path, node.start, node.end, reader.function, group, address)


RULE = Rule("getset-closure", __doc__, (61,), Stage.STATE, Safety.SAFE, run, EXAMPLES)
