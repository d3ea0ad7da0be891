"""A header that the state is made of, and that has pointers to it: the name stands there alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import module

EGG = """#ifndef EGG_H
#define EGG_H
typedef int (*laying)(int count);
typedef struct {
    laying way;
} nest_t;
%s
int lay_many(int count);
int lay_few(int count);
#endif
"""
LAY = """#include <Python.h>
#include "egg.h"

static int laid;

int
lay_many(int count)
{
    laid += count;
    return laid;
}

int
lay_few(int count)
{
    return count;
}
"""
CODE = (
    '#include "egg.h"\n\nstatic nest_t nest;\n'
    + """
static PyObject *
spam_lay(PyObject *self, PyObject *args)
{
    nest.way = PyTuple_GET_SIZE(args) == 0 ? lay_many : lay_few;
    return PyLong_FromLong(nest.way(3));
}
"""
)
ROW = '{"lay", spam_lay, METH_VARARGS, NULL},'
OWN = module(
    """
#include "egg.h"

typedef struct {
\tlaying way;
} laying_state;

static PyObject *
spam_lay(PyObject *self, PyObject *args)
{
    laying_state *own = (laying_state *)PyModule_GetState(self);
    return PyLong_FromLong(own->way(3));
}
""",
    ROW,
    "((laying_state *)PyModule_GetState(m))->way = lay_many;",
).replace("NULL, -1, spam_methods", "NULL, sizeof(laying_state), spam_methods")
SCENE = "import spam; print(spam.lay(), spam.lay())"


def files(spam: str, more: str = "") -> dict[str, str]:
    return {"spam.c": spam, "lay.c": LAY, "egg.h": EGG % more}


@pytest.mark.parametrize("stage", Stage, ids=lambda each: each.label)
def test_the_name_is_declared_in_front_of_what_points_to_it(stage: Stage, tmp_path: Path) -> None:
    outcome = migrated(files(module(CODE, ROW, "")))
    assert outcome.refusals == []
    assert output(compiled(outcome, stage, tmp_path), SCENE) == "3 6"
    egg = text_of(outcome, "egg.h", stage)
    assert "typedef struct spam_state spam_state;" in egg
    assert "spam_state.h" not in egg


def test_the_struct_has_the_name_as_its_tag() -> None:
    header = migrated(files(module(CODE, ROW, ""))).texts[Stage.ISOLATED]["spam_state.h"].decode()
    assert '#include "egg.h"' in header
    assert "struct spam_state {\n    nest_t nest;\n    int laid;\n};" in header


def test_a_struct_that_the_module_has_already(tmp_path: Path) -> None:
    outcome = migrated(files(OWN))
    assert outcome.refusals == []
    header = outcome.texts[Stage.ISOLATED]["laying_state.h"].decode()
    assert "struct laying_state {\n\tlaying way;\n\tint laid;\n};" in header
    assert "typedef struct laying_state laying_state;" in text_of(outcome, "egg.h")
    assert output(compiled(outcome, Stage.ISOLATED, tmp_path), SCENE) == "3 6"


def test_code_in_such_a_header_needs_the_whole_struct() -> None:
    inline = "static inline int\nlay_one(void)\n{\n    return lay_many(1);\n}\n"
    code = files(module(CODE, ROW, ""), f"int lay_many(int count);\n{inline}")
    assert Reason.LAYOUT in reasons(migrated(code))


def test_an_own_struct_of_private_types_stays_alone() -> None:
    private = OWN.replace("    laying way;", "    nest_t *nest;").replace(
        "typedef struct {\n\tlaying",
        "typedef struct {\n    int hay;\n} straw_t;\n\n"
        "typedef struct {\n\tstraw_t *straw;\n\tlaying",
    )
    outcome = migrated(files(private))
    assert reasons(outcome) == {Reason.LAYOUT}
    assert "static int laid;" in text_of(outcome, "lay.c", Stage.ACCESS)
