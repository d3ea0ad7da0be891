"""The load-once guard beside hooks and a state that the module has already."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, text_of

from isolate_ext.engine import Settings, Stage
from isolate_ext.placement.process_wide import loaded_once
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing import extension_of
from isolate_ext.verify.binary.placement_list import placement_list
from isolate_ext_rules.examples import module
from isolate_ext_rules.load_once import HOOKED as HOOKED_IN

HOOKED = """\
#include <Python.h>

static PyObject *log_;
static int cleared;

static PyObject *
spam_add(PyObject *self, PyObject *value)
{
    if (PyList_Append(log_, value) < 0) {
        return NULL;
    }
    return PyLong_FromSsize_t(PyList_GET_SIZE(log_) + 100 * cleared);
}

static PyMethodDef spam_methods[] = {
    {"add", spam_add, METH_O, NULL},
    {NULL, NULL, 0, NULL}
};

static int
spam_traverse(PyObject *m, visitproc visit, void *arg)
{
    Py_VISIT(log_);
    return 0;
}

static int
spam_clear(PyObject *m)
{
    cleared++;
    Py_CLEAR(log_);
    return 0;
}

static void
spam_free(void *m)
{
    spam_clear((PyObject *)m);
}

static struct PyModuleDef spam_module = {
    PyModuleDef_HEAD_INIT, "spam", NULL, @SIZE@, spam_methods,
    NULL, spam_traverse, spam_clear, spam_free,
};

PyMODINIT_FUNC
PyInit_spam(void)
{
    PyObject *m = PyModule_Create(&spam_module);
    if (m == NULL) {
        return NULL;
    }
    @FILL@
    log_ = PyList_New(0);
    if (log_ == NULL) {
        Py_DECREF(m);
        return NULL;
    }
    return m;
}
"""
FILLED = "*(int *)PyModule_GetState(m) = 7;"
TWICE = """
import gc, sys
import spam
print(spam.add(1))
for attempt in range(3):
    del sys.modules["spam"]
    try:
        import spam as other
    except ImportError as error:
        print(error)
    else:
        print("loaded twice")
    sys.modules["spam"] = spam
    gc.collect()
print(spam.add(2))
"""
REFUSED = "spam can be loaded only once in a process"


@pytest.mark.parametrize(
    ("size", "fill"), [("-1", ""), ("0", ""), ("sizeof(int)", FILLED), ("16", FILLED)]
)
def test_hooks_act_for_the_loaded_module_alone(size: str, fill: str, tmp_path: Path) -> None:
    """A copy that is refused neither visits nor clears what belongs to the other."""
    source = HOOKED.replace("@SIZE@", size).replace("@FILL@", fill)
    outcome = migrated(source, Settings(guarded=True))
    assert outcome.stage is Stage.ISOLATED and not outcome.refusals
    library = compiled(outcome, Stage.ISOLATED, tmp_path)
    assert output(library, TWICE) == "\n".join(["1", REFUSED, REFUSED, REFUSED, "2"])


def test_it_may_be_loaded_again_when_it_is_gone(tmp_path: Path) -> None:
    source = HOOKED.replace("@SIZE@", "-1").replace("@FILL@", "")
    library = compiled(migrated(source, Settings(guarded=True)), Stage.ISOLATED, tmp_path)
    code = """
import gc, sys
for attempt in range(3):
    import spam
    print(spam.add(attempt))
    del spam, sys.modules["spam"]
    gc.collect()
"""
    assert output(library, code) == "1\n201\n401"


def test_a_second_run_changes_nothing() -> None:
    settings = Settings(guarded=True)
    first = migrated(HOOKED.replace("@SIZE@", "-1").replace("@FILL@", ""), settings)
    again = migrated(text_of(first), settings)
    assert again.already and not again.files


def test_types_and_their_specs_are_left_alone() -> None:
    """Nothing is refused on account of what is not touched."""
    source = HOOKED.replace("@SIZE@", "-1").replace(
        "@FILL@",
        'static PyType_Slot slots[] = {{0, NULL}};\n    static PyType_Spec spec = {"spam.Egg", '
        "sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, slots};\n    PyObject *egg = "
        'PyType_FromSpec(&spec);\n    PyModule_AddObject(m, "Egg", egg);',
    )
    outcome = migrated(source, Settings(guarded=True))
    assert not outcome.refusals
    assert "PyType_FromSpec(&spec)" in text_of(outcome)


WORKING = (
    HOOKED_IN.replace("PyOS_InputHook = on_idle;", "PyOS_InputHook = on_idle;${more}")
    .replace(
        "static PyObject *\nspam_on_idle",
        "static PyObject *\nspam_fire(PyObject *self, PyObject *unused)\n{\n"
        "    return PyLong_FromLong(PyOS_InputHook());\n}\n\nstatic PyObject *\nspam_on_idle",
    )
    .replace(
        '{"on_idle", spam_on_idle, METH_O, NULL},',
        '{"on_idle", spam_on_idle, METH_O, NULL}, {"fire", spam_fire, METH_NOARGS, NULL},',
    )
)
FIRED = """
import gc, os, sys
import spam
spam.on_idle(lambda: print("called"))
fire = spam.fire
kept = sys.modules.pop("spam")
try:
    import spam
