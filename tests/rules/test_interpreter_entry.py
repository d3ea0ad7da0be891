"""Callbacks that a thread of a library runs enter the interpreter that they belong to."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, text_of

from isolate_ext.engine import Stage
from isolate_ext_rules.interpreter_entry import THREADED

LIBRARY = """
#include <pthread.h>
struct source { int (*read)(struct source *, int); };
static void *run(void *from)
{
    return (void *)(long)((struct source *)from)->read(from, 1);
}
int library_copy(struct source *from)
{
    pthread_t thread;
    if (from->read(from, 0) < 0 || pthread_create(&thread, NULL, run, from)) {
        return -1;
    }
    return pthread_join(thread, NULL);
}
"""
CODE = THREADED.replace(
    "    if (library_copy(&from.base) < 0) {",
    "    int done;\n    Py_BEGIN_ALLOW_THREADS\n    done = library_copy(&from.base);\n"
    "    Py_END_ALLOW_THREADS\n    if (done < 0) {",
)
CALLS = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import spam, threading
local = threading.local()
local.mark = 'kept'
def called(number):
    where = interpreters.get_current()
    print(int(where[0] if isinstance(where, tuple) else where), number,
          getattr(local, 'mark', 'other'), flush=True)
spam.copy(called)
"""
ELSEWHERE = """
try:
    import _interpreters as interpreters
    inner = interpreters.create('legacy')
    run = interpreters.exec
except ImportError:
    import _xxsubinterpreters as interpreters
    inner = interpreters.create(isolated=False)
    run = interpreters.run_string
run(inner, %r)
"""


@pytest.fixture
def library(tmp_path: Path) -> str:
    path = tmp_path / "library.c"
    path.write_text(LIBRARY)
    return str(path)


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage(stage: Stage, tmp_path: Path, library: str) -> None:
    built = compiled(migrated(CODE), stage, tmp_path, library)
    assert output(built, CALLS) == "0 0 kept\n0 1 other"


def test_a_subinterpreter_is_entered_again(tmp_path: Path, library: str) -> None:
    built = compiled(migrated(CODE), Stage.ISOLATED, tmp_path, library)
    assert output(built, ELSEWHERE % CALLS) in ("1 0 kept\n1 1 other", "1 0 other\n1 1 other")


MACROS = CODE.replace(
    "    PyGILState_STATE gstate = PyGILState_Ensure();\n", "    ENTER\n"
).replace("    PyGILState_Release(gstate);\n", "    LEAVE\n").replace(
    "typedef struct source {",
    "#define ENTER PyGILState_STATE gstate = PyGILState_Ensure();\n"
    "#define LEAVE PyGILState_Release(gstate);\n\ntypedef struct source {",
)  # fmt: skip


def test_macros_take_the_interpreter(tmp_path: Path, library: str) -> None:
    outcome = migrated(MACROS)
    text = text_of(outcome)
    assert "#define ENTER(interp) spam_thread gstate = enter_spam_interpreter(interp);" in text
    assert "    ENTER(self->interp)\n" in text
    built = compiled(outcome, Stage.ISOLATED, tmp_path, library)
    assert output(built, CALLS) == "0 0 kept\n0 1 other"


def test_macros_that_others_use_too_stay() -> None:
    other = MACROS.replace(
        "static PyObject *\nspam_copy",
        "void\nspam_other(void)\n{\n    ENTER\n    PyErr_Clear();\n    LEAVE\n}\n\n"
        "static PyObject *\nspam_copy",
    )
    outcome = migrated(other)
    assert "PyGILState_Ensure();" in text_of(outcome)
    assert any("enters the interpreter" in each.message for each in outcome.notes)


def test_a_struct_filled_in_without_the_gil_records_nothing() -> None:
    late = CODE.replace("    init_source(&from, file);\n", "").replace(
        "    done = library_copy", "    init_source(&from, file);\n    done = library_copy"
    )
    outcome = migrated(late)
    assert "PyGILState_Ensure();" in text_of(outcome)
