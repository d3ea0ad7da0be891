"""Finalizers of types: kept with the dealloc function that runs them, told of where it is new."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, compiled, output, text_of

from isolate_ext.engine import Stage
from isolate_ext.testing.checks import migrated
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import TYPE

COUNT = """
static int gone;

static void
Egg_finalize(PyObject *self)
{
    gone++;
}

static PyObject *
spam_gone(PyObject *self, PyObject *args)
{
    return PyLong_FromLong(gone);
}
"""
CODE = "import spam\nfor _ in range(3): spam.egg()\nprint(spam.gone())"


def finalized(slot: str) -> str:
    """The type with a finalizer in one of its slots."""
    source = TYPE.replace(
        "static PyTypeObject Egg_Type = {", f"{COUNT}\nstatic PyTypeObject Egg_Type = {{"
    )
    source = source.replace(".tp_flags =", f".{slot} = Egg_finalize,\n    .tp_flags =")
    return source.replace('{"egg",', '{"gone", spam_gone, METH_NOARGS, NULL},\n    {"egg",')


def test_a_dealloc_function_that_runs_the_finalizer_goes_on_doing_so(tmp_path: Path) -> None:
    run = "if (PyObject_CallFinalizerFromDealloc((PyObject *)self) < 0) {\n        return;\n    }\n"
    source = finalized("tp_finalize").replace(
        "    Py_XDECREF(self->value);", f"    {run}    Py_XDECREF(self->value);"
    )
    outcome = migrated(SUITE, source)
    assert not outcome.refusals and not [
        each for each in outcome.notes if "runs whenever" in each.message
    ]
    text = text_of(outcome)
    assert text.index("CallFinalizerFromDealloc") < text.index("PyObject_GC_UnTrack(self)")
    behaves(outcome, tmp_path, CODE, "3")


@pytest.mark.parametrize("slot", ["tp_finalize", "tp_del"])
def test_a_finalizer_that_only_the_collector_ran_is_told_of(slot: str, tmp_path: Path) -> None:
    source = finalized(slot).replace("    (destructor)Egg_dealloc,    /* tp_dealloc */", "    0,")
    outcome = migrated(SUITE, source)
    assert not outcome.refusals
    [note] = [each for each in outcome.notes if "runs whenever" in each.message]
    assert note.review and f"{{Py_{slot}, Egg_finalize}}" in text_of(outcome)
    assert output(compiled(outcome, Stage.ISOLATED, tmp_path), CODE) == "3"
