"""Initial values of what moves, said where the module is executed."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, migrated, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import module

SPAM = module(
    "int egg_lay(void);\n\nstatic PyObject *\nspam_lay(PyObject *self, PyObject *args)\n"
    "{\n    return PyLong_FromLong(egg_lay());\n}\n",
    '{"lay", spam_lay, METH_NOARGS, NULL},',
    "",
)
EGG = """#ifndef EGG_H
#define EGG_H
typedef struct {
    int (*lay)(void);
    int *last;
} egg_t;
#endif
"""
LAY = """#include <Python.h>
#include "egg.h"

%s

static egg_t egg = {%s};

int
egg_lay(void)
{
    egg.last = NULL;
    return egg.lay == NULL ? 0 : egg.lay();
}
"""
FUNCTION = "int\nfirst(void)\n{\n    return 1;\n}"
FILES = {"egg.h": EGG, "spam.c": SPAM.replace("int egg_lay", '#include "egg.h"\nint egg_lay')}


@pytest.mark.parametrize(
    ("before", "value"),
    [
        (f"static {FUNCTION}", "first, NULL"),
        (FUNCTION, "first, NULL"),
        ("static int number;", "NULL, &number"),
        ("#define NUMBER ((int *)16)", "NULL, NUMBER"),
    ],
)
def test_what_only_another_file_names(before: str, value: str) -> None:
    outcome = migrated({**FILES, "lay.c": LAY % (before, value)})
    assert Reason.FILE_SCOPE_USE in reasons(outcome)
    assert "static egg_t egg = {" in text_of(outcome, "lay.c", Stage.ACCESS)


def test_what_a_header_declares(tmp_path: Path) -> None:
    header = EGG.replace("#endif", "int first(void);\n#endif")
    outcome = migrated({**FILES, "egg.h": header, "lay.c": LAY % (FUNCTION, "first, NULL")})
    assert not outcome.refusals
    behaves(outcome, tmp_path, "import spam; print(spam.lay())", "1")
