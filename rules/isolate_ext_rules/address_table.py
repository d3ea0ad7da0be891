"""Tables of the addresses of types and globals.

What: a table that names what moved, `{"Egg", &Egg_Type}` or `{"error", &Error}`, and is read by one
function alone, becomes a local variable of that function, with its values taken from the state.
A loop that readies its types loses that, since they are made when the module is executed.

Why: the address of a type or an object of the state is no constant, and each copy of the module has
its own.

Declines when: several functions read the table, something writes it, or a pointer into it outlives
the function.

Handbook pattern 61.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Declaration, Kind
from isolate_ext.placement.refusals import Reason
from isolate_ext.placement.tables import LocalTable
from isolate_ext_rules.c_text import body_start, whole_lines, with_blank_line
from isolate_ext_rules.examples import TABLE_OF_ADDRESSES, module
from isolate_ext_rules.readied_tables import remove_own_readying, remove_readying
from isolate_ext_rules.table_text import (
    first_stage,
    is_local,
    local_lines,
    storage_class,
    values,
    with_comment,
)

TYPES = module(
    """
static PyTypeObject Egg_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Egg",
    .tp_basicsize = sizeof(PyObject),
};

/* What the module offers. */
static struct {
    const char *name;
    PyTypeObject *type;
} types[] = {
    {"Egg", &Egg_Type},
    {NULL, NULL}
};

static int
add_types(PyObject *module)
{
    int i;

    for (i = 0; types[i].name != NULL; i++) {
        if (PyType_Ready(types[i].type) < 0) {
            return -1;
        }
        Py_INCREF(types[i].type);
        if (PyModule_AddObject(module, types[i].name, (PyObject *)types[i].type) < 0) {
            return -1;
        }
    }
    return 0;
}
""",
    "",
    "if (add_types(m) < 0) {\n        return NULL;\n    }",
)
ERRORS = TABLE_OF_ADDRESSES.replace(
    "{&Error};",
    """{&Error};

static int
make_errors(void)
{
    return (*errors[0] = PyErr_NewException("spam.Error", NULL, NULL)) == NULL ? -1 : 0;
}
""",
).replace('Error = PyErr_NewException("spam.Error", NULL, NULL);', "make_errors();")
EXAMPLES = (
    Rewrite(
        TYPES,
        ('{"Egg", state->Egg_Type},', "    struct {\n        const char *name;"),
        ("&Egg_Type}", "PyType_Ready"),
    ),
    Rewrite(ERRORS, ("PyObject **errors[] = {&state->Error};",), ("static PyObject **errors",)),
    Refused(
        TYPES.replace("PyMethodDef spam", "void *keep(void) { return types; }\n\nPyMethodDef spam"),
        Reason.TYPE_USED_AS_VALUE,
    ),
)


def run(pass_: Pass) -> None:
    for key in pass_.decisions.fixed_tables:
        _refuse(pass_, key)
    for table in pass_.decisions.tables.values():
        home = pass_.extension.variables[table.symbol].home
        if is_local(table, home) and table.reader is not pass_.decisions.init.creator:
            _edit_in_place(pass_, table, home)
            continue
        _take_away(pass_, table, home)
        if table.reader is not pass_.decisions.init.creator:
            _put_back(pass_, table, home)
    for table in pass_.decisions.tables.values():
        remove_readying(pass_, table, group(table))
        for key in dict.fromkeys(use.symbol for use in table.entries):
            if key in pass_.decisions.types:
                remove_own_readying(pass_, pass_.decisions.types[key])


def _refuse(pass_: Pass, key: str) -> None:
    """What a table names stays where it is, if the table cannot move."""
    name, escape = pass_.extension.variables[key].name, pass_.decisions.fixed_tables[key]
    for symbol, field in pass_.decisions.fields.items():
        for use in pass_.extension.uses_of(symbol):
            if use.holder == key:
                moved = pass_.extension.variables[symbol].name
                typed = field.kind is Kind.TYPE
                pass_.refuse(
                    Reason.TYPE_USED_AS_VALUE if typed else Reason.FILE_SCOPE_USE,
                    use.path,
                    use.start,
                    use.end,
                    f"the table {name} names {moved}, and cannot become a local: {escape.why}",
                    symbol,
                )


def group(table: LocalTable) -> str:
    """The edits of a table belong to the first of what it names, which stays if they conflict."""
    return f"table:{table.entries[0].symbol}"


def _edit_in_place(pass_: Pass, table: LocalTable, home: Declaration) -> None:
    first = first_stage(pass_, table)
    for start, end, text in storage_class(home):
        pass_.replace(home.path, start, end, text, group(table), first)
    for stage in Stage:
        for start, end, text in values(pass_, table, stage) if stage >= first else ():
            pass_.replace(home.path, start, end, text, group(table), stage, stage)


def _take_away(pass_: Pass, table: LocalTable, home: Declaration) -> None:
    data = pass_.parsed(home.path).source.data
    widen = whole_lines if is_local(table, home) else with_blank_line
    start, end = widen(data, with_comment(data, home.start), home.end)
    first = first_stage(pass_, table)
    pass_.replace(home.path, start, end, b"", group(table), first)


def _put_back(pass_: Pass, table: LocalTable, home: Declaration) -> None:
    """At the head of the function; the exec function has its tables behind its types."""
    at = body_start(pass_.parsed(home.path).source.data, table.reader.body)
    for stage in Stage:
        lines = local_lines(pass_, table, stage)
        text = "".join(f"\n{line}" if line[:1] in ("", "#") else f"\n    {line}" for line in lines)
        if text:
            pass_.replace(home.path, at, at, text, group(table), stage, stage, order=6)


RULE = Rule("address-table", __doc__, (61,), Stage.STATE, Safety.SAFE, run, EXAMPLES)