except ImportError as error:
    print(error)
del kept, spam
gc.collect()
print(fire())

class AtTheEnd:
    def __call__(self):
        pass
    def __del__(self, write=os.write):
        write(1, b"gone\\n")

kept = [each for each in gc.get_objects() if getattr(each, "__name__", "") == "spam"][0]
kept.on_idle(AtTheEnd())
sys.stdout.flush()
"""


def hooked(tmp_path: Path, more: str = "") -> Path:
    outcome = migrated(WORKING.replace("${more}", more))
    assert outcome.stage is Stage.ISOLATED and not outcome.refusals
    return compiled(outcome, Stage.ISOLATED, tmp_path)


def test_what_is_hooked_works_on_for_a_module_that_was_dropped(tmp_path: Path) -> None:
    """Up to the end of Python, where it lets go of what it has."""
    assert output(hooked(tmp_path), FIRED) == f"{REFUSED}\ncalled\n0\ngone"


def test_a_module_that_failed_is_not_the_one_that_is_loaded(tmp_path: Path) -> None:
    failing = '\n    if (getenv("SPAM_FAILS")) {\n        return PyErr_NoMemory();\n    }'
    code = """
import gc, os
os.environ["SPAM_FAILS"] = "1"
try:
    import spam
except MemoryError:
    print("failed")
gc.collect()
del os.environ["SPAM_FAILS"]
import spam
spam.on_idle(lambda: print("called"))
print(spam.fire())
"""
    assert output(hooked(tmp_path, failing), code) == "failed\ncalled\n0"


def test_a_second_run_leaves_the_owner_as_it_is() -> None:
    """The variable that names it stays static, and nothing is refused on its account."""
    again = migrated(text_of(migrated(HOOKED_IN)))
    assert again.already and not again.files and not again.refusals


def test_what_a_signal_handler_uses_stays_static() -> None:
    code = (
        "#include <signal.h>\nstatic volatile sig_atomic_t interrupted;\nstatic int count;\n\n"
        "static void\non_signal(int number)\n{\n    interrupted = 1;\n}\n\n"
        "static int\non_idle(void)\n{\n    return interrupted + ++count;\n}\n"
    )
    body = "PyOS_setsig(SIGUSR1, on_signal);\n    PyOS_InputHook = on_idle;"
    text = text_of(migrated(module(code, "", body)))
    assert "static volatile sig_atomic_t interrupted;" in text and "    interrupted = 1;" in text
    assert "state->count" in text and "static int count" not in text
    again = migrated(text)
    assert again.already and not again.refusals


@pytest.mark.parametrize(
    ("head", "value", "bail"),
    [
        ("static void", "", "return;"),
        ("static char *", "NULL", "return NULL;"),
        ("static unsigned long", "3", "return 0;"),
        ("static PyOS_sighandler_t", "SIG_IGN", None),
    ],
)
def test_a_hook_without_a_module_returns_a_zero(head: str, value: str, bail: str | None) -> None:
    code = (
        f"#include <signal.h>\nstatic int count;\nextern void *lib_hook;\n\n{head}\nhook(void)\n"
        f"{{\n    count++;\n    return {value};\n}}\n"
    )
    outcome = migrated(module(code, "", "lib_hook = (void *)hook;"))
    if bail is None:
        assert Reason.ADDRESS_TAKEN in {each.reason for each in outcome.refusals}
    else:
        assert f"== NULL) {{\n        {bail}\n    }}" in text_of(outcome)


def test_the_state_may_be_used_in_several_files(tmp_path: Path) -> None:
    """The variable that names the owner stands beside the init function, the others see it."""
    start, end = (
        HOOKED_IN.index("static PyObject *idle;"),
        HOOKED_IN.index("static PyObject *\nspam_"),
    )
    header = "#include <Python.h>\nextern PyObject *idle;\nint on_idle(void);\n"
    body = HOOKED_IN[start:end].replace("static ", "")
    outcome = migrated(
        {
            "spam.c": '#include "spam.h"\n' + HOOKED_IN.replace(HOOKED_IN[start:end], ""),
            "idle.c": '#include "spam.h"\n' + body,
            "spam.h": header,
        }
    )
    assert outcome.stage is Stage.ISOLATED and not outcome.refusals
    text = b"\n".join(outcome.files.values())
    assert text.count(b"\nPyObject *loaded_spam;") == 1
    assert text.count(b"\nextern PyObject *loaded_spam;") == 1
    library = compiled(outcome, Stage.ISOLATED, tmp_path)
    assert output(library, "import spam; spam.on_idle(print)") == ""


def test_the_name_of_the_owner_is_all_that_stays() -> None:
    """The proof knows by the sources that the module opts out, and for what."""
    extension = extension_of(text_of(migrated(HOOKED_IN)))
    assert [each.partition(",")[0] for each in loaded_once(extension)] == [
        "on_idle is hooked into PyOS_InputHook"
    ]
    listed = placement_list(extension)
    assert listed is not None
    assert [str(each) for each in listed.stays.values() if each.borrowed] == [
        "runtime: it names the one module that is loaded"
    ]
    assert not loaded_once(extension_of(HOOKED_IN))
