"""Multi-phase initialisation alone, under a guard.

What: on the user's word the module gets an exec function and nothing else: its globals and static
types stay, it may be loaded once in a process, and it says that it does not support interpreters.

Why: some want the init function converted first; without the guard a second copy of the module
would share what it believes to own.

Declines when: the module finds itself through `PyState_FindModule`, which slots make impossible.

Handbook patterns 9 and 10.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.text import Template
from isolate_ext_rules.examples import EXCEPTION
from isolate_ext_rules.module_names import module_name

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
)

_GUARD = Template(
    """\
/* Its globals belong to the process, so the module is loaded once. */
static PyObject *${loaded};

static void
${free}(void *module)
{
    if (${loaded} == (PyObject *)module) {
        ${loaded} = NULL;
    }
}""",
    "loaded free",
)


def run(pass_: Pass) -> None:
    """The guard variable; its test stands in the exec function, its reset in the definition."""
    init = pass_.decisions.init
    home = init.def_declaration
    if not pass_.settings.guarded or init.multi_phase or home is None or init.module_def is None:
        return
    at = home.start if init.module_def.function is None else init.creator.start
    text = guard_text(pass_) + "\n\n"
    pass_.replace(home.path, at, at, text, "init", Stage.ISOLATED, order=-2)


def loaded_name(pass_: Pass) -> str:
    return f"loaded_{pass_.decisions.names.exec_function.removesuffix('_exec')}"


def guard_text(pass_: Pass) -> str:
    """The guard variable and the free function that resets it for its owner."""
    return _GUARD.fill(loaded=loaded_name(pass_), free=pass_.decisions.names.free)


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


RULE = Rule("load-once", __doc__, (9, 10), Stage.ISOLATED, Safety.REVIEW, run, EXAMPLES)
