"""Modules that a process loads once.

What: a module whose functions are hooked into variables of a C library, or of the interpreter, may
be loaded once in a process, and says that it does not support interpreters. What is hooked finds
the state through the one module that is loaded, which is kept until Python exits, even if Python
code drops it. On the user's word any module is loaded once, with its globals and static
types as they were; hooks that it has already do nothing for a copy that is refused.

Why: the process has one such variable, which a second copy of the module would take from the first.
Some want the init function converted first; without the guard a second copy would share what it
believes to own.

Declines when: a module with hooks of the process has slots that say nothing of it; what frees the
module is not a function of the extension; on the user's word: the module finds itself through
`PyState_FindModule`, which slots make impossible.

Handbook patterns 9, 10 and 84.
"""

from __future__ import annotations

from collections.abc import Mapping

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Entry
from isolate_ext.model.initialisers import fields_of
from isolate_ext.placement.decisions import RouteKind
from isolate_ext.placement.own_hooks import own_hooks
from isolate_ext.placement.refusals import Reason
from isolate_ext.text import Template
from isolate_ext_rules.examples import EXCEPTION, module
from isolate_ext_rules.module_names import module_name
from isolate_ext_rules.state_needs import is_shared

CLEARING = EXCEPTION.replace(
    "static struct PyModuleDef",
    """static int
clear_error(PyObject *m)
{
    Py_CLEAR(Error);
    return 0;
}

static struct PyModuleDef""",
).replace("spam_methods,\n}", "spam_methods, NULL, NULL, clear_error,\n}")
HOOKED = module(
    """
static PyObject *idle;

static int
on_idle(void)
{
    PyObject *done = idle == NULL ? NULL : PyObject_CallObject(idle, NULL);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

static PyObject *
spam_on_idle(PyObject *self, PyObject *function)
{
    Py_INCREF(function);
    Py_XSETREF(idle, function);
    Py_RETURN_NONE;
}
""",
    '{"on_idle", spam_on_idle, METH_O, NULL},',
    "PyOS_InputHook = on_idle;",
)
EXAMPLES = (
    Rewrite(
        HOOKED,
        (
            "spam_state *state = get_loaded_spam_state();\n    if (state == NULL) {",
            "if (loaded_spam != NULL) {",
            "    if (loaded_spam == (PyObject *)module) {\n        loaded_spam = NULL;\n    }\n"
            "    (void)spam_clear((PyObject *)module);",
            "{Py_mod_exec, spam_exec},\n    {Py_mod_exec, spam_keep},",
            "Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED",
        ),
        ("static PyObject *idle;",),
    ),
    Refused(
        HOOKED.replace(
            "NULL, -1, spam_methods,", "NULL, -1, spam_methods, NULL, NULL, NULL, free,"
        ),
        Reason.INIT_SHAPE,
    ),
    Rewrite(
        EXCEPTION,
        (
            "if (loaded_spam != NULL) {",
            "static PyObject *Error;",
            "Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED",
            ".m_free = spam_free",
        ),
        ("PyModule_Create",),
        guarded=True,
    ),
    Rewrite(
        CLEARING,
        ("return loaded_spam == module ? clear_error(module) : 0;", ".m_clear = spam_clear"),
        guarded=True,
    ),
)

_GUARD = Template(
    """\
/* Its ${what} belong to the process, so the module is loaded once. */
${storage}PyObject *${loaded};""",
    "what storage loaded",
)
_KEEP = Template(
    """\
/* What is hooked into the process works for this module until Python exits:
   atexit holds it that long, and calls no more than type(module) then. */
static int
${name}(PyObject *module)
{
    PyObject *atexit, *held;
    int result;

    atexit = PyImport_ImportModule("atexit");
    if (atexit == NULL) {
        return -1;
    }
    held = PyObject_CallMethod(atexit, "register", "OO", &PyType_Type, module);
    result = held == NULL ? -1 : 0;
    Py_XDECREF(held);
    Py_DECREF(atexit);
    return result;
}""",
    "name",
)
_TRAVERSE = Template(
    """\
static int
${name}(PyObject *module, visitproc visit, void *arg)
{
    return ${loaded} == module ? ${hook}(module, visit, arg) : 0;
}""",
    "name loaded hook",
)
_CLEAR = Template(
    """\
static int
${name}(PyObject *module)
{
    return ${loaded} == module ? ${hook}(module) : 0;
}""",
    "name loaded hook",
)
_FREE = Template(
    """\
static void
${name}(void *module)
{
    if (${loaded} == (PyObject *)module) {
        ${statements}
    }
}""",
    "name loaded statements",
)


