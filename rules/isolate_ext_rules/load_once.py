"""Multi-phase initialisation alone, under a guard.

What: on the user's word the module gets an exec function and nothing else: its globals and static
types stay, it may be loaded once in a process, and it says that it does not support interpreters.
Hooks that it has already do nothing for a copy that is refused.

Why: some want the init function converted first; without the guard a second copy of the module
would share what it believes to own.

Declines when: the module finds itself through `PyState_FindModule`, which slots make impossible.

Handbook patterns 9 and 10.
"""

from __future__ import annotations

from collections.abc import Mapping

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Entry
from isolate_ext.text import Template
from isolate_ext_rules.examples import EXCEPTION
from isolate_ext_rules.module_names import module_name

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
EXAMPLES = (
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
/* Its globals belong to the process, so the module is loaded once. */
static PyObject *${loaded};""",
    "loaded",
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
    if not pass_.settings.guarded or init.multi_phase or home is None or init.module_def is None:
        return
    at = home.start if init.module_def.function is None else init.creator.start
    text = _GUARD.fill(loaded=loaded_name(pass_)) + "\n\n"
    pass_.replace(home.path, at, at, text, "init", Stage.ISOLATED, order=-2)


def loaded_name(pass_: Pass) -> str:
    return f"loaded_{pass_.decisions.names.exec_function.removesuffix('_exec')}"


def guard_test(pass_: Pass) -> list[str]:
    """Statements at the start of exec; the copy that is refused does not touch the variable."""
    loaded = loaded_name(pass_)
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
    names, loaded = pass_.decisions.names, loaded_name(pass_)
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
    "load-once", __doc__, (9, 10), Stage.ISOLATED, Safety.REVIEW, run, EXAMPLES, guarded=True
)
