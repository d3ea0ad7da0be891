"""Modules found through `PyState_FindModule`.

What: a macro or function that finds the state through `PyState_FindModule` goes, and each use of
it becomes the state that the function has at hand; `PyState_AddModule` goes too.

Why: `PyState_FindModule` answers NULL for a module with slots, without an exception.

Declines when: the module found is used for something else than its state.

Handbook patterns 3 and 4.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Routine
from isolate_ext.model.found_module import FIND, FoundModule
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.c_text import remove_statement, statement_of, with_blank_line
from isolate_ext_rules.examples import module

STATEFUL = module(
    """
typedef struct {
    PyObject *Error;
} spam_state;

static struct PyModuleDef spam_module;
#define spam_global ((spam_state *)PyModule_GetState(PyState_FindModule(&spam_module)))

static PyObject *
spam_fail(PyObject *self, PyObject *args)
{
    PyErr_SetString(spam_global->Error, "failed");
    return NULL;
}
""",
    '{"fail", spam_fail, METH_NOARGS, NULL},',
).replace("NULL, -1, spam_methods", "NULL, sizeof(spam_state), spam_methods")
LOOKED_UP = STATEFUL.replace("spam_global->Error", "state->Error").replace(
    "    PyErr_SetString(",
    """    PyObject *m = PyState_FindModule(&spam_module);
    if (m == NULL) {
        return NULL;
    }
    spam_state *state = (spam_state *)PyModule_GetState(m);
    PyErr_SetString(""",
)
EXAMPLES = (
    Rewrite(STATEFUL, ("state->Error",), ("spam_global", "PyState_FindModule")),
    Rewrite(LOOKED_UP, ("spam_state *state = module_state;",), ("PyState_FindModule",)),
)
GROUP = "state"


def run(pass_: Pass) -> None:
    adopted = pass_.decisions.adopted
    for key in sorted(adopted.accessors) if adopted is not None else ():
        _replace_accessor(pass_, key)
    for lookup in pass_.decisions.found_modules:
        _looked_up(pass_, lookup)
    for path, parsed in pass_.extension.files.items():
        for name in ("PyState_AddModule", "PyState_RemoveModule", "PyState_FindModule"):
            for offset in parsed.occurrences(name) if name in parsed.names() else ():
                _call(pass_, path, offset, name)


def _replace_accessor(pass_: Pass, key: str) -> None:
    routine = pass_.extension.routines[key]
    name = pass_.decisions.names.variable
    for use in pass_.extension.uses_of(key):
        call = use.call
        end = call.end if call is not None and not _object_like(routine) else use.end
        if use.inside is None:
            pass_.refuse(
                Reason.FILE_SCOPE_USE,
                use.path,
                use.start,
                use.end,
                f"{routine.name} is used outside of a function",
            )
            continue
        pass_.replace(use.path, use.start, end, name.encode(), GROUP, Stage.ISOLATED)
    for definition in routine.definitions:
        data = pass_.parsed(definition.path).source.data
        start, end = with_blank_line(data, definition.start, definition.end)
        pass_.replace(definition.path, start, end, b"", GROUP, Stage.ISOLATED)
    for prototype in routine.prototypes:
        data = pass_.parsed(prototype.path).source.data
        start, end = with_blank_line(data, prototype.start, prototype.end)
        pass_.replace(prototype.path, start, end, b"", GROUP, Stage.ISOLATED)


def _looked_up(pass_: Pass, lookup: FoundModule) -> None:
    """The state at hand takes the place of a module that was looked up for it."""
    path = lookup.function.path
    for statement in (lookup.declaration, *lookup.checks):
        remove_statement(pass_, path, statement, GROUP, Stage.ISOLATED)
    name = pass_.decisions.names.variable.encode()
    for state in lookup.states:
        pass_.replace(path, state.start, state.end, name, GROUP, Stage.ISOLATED)


def _object_like(routine: Routine) -> bool:
    return routine.is_macro and routine.definitions[0].parameters_span is None


def _call(pass_: Pass, path: str, offset: int, name: str) -> None:
    adopted = pass_.decisions.adopted
    parsed = pass_.parsed(path)
    function = pass_.extension.function_at(path, offset)
    define = parsed.define_at(offset)
    key = f"{path}:#{define.name}" if define is not None else (function.routine if function else "")
    if adopted is not None and key in adopted.accessors:
        return
    node = parsed.node_at(offset)
    call = node.parent if node is not None else None
    if call is None or call.kind != "call_expression":
        return
    if name == FIND and function is pass_.decisions.init.creator:
        return
    if any(
        each.function.path == path and each.declaration.start <= offset < each.declaration.end
        for each in pass_.decisions.found_modules
    ):
        return
    if name == "PyState_FindModule":
        pass_.refuse_node(
            Reason.NO_ROUTE, path, call, "PyState_FindModule finds no module that has slots"
        )
        return
    statement = statement_of(call)
    if statement.kind == "expression_statement" and statement.named[0] is call:
        remove_statement(pass_, path, statement, GROUP, Stage.ISOLATED)
    else:
        pass_.replace(path, call.start, call.end, b"0", GROUP, Stage.ISOLATED)


RULE = Rule(
    "find-module", __doc__, (3, 4), Stage.ISOLATED, Safety.SAFE, run, EXAMPLES, guarded=True
)
