"""Callbacks that any thread may run.

What: a callback that enters Python through `PyGILState_Ensure`, and gets a struct of the
extension's own, enters the interpreter in which the struct was filled in, which that records.

Why: on a thread that Python does not know, `PyGILState_Ensure` enters the main interpreter; in one
with a GIL of its own the callback would touch objects of another heap. A thread of the interpreter
itself goes on with the thread state it has.

Declines when: never; where no struct leads to an interpreter, the callback is pointed out.

Handbook patterns 84 to 86, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition
from isolate_ext.model.roles import Called
from isolate_ext.placement.context_life import with_gil
from isolate_ext.placement.contexts import Context, context_of
from isolate_ext.text import Template
from isolate_ext_rules.callback_struct import READER
from isolate_ext_rules.line_places import line_start
from isolate_ext_rules.own_struct import add_member, fill, fresh_member
from isolate_ext_rules.state_access import add_parameter

THREADED = (
    READER.replace("static PyObject *Error;\n\nstatic int\n", "static int\n")
    .replace(
        "    PyObject *data = PyObject",
        "    PyGILState_STATE gstate = PyGILState_Ensure();\n    PyObject *data = PyObject",
    )
    .replace('PyErr_SetString(Error, "cannot read");', "PyErr_Print();")
    .replace("        return -1;\n    }\n    Py_DECREF", "    }\n    Py_XDECREF")
    .replace("Py_XDECREF(data);\n", "Py_XDECREF(data);\n    PyGILState_Release(gstate);\n")
    .replace("static void\ninit_source", "static PyObject *Error;\n\nstatic void\ninit_source")
    .replace("(library_copy(&from.base) < 0) {", "(library_copy(&from.base) < 0) {\n        "
             'PyErr_SetString(Error, "cannot copy");')
)  # fmt: skip
EXAMPLES = (
    Rewrite(
        THREADED,
        (
            "    PyInterpreterState *interp;\n} python_source;",
            "self->interp = PyInterpreterState_Get();",
            "spam_thread gstate = enter_spam_interpreter(self->interp);",
            "leave_spam_interpreter(gstate);",
        ),
    ),
)
GROUP = "interpreter"
MEMBER = "interp"
ENTER = Template(
    """\
typedef struct {
    PyThreadState *made;
    PyGILState_STATE gilstate;
} ${thread};

/* PyGILState_Ensure() for one interpreter: a thread that Python does not know
   would enter the main interpreter. */
static ${thread}
${enter}(PyInterpreterState *interp)
{
    PyThreadState *tstate = PyGILState_GetThisThreadState();
    ${thread} thread = {NULL, PyGILState_UNLOCKED};

    if (tstate != NULL && PyThreadState_GetInterpreter(tstate) == interp) {
        thread.gilstate = PyGILState_Ensure();
    }
    else {
        thread.made = PyThreadState_New(interp);
        PyEval_AcquireThread(thread.made);
    }
    return thread;
}

static void
${leave}(${thread} thread)
{
    if (thread.made == NULL) {
        PyGILState_Release(thread.gilstate);
        return;
    }
    PyThreadState_Clear(thread.made);
    PyThreadState_DeleteCurrent();
}

