"""Callbacks that are registered for good, with data that the library owns a reference to."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.callback_pair import LISTENING

LIBRARY = """
typedef void (*hearer)(int, void *);
static hearer listening[8];
static void *datas[8];
static void (*destroys[8])(void *);
static int count;

int library_listen(hearer call, void *data, void (*destroy)(void *))
{
    if (count == 8) {
        return -1;
    }
    listening[count] = call;
    datas[count] = data;
    destroys[count++] = destroy;
    return 0;
}

void library_say(int word)
{
    for (int i = 0; i < count; i++) {
        listening[i](word, datas[i]);
    }
}

void library_end(void)
{
    while (count > 0) {
        count--;
        destroys[count](datas[count]);
    }
}
"""
CALLED = """
extern void library_say(int word);
extern void library_end(void);

static PyObject *
spam_say(PyObject *self, PyObject *word)
{
    library_say((int)PyLong_AsLong(word));
    Py_RETURN_NONE;
}

static PyObject *
spam_end(PyObject *self, PyObject *args)
{
    library_end();
    Py_RETURN_NONE;
}

static PyMethodDef"""
ROWS = '{"say", spam_say, METH_O, NULL}, {"end", spam_end, METH_NOARGS, NULL},\n    {NULL'
CODE = LISTENING.replace("\nstatic PyMethodDef", CALLED, 1).replace("{NULL", ROWS, 1)
RUN = """
import spam, sys
one, other = [], []
count = sys.getrefcount(one)
spam.listen(one); spam.listen(other); spam.listen(one)
spam.say(10); spam.say(20)
print(one, other)
spam.end(); spam.say(1)
print(sys.getrefcount(one) - count, len(one))
for _ in range(8): spam.listen(one)
try:
    spam.listen(one)
except MemoryError:
    spam.end()
print(sys.getrefcount(one) - count)
"""
SAID = "[10, 12, 23, 25] [11, 24]\n0 4\n0"


@pytest.fixture
def library(tmp_path: Path) -> str:
    path = tmp_path / "library.c"
    path.write_text(LIBRARY)
    return str(path)


@pytest.mark.parametrize("stage", list(Stage), ids=lambda each: each.label)
def test_every_stage(stage: Stage, tmp_path: Path, library: str) -> None:
    assert output(compiled(migrated(CODE), stage, tmp_path, library), RUN) == SAID


def test_the_registration_holds_the_module(tmp_path: Path, library: str) -> None:
    built = compiled(migrated(CODE), Stage.ISOLATED, tmp_path, library)
    code = """
import gc, spam, sys, weakref
heard, module = [], weakref.ref(spam)
spam.listen(heard)
del sys.modules['spam'], spam
gc.collect()
import spam
spam.say(5)
print(heard, module() is not None)
spam.end()
gc.collect()
print(module())
"""
    assert output(built, code) == "[5] True\nNone"


def test_two_copies_hear_for_themselves(tmp_path: Path, library: str) -> None:
    built = compiled(migrated(CODE), Stage.ISOLATED, tmp_path, library)
    code = """
import spam, sys
one, two = [], []
spam.listen(one)
del sys.modules['spam']
import spam as other
other.listen(two)
other.say(0); spam.say(0)
print(one, two)
"""
    assert output(built, code) == "[0, 1] [0, 1]"


PARSE = 'if (!PyArg_Parse(list, "O&", PyUnicode_FSConverter, &list)) return NULL;'
NUMBER = "    PyObject *number"
REFUSED = {
    "no reference": ("    Py_INCREF(list);\n", ""),
    "a reference of its own": ("    Py_INC", "    list = PyList_New(0);\n    Py_INC"),
    "two references": ("    Py_INC", "    Py_INCREF(list);\n    Py_INC"),
    "kept elsewhere": ("    Py_INC", "    static PyObject *kept;\n    kept = list;\n    Py_INC"),
    "used afterwards": ("    Py_RETURN", "    PyList_Append(list, list);\n    Py_RETURN"),
    "called directly": ("    Py_INC", "    on_word(0, list);\n    Py_INC"),
    "no data": ("(void *)list,", "NULL,"),
    "more data": ("(void *)list,", "(void *)list, self,"),
    "parsed by a converter": ("    Py_INC", f"    {PARSE}\n    Py_INC"),
    "nobody releases it": ("    Py_DECREF((PyObject *)data);", "    (void)(PyObject *)data;"),
    "released sometimes": ("    Py_DECREF((PyO", "    if (heard) return;\n    Py_DECREF((PyO"),
    "released by the callback": (NUMBER, f"    Py_DECREF(list);\n{NUMBER}"),
    "released by another name": (NUMBER, f"    PyObject *o = data;\n    Py_DECREF(o);\n{NUMBER}"),
    "taken for two kinds": (NUMBER, f"    char *text = data;\n    (void)text;\n{NUMBER}"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_library_may_not_own_is_refused(old: str, new: str) -> None:
    assert old in LISTENING
    code = LISTENING.replace(old, new)
    if "self" in new:
        code = code.replace("void *data, void (*des", "void *data, void *more, void (*des")
    outcome = migrated(code)
    assert Reason.ADDRESS_TAKEN in reasons(outcome)
    assert outcome.stage is Stage.ACCESS


def test_the_other_callbacks_take_the_pair_apart_too() -> None:
    other = "static void\nother(int word, void *data)\n{\n    PyList_Sort((PyObject *)data);\n}\n"
    code = LISTENING.replace("library_listen(on_word,", "library_listen(on_word, other,")
    code = code.replace(
        "(*call)(int, void *),", "(*call)(int, void *), void (*other)(int, void *),"
    )
    text = text_of(migrated(code.replace("static void\nrelease", f"{other}\nstatic void\nrelease")))
    assert (
        "other(int word, void *arg)\n{\n    void *data = PyTuple_GET_ITEM((PyObject *)arg, 0);"
        in text
    )


def test_the_state_is_fetched_when_the_module_is_needed() -> None:
    outcome = migrated(LISTENING)
    assert "list)\n{\n    Py_INCREF(list);" in text_of(outcome, stage=Stage.ACCESS)
    assert "list)\n{\n    spam_state *state = get_spam_state(self);\n" in text_of(outcome)