def run(pass_: Pass) -> None:
    """The guard variable; its test stands in the exec function, its reset in `m_free`."""
    init = pass_.decisions.init
    home = init.def_declaration
    if not loads_once(pass_) or init.multi_phase or home is None or init.module_def is None:
        return
    for each in pass_.decisions.resources:
        pass_.note(each.path, each.start, f"{each.message}: it is loaded once", review=True)
    _refuse_unknown_free(pass_)
    shared = is_shared(pass_)
    if keeps(pass_) and not shared:
        return
    at = home.start if init.module_def.function is None else init.creator.start
    what = "globals" if pass_.settings.guarded else "hooks"
    storage = "" if keeps(pass_) else "static "
    text = _GUARD.fill(what=what, storage=storage, loaded=pass_.decisions.names.loaded) + "\n\n"
    pass_.replace(home.path, at, at, text, "init", Stage.ISOLATED, order=-2)


def loads_once(pass_: Pass) -> bool:
    """On the user's word, or for what the module hooks into the process."""
    return pass_.settings.guarded or bool(pass_.decisions.resources)


def keeps(pass_: Pass) -> bool:
    """Whether the module is kept until Python exits, as what is hooked asks for its state."""
    return RouteKind.OWNER in pass_.decisions.ways


def keep_function(pass_: Pass) -> str:
    """What runs when the module is complete: one that failed is not kept."""
    if not keeps(pass_):
        return ""
    return _KEEP.fill(name=pass_.decisions.names.keep)


def _refuse_unknown_free(pass_: Pass) -> None:
    init = pass_.decisions.init
    home = init.def_declaration
    if home is None or pass_.settings.guarded or "m_free" in own_hooks(pass_.extension, init):
        return
    for entry in fields_of(pass_.parsed(home.path), home):
        if entry.field == "m_free" and not entry.empty:
            text = f"{entry.value.str} is to free the one module that is loaded, and is not known"
            pass_.refuse_node(Reason.INIT_SHAPE, home.path, entry.value, text)


def guard_test(pass_: Pass) -> list[str]:
    """Statements at the start of exec; the copy that is refused does not touch the variable."""
    loaded = pass_.decisions.names.loaded
    return [
        f"if ({loaded} != NULL) {{",
        "    PyErr_SetString(PyExc_ImportError,",
        f'                    "{pass_.decisions.init.name} can be loaded only once in a process");',
        "    return -1;",
        "}",
        f"{loaded} = {module_name(pass_)};",
    ]


def guarded_hooks(pass_: Pass, present: Mapping[str, Entry]) -> tuple[str, dict[str, str]]:
    """Hooks that act for the loaded module alone: their text, and the fields that name them.

    ``present`` are the entries of the module definition.
    """
    names = pass_.decisions.names
    loaded = names.loaded
    own = {field: entry.value.str for field, entry in present.items() if not entry.empty}
    parts, fields = [], {}
    for field, name, template in (
        ("m_traverse", names.traverse, _TRAVERSE),
        ("m_clear", names.clear, _CLEAR),
    ):
        if field in own:
            parts.append(template.fill(name=name, loaded=loaded, hook=own[field]))
            fields[field] = name
    calls = [f"{own['m_free']}(module);"] if "m_free" in own else []
    statements = "\n        ".join([*calls, f"{loaded} = NULL;"])
    parts.append(_FREE.fill(name=names.free, loaded=loaded, statements=statements))
    return "\n\n".join(parts), {**fields, "m_free": names.free}


RULE = Rule(
    "load-once", __doc__, (9, 10, 84), Stage.ISOLATED, Safety.REVIEW, run, EXAMPLES, guarded=True
)
