"""Callbacks that a foreign thread runs.

What: a function that a C library starts in a thread of its own, and that enters Python through
`PyGILState_Ensure`, enters the interpreter of the object it works for instead.

Why: `PyGILState_Ensure` always enters the main interpreter; in one with a GIL of its own the
callback would touch objects of another heap.

Declines when: no instance is at hand from which the interpreter is known.

Handbook patterns 84 to 86, section 9.
"""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.declarators import declarators, is_declaration
from isolate_ext.model.entities import CType, Definition, Struct
from isolate_ext.model.roles import Called
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import indent_at, statement_of
from isolate_ext_rules.examples import module
from isolate_ext_rules.interpreter_entry import entered, users

THREAD = module(
    """
#include <pthread.h>
static PyObject *Error;
typedef struct {
    PyObject_HEAD
    PyInterpreterState *interpreter;
} EggObject;

static void *
run(void *data)
{
    EggObject *self = (EggObject *)data;
    PyGILState_STATE gstate;
    gstate = PyGILState_Ensure();
    Py_DECREF(self);
    PyGILState_Release(gstate);
    return NULL;
}

static PyObject *
spam_start(PyObject *self, PyObject *egg)
{
    pthread_t thread;
    ((EggObject *)egg)->interpreter = PyInterpreterState_Get();
    pthread_create(&thread, NULL, run, egg);
    return NULL;
}
""",
    '{"start", spam_start, METH_O, NULL},',
)
EXAMPLES = (
    Rewrite(
        THREAD,
        ("PyThreadState_New(self->interpreter)", "PyEval_AcquireThread(gstate);"),
        ("PyGILState_Ensure",),
    ),
    Refused(
        THREAD.replace("EggObject *self = (EggObject *)data;", "void *self = data;").replace(
            "Py_DECREF(self);", "(void)self;"
        ),
        Reason.FOREIGN_THREAD,
    ),
)
_STARTERS = frozenset(
    {"pthread_create", "thrd_create", "CreateThread", "_beginthreadex", "_beginthread"}
)
_STARTING_MEMBERS = ("sigev_notify_function",)
GROUP = "foreign-thread"


def run(pass_: Pass) -> None:
    own = entered(pass_)
    for function in users(pass_):
        if function in own:
            continue
        calls = _calls(pass_, function)
        if not _on_foreign_thread(pass_, function):
            message = f"{function.name} enters the interpreter that its thread runs"
            at = calls[0].start if calls else function.name_start
            pass_.note(function.path, at, message, review=True)
        elif not calls:
            _refuse(pass_, function, function.name_start)
        for call in calls if _on_foreign_thread(pass_, function) else ():
            _enter_own(pass_, function, call)


def _calls(pass_: Pass, function: Definition) -> list[Node]:
    """Calls of `PyGILState_Ensure` in the function itself."""
    parsed = pass_.parsed(function.path)
    nodes = [
        parsed.node_at(offset)
        for offset in parsed.occurrences("PyGILState_Ensure")
        if function.body[0] <= offset < function.body[1] and parsed.define_at(offset) is None
    ]
    return [each.parent for each in nodes if each is not None and each.parent is not None]


def _refuse(pass_: Pass, function: Definition, at: int) -> None:
    text = f"{function.name} runs on a foreign thread, and enters the main interpreter"
    pass_.refuse(Reason.FOREIGN_THREAD, function.path, at, at + len(function.name), text)


def _on_foreign_thread(pass_: Pass, function: Definition) -> bool:
    """Whether the function is handed to something that starts a thread with it."""
    for role in pass_.decisions.roles.get(function.routine, ()):
        if role.called is Called.CALLBACK and role.slot in _STARTERS:
            return True
        if role.called is Called.STORED and role.slot.endswith(_STARTING_MEMBERS):
            return True
    return False


def _enter_own(pass_: Pass, function: Definition, call: Node) -> None:
    path = function.path
    interpreter = _interpreter(pass_, function)
    assignment = call.parent
    variable = assignment.child("left") if assignment is not None else None
    declaration = _declaration(function, variable.str) if variable is not None else None
    releases = _releases(function, variable.str) if variable is not None else []
    if interpreter is None or variable is None or declaration is None or not releases:
        _refuse(pass_, function, call.start)
        return
    data = pass_.parsed(path).source.data
    newline = pass_.style(path).newline.decode()

    def put(node: Node, first: str, second: str) -> None:
        margin = indent_at(data, node.start)
        text = f"{first}{newline}{margin}{second}" if second else first
        pass_.replace(path, node.start, node.end, text.encode(), GROUP, Stage.ISOLATED)

    name = variable.str
    put(declaration, f"PyThreadState *{name};", "")
    entering = statement_of(call)
    put(entering, f"{name} = PyThreadState_New({interpreter});", f"PyEval_AcquireThread({name});")
    for release in releases:
        put(release, f"PyThreadState_Clear({name});", "PyThreadState_DeleteCurrent();")


def _interpreter(pass_: Pass, function: Definition) -> str | None:
    """``self->interpreter`` for an instance at hand that records it."""
    body = function.node.child("body") if function.node is not None else None
    for statement in body.named if body is not None else ():
        if not is_declaration(statement):
            break
        for each in declarators(statement):
            struct = pass_.extension.structs.struct(CType(each.ctype.base))
            if each.ctype.pointers == 1 and struct is not None and struct.head:
                member = _recorded(struct)
                if member is not None and each.initialiser is not None:
                    return f"{each.name.str}->{member}"
    return None


def _recorded(struct: Struct) -> str | None:
    for field in struct.fields:
        if field.ctype.base == "PyInterpreterState" and field.ctype.pointers == 1:
            return field.name
    return None


def _declaration(function: Definition, name: str) -> Node | None:
    for node in function.node.descendants() if function.node is not None else ():
        if node.kind == "declaration" and re.fullmatch(
            rf"PyGILState_STATE\s+{re.escape(name)}\s*;", node.str
        ):
            return node
    return None


def _releases(function: Definition, name: str) -> list[Node]:
    pattern = rf"PyGILState_Release\s*\(\s*{re.escape(name)}\s*\)\s*;"
    return [
        node
        for node in (function.node.descendants() if function.node is not None else ())
        if node.kind == "expression_statement" and re.fullmatch(pattern, node.str)
    ]


RULE = Rule("foreign-thread", __doc__, (84, 85, 86), Stage.ISOLATED, Safety.REVIEW, run, EXAMPLES)
