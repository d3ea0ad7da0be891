"""A new header for the state: what it includes, and what it must not read twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, reasons

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import module

SPAM = module(
    '%s#include "egg.h"\n\nstatic egg_t egg;\n\nint egg_lay(void);\n\n'
    "static PyObject *\nspam_lay(PyObject *self, PyObject *args)\n"
    "{\n    egg.fresh = egg_lay();\n    return PyLong_FromLong(egg.fresh);\n}\n",
    '{"lay", spam_lay, METH_NOARGS, NULL},',
    "",
)
LAY = """%s#include <%s>

static %s laid;

int
egg_lay(void)
{
    laid = !laid;
    return laid;
}
"""
ONCE = "typedef struct {\n    int fresh;\n} egg_t;\n"
GUARDED = f"#ifndef EGG_H\n#define EGG_H\n{ONCE}#endif\n"
PRAGMA = f"#pragma once\n{ONCE}"
BROKEN = f"#ifndef EGG_H\n{ONCE}#endif\n"


def files(header: str, lay: str, *, everywhere: bool = True) -> dict[str, str]:
    first = '#include <Python.h>\n#include "egg.h"\n' if everywhere else "#include <Python.h>\n"
    return {"spam.c": SPAM % "", "lay.c": LAY % (first, *lay.split()), "egg.h": header}


@pytest.mark.parametrize("header", [GUARDED, PRAGMA, ONCE, BROKEN])
def test_headers_are_read_as_often_as_they_may(header: str, tmp_path: Path) -> None:
    outcome = migrated(files(header, "stdbool.h bool"))
    assert not outcome.refusals
    compiled(outcome, Stage.STATE, tmp_path)
    compiled(outcome, Stage.ISOLATED, tmp_path)


@pytest.mark.parametrize("lay", ["stdbool.h bool", "pthread.h pthread_key_t", "zlib.h z_off_t"])
def test_headers_of_others(lay: str, tmp_path: Path) -> None:
    outcome = migrated(files(GUARDED, lay, everywhere=False))
    assert not outcome.refusals
    assert f"#include <{lay.split()[0]}>" in outcome.texts[Stage.ISOLATED]["spam_state.h"].decode()


def test_a_header_without_a_guard_that_one_source_lacks() -> None:
    outcome = migrated(files(BROKEN, "stdbool.h bool", everywhere=False))
    assert Reason.LAYOUT in reasons(outcome)
