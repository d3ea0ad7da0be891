"""State that is used while instances are destroyed, in and after the life of the module."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, compiled, migrated, output, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import TYPE, module
from isolate_ext_rules.teardown import LOGGED, NEEDED

COUNTED = (
    TYPE.replace(
        "static PyTypeObject Egg_Type;\n",
        """static long living = 100;
static PyTypeObject Egg_Type;

static long
count(long change)
{
    living += change;
    return living;
}
""",
        1,
    )
    .replace("    Py_XDECREF(self->value);", "    count(-1);\n    Py_XDECREF(self->value);")
    .replace("    egg->value = NULL;", "    egg->value = NULL;\n    count(1);")
)
RUN = """
import spam, gc
egg = spam.egg()
del egg
gc.collect()
print(spam.egg().__class__.__name__)
"""
CYCLE = """
import gc, sys, spam
class Keeper: pass
keeper = Keeper()
keeper.self, keeper.egg = keeper, spam.egg()
del spam, sys.modules['spam'], keeper
gc.collect()
print('survived')
"""


@pytest.mark.parametrize("code", [COUNTED, LOGGED], ids=["plain data", "object"])
def test_the_state_may_be_gone(code: str, tmp_path: Path) -> None:
    outcome = migrated(code)
    assert outcome.stage is Stage.ISOLATED
    behaves(outcome, tmp_path, RUN, "Egg")
    assert output(tmp_path / Stage.ISOLATED.label / "spam.so", CYCLE) == "survived"


def test_initial_values_are_those_of_the_stand_in() -> None:
    assert "*torn_down = (spam_state){\n        .living = 100,\n    };" in text_of(
        migrated(COUNTED)
    )


def test_a_method_that_dealloc_calls_makes_no_lookup_by_definition(tmp_path: Path) -> None:
    code = (
        LOGGED.replace(
            "static void\nEgg_dealloc",
            """static PyObject *
Egg_log(EggObject *self, PyObject *args)
{
    PyList_Append(log_, Py_None);
    Py_RETURN_NONE;
}

static PyMethodDef Egg_methods[] = {
    {"log", (PyCFunction)Egg_log, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static void
Egg_dealloc""",
        )
        .replace(
            "    PyList_Append(log_, Py_None);\n    Py_XDECREF",
            "    Py_XDECREF(Egg_log(self, NULL));\n    Py_XDECREF",
        )
        .replace(".tp_flags", ".tp_methods = Egg_methods,\n    .tp_flags")
    )
    outcome = migrated(code)
    assert outcome.stage is Stage.ISOLATED
    assert "by_type(Py_TYPE(self))" not in text_of(outcome)
    compiled(outcome, Stage.ISOLATED, tmp_path)


@pytest.mark.parametrize(
    "use",
    [
        "Py_ssize_t n = PyList_Size(log_); (void)n;",
        "if (PyList_Size(log_) > 0) { self->value = NULL; }",
        "if (!log_) { self->value = PyTuple_Pack(1, log_); }",
    ],
)
def test_an_object_whose_value_is_needed_is_refused(use: str) -> None:
    outcome = migrated(NEEDED.replace("Py_ssize_t n = PyList_Size(log_); (void)n;", use))
    assert reasons(outcome) == {Reason.TEARDOWN}
    assert outcome.stage is Stage.ACCESS


@pytest.mark.parametrize(
    "use",
    [
        "if (log_) { PyList_Append(log_, Py_None); }",
        "if (log_ != NULL && PyList_Size(log_) > 0) { self->value = NULL; }",
        "Py_CLEAR(log_);",
    ],
)
def test_what_asks_first_is_left_alone(use: str) -> None:
    outcome = migrated(NEEDED.replace("Py_ssize_t n = PyList_Size(log_); (void)n;", use))
    assert outcome.stage is Stage.ISOLATED
    assert use.replace("log_", "state->log_") in text_of(outcome)


PROFILE = module(
    """
typedef struct {
    PyObject_HEAD
    long calls;
} CounterObject;

static long total;
static PyTypeObject Counter_Type;

static int
on_call(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
{
    if (what == PyTrace_CALL) {
        ((CounterObject *)self)->calls++;
        total++;
    }
    return 0;
}

static PyObject *
Counter_start(CounterObject *self, PyObject *args)
{
    PyEval_SetProfile(on_call, (PyObject *)self);
    Py_RETURN_NONE;
}

static PyMethodDef Counter_methods[] = {
    {"start", (PyCFunction)Counter_start, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static PyTypeObject Counter_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    "spam.Counter", sizeof(CounterObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = Counter_methods,
    .tp_new = PyType_GenericNew,
};

static PyObject *
spam_total(PyObject *self, PyObject *args)
{
    return PyLong_FromLong(total);
}
""",
    '{"total", spam_total, METH_NOARGS, NULL},',
    """if (PyType_Ready(&Counter_Type) < 0) {
        return NULL;
    }
    Py_INCREF(&Counter_Type);
    if (PyModule_AddObject(m, "Counter", (PyObject *)&Counter_Type) < 0) {
        return NULL;
    }""",
)


def test_a_callback_that_gets_its_instance_back(tmp_path: Path) -> None:
    run = (
        "import spam, sys\nspam.Counter().start()\n(lambda: 0)()\n"
        "sys.setprofile(None)\nprint(spam.total())"
    )
    behaves(migrated(PROFILE), tmp_path, run, "1")


def test_a_callback_that_may_get_something_else_is_refused() -> None:
    code = PROFILE.replace(
        "static PyMethodDef Counter",
        """static PyObject *
stop(PyObject *other)
{
    PyEval_SetProfile(on_call, other);
    return NULL;
}

static PyMethodDef Counter""",
    )
    assert Reason.ADDRESS_TAKEN in reasons(migrated(code))
