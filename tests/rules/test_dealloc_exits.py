"""A dealloc function that leaves early, since its instance was never finished."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing.checks import migrated as checked
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import TYPE

FREED = ["tp->tp_free((PyObject *)self);", "Py_DECREF(tp);", "return;"]
COUNT = """
import gc, sys, spam
gc.collect()
kind = type(spam.egg())
before = sys.getrefcount(kind)
for _ in range(100):
    spam.egg()
print(sys.getrefcount(kind) - before)
"""


def leaving(text: str) -> str:
    return TYPE.replace("    Py_XDECREF(self->value);", f"{text}\n    Py_XDECREF(self->value);")


def lines_of(text: str) -> list[str]:
    """The lines of the dealloc function, without their margins."""
    body = text.partition("Egg_dealloc(EggObject *self)\n{")[2].partition("\n}\n")[0]
    return [line.strip() for line in body.split("\n")]


@pytest.mark.parametrize(
    "test", ["!self->value", "! self -> value", "self->value == NULL", "self->value == 0"]
)
@pytest.mark.parametrize(
    "shape",
    [
        "    if (%s)\n        return;",
        "    if (%s) {\n        return;\n    }",
        "    if (%s) {\n        /* never made */\n        return;\n    }",
    ],
    ids=["bare", "braces", "comment"],
)
def test_the_memory_and_the_type_are_given_back(test: str, shape: str) -> None:
    outcome = migrated(leaving(shape % test))
    assert outcome.refusals == []
    lines = lines_of(text_of(outcome))
    at = lines.index(FREED[0])
    assert lines[at : at + 3] == FREED
    assert lines[at + 3] == "}"
    assert any("unfinished" in note.message and note.review for note in outcome.notes)


@pytest.mark.parametrize("stage", [Stage.HEAP_TYPES, Stage.ACCESS, Stage.ISOLATED])
def test_no_reference_to_the_type_is_left(stage: Stage, tmp_path: Path) -> None:
    outcome = migrated(leaving("    if (!self->value)\n        return;"))
    assert output(compiled(outcome, stage, tmp_path), COUNT) == "0"


def test_the_bare_statement_gets_its_braces() -> None:
    text = text_of(migrated(leaving("    if (!self->value)\n        return;")))
    assert (
        "    if (!self->value)\n        {\n        tp->tp_free" not in text
        and "    if (!self->value)" in text
    )


@pytest.mark.parametrize(
    "text",
    [
        "    if (self->value)\n        return;",
        "    if (!self)\n        return;",
        "    if (!self->value) {\n        Py_XDECREF(self->value);\n        return;\n    }",
        "    if (!self->value && Py_IsInitialized())\n        return;",
        "    while (!self->value) {\n        return;\n    }",
    ],
    ids=["finished", "no member", "does more", "more of a test", "no if"],
)
def test_any_other_way_out_is_refused(text: str) -> None:
    outcome = migrated(leaving(text))
    assert reasons(outcome) == {Reason.DEALLOC_SHAPE}
    assert "static PyTypeObject Egg_Type = {" in text_of(outcome, stage=Stage.ACCESS)


def test_a_branch_for_python_2_may_free_as_it_did(tmp_path: Path) -> None:
    branches = (
        "#if PY_MAJOR_VERSION >= 3\n    Py_TYPE(self)->tp_free((PyObject *)self);\n"
        "#else\n    self->ob_type->tp_free((PyObject *)self);\n#endif"
    )
    outcome = checked(SUITE, TYPE.replace("    PyObject_Del(self);", branches))
    assert not outcome.refusals and outcome.stage is Stage.ISOLATED
    assert output(compiled(outcome, Stage.ISOLATED, tmp_path), COUNT) == "0"