""",
    "thread enter leave",
)
_TOKENS = ("PyGILState_STATE", "PyGILState_Ensure", "PyGILState_Release")
Site = tuple[str, int, str]
"""A token of the API in a function or macro: path, offset, token."""


def run(pass_: Pass) -> None:
    found = entered(pass_)
    sites: dict[Site, None] = {}
    for definition, context in found.items():
        member = fresh_member(context.struct, MEMBER)
        declaration = f"PyInterpreterState *{member}"
        add_member(pass_, context.struct, declaration, GROUP, Stage.ISOLATED)
        for filling in context.fillings:
            text = f"{filling.owner}{member} = PyInterpreterState_Get();"
            fill(pass_, filling, text, GROUP, Stage.ISOLATED)
        source = f"{context.source}{member}"
        for path, offset, token in _sites(pass_, definition):
            _respell(pass_, path, offset, token, source)
        for macro in _macros(pass_, definition):
            _hand_over(pass_, macro, definition, source)
            sites.update(dict.fromkeys(_sites(pass_, macro)))
    for path, offset, token in sites:
        _respell(pass_, path, offset, token, MEMBER)
    for path in sorted({each.path for each in found}):
        parsed = pass_.parsed(path)
        at = line_start(parsed, min(each.start for each in found if each.path == path))
        at = _before_comment(parsed.source.data, at)
        names = {name: _name(pass_, name) for name in ("thread", "enter", "leave")}
        pass_.replace(path, at, at, ENTER.fill(**names), GROUP, Stage.ISOLATED, order=1)


def entered(pass_: Pass) -> dict[Definition, Context]:
    """The callbacks that are made to enter their own interpreter, each with its struct."""
    found: dict[Definition, Context] = {}
    for definition in users(pass_):
        context = _context(pass_, definition)
        if context is not None:
            found[definition] = context
    while True:
        kept = {
            definition: context
            for definition, context in found.items()
            if all(set(_users_of(pass_, m)) <= found.keys() for m in _macros(pass_, definition))
        }
        if kept == found:
            return found
        found = kept


def users(pass_: Pass) -> list[Definition]:
    """Functions that call `PyGILState_Ensure`, by themselves or through a macro."""
    found: dict[Definition, None] = {}
    for path, parsed in pass_.extension.files.items():
        for offset in parsed.occurrences(_TOKENS[1]) if _TOKENS[1] in parsed.names() else ():
            define = parsed.define_at(offset)
            function = pass_.extension.function_at(path, offset)
            macro = pass_.extension.routine_named(f"#{define.name}", path) if define else None
            if macro is not None:
                found.update(dict.fromkeys(_users_of(pass_, macro.definitions[0])))
            elif function is not None:
                found[function] = None
    return list(found)


def _context(pass_: Pass, definition: Definition) -> Context | None:
    roles = pass_.decisions.roles
    mine = [e for e in roles.get(definition.routine, ()) if e.called is not Called.IDENTITY]
    context = context_of(pass_.extension, definition, mine)
    if context is None or not all(
        with_gil(pass_.extension, each, lambda key: roles.get(key, ())) for each in context.fillings
    ):
        return None
    return context


def _sites(pass_: Pass, definition: Definition) -> Iterator[Site]:
    """Where the tokens stand in a body."""
    parsed = pass_.parsed(definition.path)
    for token in _TOKENS:
        for offset in parsed.occurrences(token) if token in parsed.names() else ():
            inside = definition.body[0] <= offset < definition.body[1]
            if inside and (definition.is_macro or parsed.define_at(offset) is None):
                yield definition.path, offset, token


def _macros(pass_: Pass, definition: Definition) -> list[Definition]:
    """Macros with one of the tokens that a function uses, as they are defined on Python 3."""
    keys = {use.symbol for use in pass_.extension.uses_inside(definition)}
    routines = [
        pass_.extension.routines[key] for key in sorted(keys & pass_.extension.routines.keys())
    ]
    return [
        each
        for routine in routines
        if routine.is_macro
        for each in routine.definitions
        if next(_sites(pass_, each), None) is not None
        and all(condition.verdict is not False for condition in each.conditions)
    ]


def _users_of(pass_: Pass, macro: Definition) -> list[Definition]:
    uses = pass_.extension.uses_of(macro.routine)
    return [use.inside for use in uses if use.inside is not None]


def _respell(pass_: Pass, path: str, offset: int, token: str, source: str) -> None:
    end = offset + len(token)
    if token == _TOKENS[0]:
        text = _name(pass_, "thread")
    elif token == _TOKENS[2]:
        text = _name(pass_, "leave")
    else:
        data = pass_.parsed(path).source.data
        end = data.index(b")", data.index(b"(", end)) + 1
        text = f"{_name(pass_, 'enter')}({source})"
    pass_.replace(path, offset, end, text.encode(), GROUP, Stage.ISOLATED)


def _hand_over(pass_: Pass, macro: Definition, user: Definition, source: str) -> None:
    """The macro that enters takes the interpreter; its user hands it over."""
    if not any(token == _TOKENS[1] for _, _, token in _sites(pass_, macro)):
        return
    span = macro.parameters_span
    if span is not None:
        add_parameter(pass_, macro.path, span, MEMBER, GROUP, Stage.ISOLATED)
    else:
        at = macro.name_start + len(macro.name)
        pass_.replace(macro.path, at, at, f"({MEMBER})".encode(), GROUP, Stage.ISOLATED)
    for use in pass_.extension.uses_inside(user):
        if use.symbol != macro.routine:
            continue
        data = pass_.parsed(use.path).source.data
        if span is None:
            at, text = use.end, f"({source})"
        else:
            at = data.index(b"(", use.end) + 1
            text = source if data[at:].lstrip().startswith(b")") else f"{source}, "
        pass_.replace(use.path, at, at, text.encode(), GROUP, Stage.ISOLATED)


def _name(pass_: Pass, what: str) -> str:
    stem = pass_.decisions.names.exec_function.removesuffix("_exec")
    return f"{stem}_thread" if what == "thread" else f"{what}_{stem}_interpreter"


def _before_comment(data: bytes, at: int) -> int:
    """Before the comment that stands directly above a line."""
    above = data[:at].rstrip()
    if above.endswith(b"*/") and data[len(above) : at].count(b"\n") == 1:
        start = above.rfind(b"/*")
        return data.rfind(b"\n", 0, start) + 1
    return at


RULE = Rule(
    "interpreter-entry", __doc__, (84, 85, 86), Stage.ISOLATED, Safety.REVIEW, run, EXAMPLES
)
