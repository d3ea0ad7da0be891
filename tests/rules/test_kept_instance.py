"""Instances that their constructor takes a reference to for nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, text_of

from isolate_ext.engine import Stage
from isolate_ext_rules.kept_instance import KEPT

COUNT = """
import sys, spam
kind = type(spam.egg())
before = sys.getrefcount(kind)
for _ in range(50):
    kind()
print(sys.getrefcount(kind) - before)
"""


def test_instances_go_and_let_their_type_go(tmp_path: Path) -> None:
    outcome = migrated(KEPT)
    assert not outcome.refusals
    assert any("for ever" in each.message for each in outcome.notes)
    assert output(compiled(outcome, Stage.ISOLATED, tmp_path), COUNT) == "0"


def test_a_declaration_apart_from_the_allocation_is_seen_through() -> None:
    apart = KEPT.replace(
        "    EggObject *self = (EggObject *)type->tp_alloc(type, 0);\n    if (self == NULL) {",
        "    EggObject *self;\n    if ((self = (EggObject *)type->tp_alloc(type, 0)) == NULL) {",
    )
    assert apart != KEPT and "Py_INCREF(self);" not in text_of(migrated(apart))


@pytest.mark.parametrize(
    "line", ["last = (PyObject *)self;", "keep((PyObject *)self);", "self = other(self);"]
)
def test_an_instance_that_somebody_keeps_is_left_alone(line: str) -> None:
    source = KEPT.replace("    Py_INCREF(self);", f"    {line}\n    Py_INCREF(self);")
    source = source.replace(
        "static PyObject *\nEgg_new", "static PyObject *last;\n\nstatic PyObject *\nEgg_new"
    )
    assert "Py_INCREF(self);" in text_of(migrated(source))
